"""`exec`: run any program with a connector's credential set. Stands before every start of one, so it starts quickly.

Called by `__main__` past the command line of everything else, which takes longer to load than the set to read; and by
`exec_command`, where global options stand before it. Speaks by argparse, and in its own words alone.
"""

import argparse
import signal
from collections.abc import Sequence
from datetime import timedelta
from typing import NoReturn

from vault_pim.cli.errors import tell
from vault_pim.client.exec import Order, run
from vault_pim.client.source import REFRESH, CredentialSource
from vault_pim.domain.errors import ConfigurationError, VaultPimError
from vault_pim.domain.wording import format_duration, read_duration

WRONG_CALL = ConfigurationError.exit_code
DESCRIPTION = """\
Run a program with the credential set of a connector, and act when the set is rotated.

The program finds the set in PIM_BASE_URL, PIM_CLIENT_ID, PIM_CLIENT_SECRET, PIM_USERNAME, PIM_PASSWORD and
PIM_GENERATION; or, with --file, in a file of mode 0600 in memory that PIM_CREDENTIALS_FILE names. It gets nothing
of the login to Vault, which VAULT_ADDR and VAULT_TOKEN or VAULT_PIM_... give. Signals go through to it, and its exit
code comes back; 128 and the signal's number where one ended it."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong as every other command does."""

    def error(self, message: str) -> NoReturn:
        """The call is wrong."""
        raise ConfigurationError(message, advice="See `vault-pim exec --help`.")

    def format_help(self) -> str:
        """Begins as the help of every other command does."""
        return super().format_help().replace("usage:", "Usage:", 1)


def parser() -> Parser:
    """The options, and what stands before `--`."""
    made = Parser(
        prog="vault-pim exec",
        usage="vault-pim exec [OPTIONS] CONNECTOR -- COMMAND...",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    add = made.add_argument
    add("connector", metavar="CONNECTOR", help="<pim>/<connector>; after it, behind --, the program and its arguments")
    add("--file", choices=("json", "dotenv"), help="hand the set over in a file of that form, not in the environment")
    actions = ("restart", "signal", "leave")
    add("--on-rotation", choices=actions, default="restart", help="restart it (default), signal it, or leave it alone")
    add("--signal", metavar="NAME", type=_signal, default=signal.SIGHUP, help="which one; default HUP. Needs --file")
    default = timedelta(seconds=10)
    add("--stop-within", metavar="TIME", type=_duration, default=default, help="until SIGKILL at a restart; PT10S")
    add("--wait", metavar="TIME", type=_duration, help="give up if there is no set by then; without it, never")
    add("--refresh", metavar="TIME", type=_duration, default=REFRESH, help="how often to look for a newer set; PT1M")
    add("--mount", metavar="PATH", default="pim", help="KV v2 mount of the served sets; pim")
    add("-h", "--help", action="help", help="show this message and exit")
    return made


def main(arguments: Sequence[str]) -> int:
    """Run a program.

    Args:
        arguments: what follows `exec`.

    Returns:
        The program's exit code; 1, 3 or 4 where there was no program to run.
    """
    try:
        given = _parsed(arguments)
        settings = {"mount": given.mount, "refresh": given.refresh, "timeout": given.wait}
        with CredentialSource.from_env(given.connector, **settings) as source:
            order = Order(
                command=given.command,
                file=given.file,
                on_rotation=given.on_rotation,
                notify=given.signal,
                stop_within=given.stop_within.total_seconds(),
            )
            return run(source, order)
    except VaultPimError as error:
        tell(error.what, error.why, error.advice)
        return error.exit_code
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except SystemExit:  # --help
        return 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    ours, behind = list(arguments), [*arguments, "--"].index("--")
    given = parser().parse_args(ours[:behind], argparse.Namespace(command=ours[behind + 1 :]))
    if not given.command:
        raise ConfigurationError("there is no program to run", advice="Write it after --, as in `-- python3 app.py`.")
    if given.on_rotation == "signal" and not given.file:
        raise ConfigurationError(
            "--on-rotation signal needs --file",
            why="the environment of a running program cannot be changed",
            advice="Add --file json, or restart it.",
        )
    return given


def _duration(text: str) -> timedelta:
    length = read_duration(text)
    if length is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration; write {format_duration(timedelta(seconds=90))}")
    return length


def _signal(text: str) -> signal.Signals:
    try:
        return signal.Signals[f"SIG{text.upper().removeprefix('SIG')}"]
    except KeyError:
        raise argparse.ArgumentTypeError(f"{text!r} is no signal; write HUP, USR1, ...") from None
