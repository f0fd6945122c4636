"""Runs any program with a connector's credential set, and acts when the set is rotated.

Called by the `exec` command. The program gets the set in its environment, or in a file of mode 0600 that lies in
memory, and nothing of how it was got: no Vault token, no variable of ours. Signals go through to it, its exit code
comes back. Refuses to put the set on a disk, into an argument, or into a program's log.
"""

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from vault_pim.client.handing_over import variables, written
from vault_pim.client.memory_file import MemoryFile
from vault_pim.client.source import CredentialSource
from vault_pim.client.words import say
from vault_pim.domain.credentials import ServedSet
from vault_pim.domain.errors import ConfigurationError

OnRotation = Literal["restart", "signal", "leave"]
FILE_VARIABLE = "PIM_CREDENTIALS_FILE"
LOGIN = ("VAULT_TOKEN", "BAO_TOKEN", "VAULT_PIM_")
"""Variables that begin so are of our login, and not handed on."""
PASSED_ON: Final = frozenset(
    getattr(signal, f"SIG{name}") for name in ("TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "WINCH", "CONT", "ALRM")
)
WATCHED: Final = PASSED_ON | {signal.SIGCHLD}
IGNORED_BY_PYTHON: Final = frozenset({signal.SIGPIPE, signal.SIGXFSZ})
BY_THE_TERMINAL = 0x80
"""`si_code` of a signal that the kernel sent: by Ctrl-C, which reaches the program, too."""
BY_SIGNAL = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to run, and how.

    Attributes:
        file: None for the environment, else the form of the file.
        on_rotation: restart the program, send it `notify`, or leave it alone.
        stop_within: seconds between SIGTERM and SIGKILL at a restart.
    """

    command: list[str]
    file: Literal["json", "dotenv"] | None = None
    on_rotation: OnRotation = "restart"
    notify: signal.Signals = signal.SIGHUP
    stop_within: float = 10.0


def run(source: CredentialSource, order: Order, environment: Mapping[str, str] = os.environ) -> int:
    """Run the program until it ends.

    Args:
        environment: what the program gets beside the set.

    Returns:
        Its exit code, 128 and the number of the signal where one ended it.

    Raises:
        ConfigurationError: the program cannot be started, or there is no place in memory for the file.
        VaultPimError: there is no set, as `CredentialSource.current` says.
    """
    served = source.current()
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)  # from here on they wait to be asked for
    with MemoryFile() as file:
        program = _Program(order, environment, file)
        program.start(served)
        source.used_by(program)
        source.on_switch(program.rotated)
        return program.see_to_its_end()


class _Program:
    """The running program."""

    def __init__(self, order: Order, environment: Mapping[str, str], file: MemoryFile) -> None:
        self._order = order
        self._rest = {name: value for name, value in environment.items() if not name.startswith(LOGIN)}
        self._file = file
        self._pid = 0
        self._uses: int | None = None
        self._newest: ServedSet | None = None
        self._restarting = False
        self._kill_at: float | None = None
        self._told_to_end = False

    def start(self, served: ServedSet) -> None:
        """Start it with a set."""
        if self._order.file:
            self._file.write(written(served, self._order.file))
            given = {FILE_VARIABLE: str(self._file.path)}
        else:
            given = variables(served)
        name = self._order.command[0]
        try:
            # No signal is blocked there, and each does what it does to any program.
            self._pid = os.posix_spawnp(
                name, self._order.command, self._rest | given, setsigmask=(), setsigdef=WATCHED | IGNORED_BY_PYTHON
            )
        except OSError as error:
            raise ConfigurationError(
                f"{name} cannot be started", why=error.strerror or "", advice="Name a program that is there."
            ) from error
        self._uses = served.generation

    def rotated(self, former: ServedSet, newest: ServedSet) -> None:
        """A newer set is there; called in the source's thread, so only noted."""
        del former
        self._newest = newest
        os.kill(os.getpid(), signal.SIGCHLD)  # what `see_to_its_end` wakes up for

    def see_to_its_end(self) -> int:
        """Pass signals on, act on rotations, until the program ends by itself."""
        while True:
            left = 3600.0 if self._kill_at is None else max(0.0, self._kill_at - time.monotonic())
            info = signal.sigtimedwait(WATCHED, left)
            if info is None and self._kill_at is not None:
                os.kill(self._pid, signal.SIGKILL)
                self._kill_at = None
            elif info is not None and info.si_signo in PASSED_ON:
                self._told_to_end |= info.si_signo in {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}
                if info.si_code != BY_THE_TERMINAL:
                    os.kill(self._pid, info.si_signo)
            if (code := self._ended()) is not None:
                if not self._restarting or self._told_to_end or self._newest is None:
                    return code
                served, self._newest, self._restarting, self._kill_at = self._newest, None, False, None
                self.start(served)
            elif self._newest is not None and not self._restarting:
                self._act(self._newest)

    def _act(self, newest: ServedSet) -> None:
        """What was asked for when a set is rotated."""
        say("info", "generation %d: %s %s", newest.generation, self._order.on_rotation, self._order.command[0])
        if self._order.on_rotation == "restart":
            self._restarting, self._kill_at = True, time.monotonic() + self._order.stop_within
            os.kill(self._pid, signal.SIGTERM)
            return
        self._newest = None
        if self._order.file:
            self._file.write(written(newest, self._order.file))
        if self._order.on_rotation == "signal":
            os.kill(self._pid, self._order.notify)
            self._uses = newest.generation

    def _ended(self) -> int | None:
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if not pid:
            return None
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else BY_SIGNAL - code

    def switched(self) -> None:
        """As `rotated`, which comes with the set."""

    def oldest_in_use(self) -> int | None:
        """What it was started with, or told of."""
        return self._uses

    def born_again(self) -> None:
        """Nobody forks here but to start the program, which is another one."""
