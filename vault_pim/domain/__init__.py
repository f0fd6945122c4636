"""The nouns of vault-pim: frozen values and their invariants. Says nothing about how anything is done."""
