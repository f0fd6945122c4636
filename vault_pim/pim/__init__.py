"""The PIM: speaks to one PIM mechanism, and translates its answers and errors. Knows nothing of Vault or of time."""
