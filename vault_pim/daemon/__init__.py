"""Time passing: wake the engine, end in good order, tell how things stand. Knows no PIM and no Vault of its own."""
