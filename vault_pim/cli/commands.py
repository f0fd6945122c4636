"""The table of commands, and the group that imports a command only when it is called.

A new command is one file and one line here. Help and completion of `vault-pim` itself read this table alone, which
keeps them quick. Used by `main.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

SET_UP = "Set up"
OPERATE = "Operate"
RESPOND = "Respond"
CONNECT = "For connectors"
TRY = "Try out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One command or command group.

    Attributes:
        target: `module:name` of a function, or of a `typer.Typer` for a group or for special settings.
        help: its line in `vault-pim --help`, where it must fit beside its name; its own help says more.
    """

    target: str
    help: str
    panel: str

    def load(self, name: str) -> Any:
        """Import the command and make it ready to be called."""
        module, _, attribute = self.target.partition(":")
        target = getattr(import_module(module), attribute)
        if not isinstance(target, typer.Typer):
            function, target = target, typer.Typer(add_completion=False)
            target.command(name)(function)
        command = typer.main.get_command(target)
        command.name = name
        return command


COMMANDS: dict[str, Entry] = {
    "setup": Entry(
        target="vault_pim.cli.setup:setup", help="Make or update what vault-pim needs in Vault.", panel=SET_UP
    ),
    "doctor": Entry(
        target="vault_pim.cli.doctor:doctor", help="Check reachability, rights, slots and clocks.", panel=SET_UP
    ),
    "config": Entry(
        target="vault_pim.cli.config:app", help="Check the configuration; print its JSON Schema.", panel=SET_UP
    ),
    "plan": Entry(target="vault_pim.cli.passes:plan", help="Show the next step of each connector.", panel=OPERATE),
    "apply": Entry(target="vault_pim.cli.passes:apply", help="Do what is due until nothing is.", panel=OPERATE),
    "daemon": Entry(target="vault_pim.cli.daemon:daemon", help="Do what is due, for ever, on schedule.", panel=OPERATE),
    "status": Entry(target="vault_pim.cli.status:status", help="Show where each connector stands.", panel=OPERATE),
    "rotate": Entry(target="vault_pim.cli.passes:rotate", help="Make a new generation now.", panel=OPERATE),
    "revoke": Entry(target="vault_pim.cli.revoke:revoke", help="Cut a connector off, with proof.", panel=RESPOND),
    "prove": Entry(
        target="vault_pim.cli.prove:prove", help="Show that each set opens its own door alone.", panel=RESPOND
    ),
    "identify": Entry(target="vault_pim.cli.identify:identify", help="Find whose a leaked value is.", panel=RESPOND),
    "breakglass": Entry(
        target="vault_pim.cli.breakglass:app", help="For the day on which Vault is gone.", panel=RESPOND
    ),
    "incident": Entry(target="vault_pim.cli.incident:app", help="Show and export what was done.", panel=RESPOND),
    "audit": Entry(target="vault_pim.cli.audit:app", help="Check logs and records; print the key.", panel=RESPOND),
    "bootstrap": Entry(
        target="vault_pim.cli.bootstrap:bootstrap", help="Give a connector its first login, once.", panel=CONNECT
    ),
    "get": Entry(target="vault_pim.cli.get:get", help="Print the set a connector is served.", panel=CONNECT),
    "exec": Entry(
        target="vault_pim.cli.exec_command:app", help="Run a program with its credential set.", panel=CONNECT
    ),
    "sandbox": Entry(target="vault_pim.cli.sandbox:app", help="OpenBao and a PIM to play with.", panel=TRY),
    "demo": Entry(target="vault_pim.cli.demo:demo", help="See the main job in a minute.", panel=TRY),
}


class CommandTable(TyperGroup):
    """`vault-pim` itself. Lists every command from the table, imports the one that is called."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, entry in COMMANDS.items():
            self.commands[name] = TyperCommand(name, help=entry.help, rich_help_panel=entry.panel)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that the arguments name, imported, and taking the global options too."""
        name, listed, rest = super().resolve_command(ctx, args)
        if name is None or listed is None:
            return name, listed, rest
        command = COMMANDS[name].load(name)
        _extend(command, [one for one in self.params if not one.expose_value and one.name in {"config", "verbose"}])
        return name, command, rest


def _extend(command: Any, options: Sequence[Any]) -> None:
    command.params.extend(options)
    for inner in getattr(command, "commands", {}).values():
        _extend(inner, options)
