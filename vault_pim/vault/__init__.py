"""Speaks to Vault or OpenBao: the store of credential sets and state records, and the connectors' access to it."""
