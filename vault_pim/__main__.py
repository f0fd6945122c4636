"""`vault-pim`, and `python -m vault_pim`: `exec` by its own short way, everything else by the command line."""

import sys


def main() -> int:
    """Run the command that this process was given."""
    if sys.argv[1:2] == ["exec"]:
        from vault_pim.cli.exec import main as run  # noqa: PLC0415 - loads nothing that it does not need

        return run(sys.argv[2:])
    from vault_pim.cli.main import main as command_line  # noqa: PLC0415

    return command_line()


if __name__ == "__main__":
    sys.exit(main())
