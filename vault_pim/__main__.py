"""`python -m vault_pim` is `vault-pim`."""

from vault_pim.cli.main import run

if __name__ == "__main__":
    run()
