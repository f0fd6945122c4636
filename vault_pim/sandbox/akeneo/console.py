"""The PIM's console: from a command line to what a command leaves behind.

Run by the control endpoint on behalf of `pim_console`. How an uncaught error is shown, and with which exit status, is a
column of the release (by-release.md §1.1, observed-older.md §1).
"""

from vault_pim.sandbox.akeneo import console_accounts, console_clients, console_input, console_texts
from vault_pim.sandbox.akeneo.console_base import FAILURE, UNCAUGHT, Command, Result, UncaughtError
from vault_pim.sandbox.akeneo.console_input import UsageError
from vault_pim.sandbox.akeneo.pim import Pim
from vault_pim.sandbox.akeneo.traits import ConsoleTraits


def run(pim: Pim, tokens: list[str], answer: str | None = None, *, terminal: bool = False) -> Result:
    """Run one command line.

    Args:
        answer: what was answered to the question of an earlier run of the same line; empty for none.
        terminal: whether the question can reach a person; where it cannot, older consoles do not ask.
    """
    traits = pim.release.console
    switched_on, name = console_input.switches(tokens), console_input.command_name(tokens)
    helped = name in ("", "help", "list")
    if helped:
        name = console_input.command_name([token for token in tokens if token not in ("help", "list")])
    commands = _commands(traits)
    if helped and not name:
        listed = "Available commands:\n" + "".join(f"  {known}\n" for known in commands)
        return Result(stdout=f"{traits.version}\n" if "version" in switched_on else listed)
    if name not in commands:
        return Result(exit=FAILURE, stderr=console_texts.not_defined_box(name, list(commands), traits))
    command = commands[name]
    if helped or "help" in switched_on:
        return Result(stdout=console_texts.help_text(name, command.syntax))
    result = _run(pim, name, tokens, command, answer, terminal=terminal)
    return Result(exit=result.exit, stderr=result.stderr) if "quiet" in switched_on else result


def _run(pim: Pim, name: str, tokens: list[str], command: Command, answer: str | None, *, terminal: bool) -> Result:
    traits = pim.release.console
    try:
        given = console_input.read(name, tokens, command.syntax, traits)
        if not terminal and not traits.asks_pipes:
            given.switched_on.add("no-interaction")
        return command.run(pim, given, answer)
    except UsageError as no:
        return _uncaught(pim, name, tokens, command, UncaughtError(traits.usage_kind, str(no)))
    except UncaughtError as no:
        return _uncaught(pim, name, tokens, command, no)


def _commands(traits: ConsoleTraits) -> dict[str, Command]:
    known = console_clients.commands(traits) | console_accounts.commands(traits)
    return {name: known[name] for name in sorted(traits.commands)}


def _uncaught(pim: Pim, name: str, tokens: list[str], command: Command, error: UncaughtError) -> Result:
    traits, first = pim.release.console, error.thrown[0]
    stdout, stderr = error.asked
    if traits.log_level:
        line = console_input.shown(name, tokens)
        stderr += console_texts.log_line(pim.clock.now(), traits.log_level, line, first.kind, first.message)
    if traits.error_style == "line":
        return Result(exit=UNCAUGHT, stdout=stdout, stderr=stderr)
    boxes = (console_texts.thrown_box(one.kind, one.message, one.file, traits) for one in error.thrown)
    stderr += "".join(boxes) + console_texts.synopsis(name, command.syntax, traits) + "\n\n"
    return Result(exit=error.code, stdout=stdout, stderr=stderr)
