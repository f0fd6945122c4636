"""The transport to a PIM's console: runs one command and gives back what it printed.

Used by `clients`. Starts the program itself, never a shell, with our words behind the configured ones, in a process
group of its own that is killed whole when the time is over. No secret may stand among the words: anyone on the machine
can read them. Judges nothing but silence: a console's exit status says little (contracts/akeneo/by-release.md §1.1), so
callers decide by the text; what goes into a message is redacted here.
"""

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePath
from typing import Final

from vault_pim.domain.errors import ConfigurationError, PimNoAnswer, PimRefusal, UnknownShape, VaultPimError

CONSOLE_TIMEOUT: Final = timedelta(seconds=60)

_OURS: Final = ("--env=prod", "--no-ansi", "-n")  # never -q: a client is made, and its secret is lost (§1)
_REAP_SECONDS: Final = 5
_INHERITED: Final = frozenset(
    ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "SSH_AUTH_SOCK", "KUBECONFIG", "DOCKER_HOST", "DOCKER_CONFIG")
)
"""What ssh, docker and kubectl need; the rest of our environment, Vault's among it, is no business of theirs."""

_LONGEST_MESSAGE: Final = 200
_COMMAND_LINE = re.compile(r'(?<=running command ")(?:\\.|[^"\\])*')
_NAMED = re.compile(r"\b(secret|password)\b([\"']?\s*[:=]?\s*[\"']?)[^\s\"',]+", re.IGNORECASE)
_RANDOM = re.compile(r"(?<![0-9A-Za-z_])(?=[A-Za-z_]*\d)[0-9A-Za-z_]{16,}")
_OTHER_RELEASE: Final = (
    "option does not exist", "Too many arguments", "Not enough arguments", "is not defined",
    "There are no commands defined",
)  # fmt: skip
_NO_SCRIPT = re.compile(r"^Could not open input file: \S+", re.MULTILINE)
_NO_DATABASE: Final = "SQLSTATE[HY000]"
_SYMFONY = re.compile(r"Error thrown while running command|^\s*\[[\w\\]+\]\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What a command printed. It may hold secrets, so it is not shown.

    Attributes:
        command: its name, for messages.
    """

    command: str
    exit: int
    stdout: str = field(repr=False)
    stderr: str = field(repr=False)

    @property
    def message(self) -> str:
        """Its first words about what went wrong, shortened, without secrets. Standard output is full of secrets, so
        nothing of it is shown, but for what PHP says of a wrong path."""
        if no_script := _NO_SCRIPT.search(self.stdout):
            return no_script[0]
        lines = (line.strip() for line in redacted(self.stderr).splitlines())
        return next((line[:_LONGEST_MESSAGE] for line in lines if line), "it gave no reason")


class Console:
    """The console of one PIM; safe to use from many threads.

    Args:
        pim: its name in the configuration, for messages.
        command: the program that runs the console, and its first arguments, such as `ssh pim@host php bin/console`.
        timeout: how long one command may take.

    Raises:
        ConfigurationError: the command is empty.
    """

    def __init__(self, pim: str, command: Sequence[str], *, timeout: timedelta = CONSOLE_TIMEOUT) -> None:
        if not command:
            raise ConfigurationError(f"the console command of PIM {pim} is empty")
        self.pim = pim
        self._command = tuple(command)
        self._timeout = timeout

    def run(self, command: str, *arguments: str) -> Printed:
        """Run one command and wait for its end.

        Args:
            command: such as `pim:oauth-server:list-clients`.
            arguments: none of them secret.

        Raises:
            ConfigurationError: the program is not there, or may not be started; nothing was done.
            PimNoAnswer: it did not end in time, so nothing is known about the outcome.
        """
        words = [command, *arguments, *_OURS]
        if PurePath(self._command[0]).name == "ssh":  # joins its words and gives them to a shell on the other side
            words = [shlex.quote(word) for word in words]
        try:
            process = subprocess.Popen(
                [*self._command, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={name: value for name, value in os.environ.items() if name in _INHERITED},
                start_new_session=True,
            )
        except OSError as error:
            raise ConfigurationError(
                f"the console of PIM {self.pim} cannot be started",
                why=f"{self._command[0]}: {error.strerror or type(error).__name__}",
                advice=f"Correct pims.{self.pim}.console.command; try it by hand with `list` as its last word.",
            ) from error
        try:
            stdout, stderr = process.communicate(timeout=self._timeout.total_seconds())
        except subprocess.TimeoutExpired:
            pass  # told below: this exception keeps what was printed so far
        else:
            return Printed(
                command=command,
                exit=process.returncode,
                stdout=stdout.decode("utf-8", "replace"),
                stderr=stderr.decode("utf-8", "replace"),
            )
        finally:
            _kill(process)
        raise PimNoAnswer(
            f"the console of PIM {self.pim} did not answer {command}",
            why=f"it was ended after {self._timeout.total_seconds():g} s",
            advice="Try the command of pims.<name>.console by hand: it must run without asking anything.",
        )

    def failure(self, printed: Printed) -> VaultPimError:
        """The error that fits to an output without the words that mean success."""
        what = f"the console of PIM {self.pim} failed at {printed.command}"
        whole = f"{printed.stderr}\n{printed.stdout}"
        if any(words in whole for words in _OTHER_RELEASE):
            return UnknownShape(what, why=printed.message)
        if _SYMFONY.search(printed.stderr) and _NO_DATABASE not in whole:
            return PimRefusal(what, why=printed.message, advice="Look into the PIM's log, var/logs/prod.log.")
        return PimNoAnswer(
            what,
            why=f"{printed.message} (exit status {printed.exit})",
            advice=f"Try the command of pims.{self.pim}.console.command by hand, with `list` as its last word.",
        )


def redacted(text: str) -> str:
    """A console's text without what may be secret: the command line an error repeats, and random values."""
    for pattern, instead in (_COMMAND_LINE, "***"), (_NAMED, r"\1\2***"), (_RANDOM, "***"):
        text = pattern.sub(instead, text)
    return text


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the whole process group, if it is still there: ssh and php are children of what we started."""
    if process.poll() is not None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=_REAP_SECONDS)
