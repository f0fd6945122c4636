"""The command line `vault-pim`: global options, and the one place where errors become words and exit codes.

Called by the console script. Commands raise; only this module decides what is printed about it.
"""

import json
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from vault_pim import __version__
from vault_pim.cli.commands import CommandTable
from vault_pim.cli.errors import tell
from vault_pim.cli.invocation import ConfigOption, Invocation, VerboseOption
from vault_pim.domain.errors import ConfigurationError, VaultPimError

PROGRAM = "vault-pim"
FAILED = 1
WRONG_CALL = ConfigurationError.exit_code
INTERRUPTED = 130  # as shells name a process ended by SIGINT
TRACEBACKS = 2

app = typer.Typer(
    name=PROGRAM,
    cls=CommandTable,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    epilog="Exit codes: 0 done, 1 failed, 2 due or a finding, 3 wrong configuration or call, 4 no answer, 5 run again.",
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


@app.callback()
def start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    config: ConfigOption = None,
    verbose: VerboseOption = 0,
) -> None:
    """One credential set per Akeneo PIM connector: issued, verified, kept in Vault, rotated, revoked with proof."""
    del version, config, verbose
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(WRONG_CALL)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: what follows the program's name; by default what this process was given.

    Returns:
        The exit code (docs/reference/commands.md, "Exit codes").
    """
    given = Invocation()
    try:
        outcome = typer.main.get_command(app).main(arguments, prog_name=PROGRAM, standalone_mode=False, obj=given)
        sys.stdout.flush()
    except VaultPimError as error:
        return _report(given, error, error.what, error.why, error.advice, error.exit_code)
    except typer.TyperException as error:
        what = " ".join(error.format_message().split())  # some of its messages are spread over lines
        return _report(given, error, what, "", _usage_advice(error), WRONG_CALL)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; nothing more can be said there, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:  # noqa: BLE001 - the last door: nothing leaves as a traceback
        what = f"unexpected {type(error).__name__} in {_origin(error)}"
        return _report(given, error, what, "this is a bug of vault-pim", VaultPimError.default_advice, FAILED)
    return outcome if isinstance(outcome, int) else 0


def _report(given: Invocation, error: Exception, what: str, why: str, advice: str, exit_code: int) -> int:
    if given.verbosity >= TRACEBACKS:
        print(*_traceback(error), sep="", end="", file=sys.stderr)  # noqa: T201 - for people
    from vault_pim.cli.outcomes import error_json  # noqa: PLC0415 - not needed where all is well

    if given.as_json:
        failure = error_json(what=what, why=why, advice=advice, exit_code=exit_code)
        print(json.dumps({"error": failure}, indent=2))  # noqa: T201 - the one place where errors are printed
    tell(what, why, advice)
    return exit_code


def _traceback(error: BaseException) -> Iterator[str]:
    """Where an error and its causes came from; the texts of ours alone, since those of others could hold anything."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield from _traceback(cause)
        yield "\nand then:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    text = f": {error}" if isinstance(error, VaultPimError) else ""
    yield f"{type(error).__qualname__}{text}\n"


def _usage_advice(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else PROGRAM
    return f"See `{path} --help`."


def _origin(error: Exception) -> str:
    """The innermost line of ours that the error passed through. Its own text could hold anything and is not shown."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "vault_pim" in frame.filename]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "a library"
