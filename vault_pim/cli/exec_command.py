"""`exec` as one of the commands: for `vault-pim --help`, the reference, and where global options stand before it.

Hands everything on to `exec`, which also writes its help.
"""

from typing import Any

import typer
from typer.core import TyperCommand

from vault_pim.cli.exec import main, parser


class HandsOn(TyperCommand):
    """Takes every argument as it is."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """All of them are for `exec`."""
        ctx.params["arguments"] = list(args)
        return []

    def get_help(self, ctx: Any) -> str:
        """What `exec` says of itself."""
        del ctx
        return parser().format_help().rstrip()


app = typer.Typer(add_completion=False)


@app.command("exec", cls=HandsOn)
def exec_(arguments: list[str]) -> None:
    """Run a program with the credential set of a connector."""
    raise typer.Exit(main(arguments))
