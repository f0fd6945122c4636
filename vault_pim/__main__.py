"""`python -m vault_pim` is `vault-pim`."""

import sys

from vault_pim.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
