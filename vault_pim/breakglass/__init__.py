"""Cutting a connector at its PIM while Vault is sealed or gone, from an encrypted bundle made beforehand.

Needs no Vault and no configuration, and imports nothing that does.
"""
