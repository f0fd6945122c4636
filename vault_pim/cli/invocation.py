"""What one call of `vault-pim` was given before its command: the configuration and how much to say.

Made by `main.py`, read by every command. Also holds the parameters that commands share, so that they are called and
completed alike everywhere.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vault_pim.settings import Settings

FINDING = 2  # exit code: something is due, or a finding
EXIT_ORDER = (3, 1, 4, 5, FINDING)
"""Of several outcomes the first of these is the command's exit code."""
GLOBAL_PANEL = "Global options"


@dataclass(slots=True)
class Invocation:
    """The global options, which may stand before or after the command; `as_json`: the command was given `--json`."""

    config: Path | None = None
    verbosity: int = 0
    as_json: bool = False

    def settings(self) -> "Settings":
        """The configuration, read now.

        Raises:
            InvalidConfiguration: it is wrong.
        """
        from vault_pim.settings import Settings  # noqa: PLC0415 - pydantic takes longer to load than help to print

        return Settings.load(self.config)


def worst(codes: Iterable[int]) -> int:
    """The exit code of a command that did several things; 0 if all went well."""
    found = set(codes)
    return next((code for code in EXIT_ORDER if code in found), 0)


def invocation(context: typer.Context) -> Invocation:
    """What this call was given."""
    found = context.find_root().obj
    assert isinstance(found, Invocation)  # noqa: S101 - main.py puts it there
    return found


def _set_config(context: typer.Context, value: Path | None) -> None:
    if value is not None:
        invocation(context).config = value


def _set_json(context: typer.Context, value: bool) -> bool:
    invocation(context).as_json |= value
    return value


def _add_verbosity(context: typer.Context, value: int) -> None:
    if value:
        given = invocation(context)
        given.verbosity += value
        logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")  # to stderr; other libraries stay at WARNING
        logging.getLogger("vault_pim").setLevel(logging.INFO if given.verbosity == 1 else logging.DEBUG)


def _complete_connector(context: typer.Context, incomplete: str) -> Iterator[str]:
    from vault_pim.domain.errors import VaultPimError  # noqa: PLC0415 - as above
    from vault_pim.settings import configuration_path  # noqa: PLC0415
    from vault_pim.settings.document import read_document  # noqa: PLC0415

    try:
        declared = read_document(configuration_path(invocation(context).config)).data.get("connectors")
    except VaultPimError:
        return  # the command itself will say what is wrong
    for key, connector in declared.items() if isinstance(declared, dict) else ():
        pim = connector.get("pim") if isinstance(connector, dict) else None
        for name in (key, f"{pim}/{key}") if pim and "/" not in key else (key,):
            if name.startswith(incomplete):
                yield name


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="PATH",
        callback=_set_config,
        expose_value=False,
        rich_help_panel=GLOBAL_PANEL,
        help="Configuration file. Default: $VAULT_PIM_CONFIG, else config/vault-pim.yaml.",
    ),
]
VerboseOption = Annotated[
    int,
    typer.Option(
        "--verbose",
        "-v",
        count=True,
        metavar="",
        show_default=False,
        callback=_add_verbosity,
        expose_value=False,
        rich_help_panel=GLOBAL_PANEL,
        help="Say what is done; -vv also shows tracebacks.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", callback=_set_json, help="Print one JSON object on stdout.")]
ConnectorName = Annotated[
    str,
    typer.Argument(metavar="CONNECTOR", autocompletion=_complete_connector, help="<pim>/<connector> or <connector>."),
]
ConnectorNames = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CONNECTOR",
        autocompletion=_complete_connector,
        help="<pim>/<connector> or <connector>. Default: all.",
    ),
]
