"""The PIM's console: from a command line to what a command leaves behind.

Run by the control endpoint on behalf of `pim_console`. As in a PIM's `prod` environment an uncaught error is exit
status 255 and one log line with the whole command line (by-release.md §1.1).
"""

from vault_pim.sandbox.akeneo import console_input
from vault_pim.sandbox.akeneo.console_commands import COMMANDS, FAILURE, UNCAUGHT, Result, UncaughtError
from vault_pim.sandbox.akeneo.console_input import UsageError
from vault_pim.sandbox.akeneo.console_texts import critical_line, help_text, not_defined_box
from vault_pim.sandbox.akeneo.pim import Pim


def run(pim: Pim, tokens: list[str], answer: str | None = None) -> Result:
    """Run one command line.

    Args:
        answer: what was answered to the question of an earlier run of the same line; empty for none.
    """
    switched_on, name = console_input.switches(tokens), console_input.command_name(tokens)
    if not name and "version" in switched_on:
        version = pim.release.console_version
        return Result(stdout=f"{version} (env: prod, debug: false) #StandWithUkraine https://sf.to/ukraine\n")
    helped = name in ("", "help", "list")
    if helped:
        name = console_input.command_name([token for token in tokens if token not in ("help", "list")])
    commands = {known: COMMANDS[known] for known in sorted(pim.release.commands)}
    if helped and not name:
        return Result(stdout="Available commands:\n" + "".join(f"  {known}\n" for known in commands))
    if name not in commands:
        return Result(exit=FAILURE, stderr=not_defined_box(name, list(commands)))
    command = commands[name]
    if helped or "help" in switched_on:
        return Result(stdout=help_text(name, command.syntax))
    try:
        result = command.run(pim, console_input.read(name, tokens, command.syntax), answer)
    except UsageError as no:
        uncaught = UncaughtError(r"Symfony\Component\Console\Exception\RuntimeException", str(no))
    except UncaughtError as no:
        uncaught = no
    else:
        return Result(exit=result.exit, stderr=result.stderr) if "quiet" in switched_on else result
    line = critical_line(pim.clock.now(), console_input.shown(name, tokens), uncaught.kind, str(uncaught))
    return Result(exit=UNCAUGHT, stderr=line)
