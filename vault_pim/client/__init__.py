"""The connector's side: a credential set from Vault, kept up to date."""
