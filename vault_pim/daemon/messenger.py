"""Tells people what cannot wait until they look: each new finding, alarm and incident, by a command of theirs.

Called by `worker.py`. The command gets one JSON object on its standard input, without secrets (docs/reference/json.md,
"notification"), and must read it and end in time. No pass ever waits for it, and what fails is said in the log.
"""

import json
import logging
import os
import queue
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from vault_pim.domain.wording import clean
from vault_pim.settings.shape import NotifySettings

logger = logging.getLogger(__name__)

WAITING = 200
"""Messages that may wait for the command; more are dropped, and that is said."""
LAST_WORDS = timedelta(seconds=3)
"""How long the end of the daemon waits for them."""
AGAIN = 0.1
INHERITED = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "TZ", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"})
"""What the command finds in its environment: nothing that could be a secret of ours."""
LONGEST = 200


class Kind(StrEnum):
    """What is told."""

    FINDING = "finding"
    ALARM = "alarm"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing that a person should know.

    Attributes:
        reason: a word to decide by, as in `status`; of an incident `revocation-asked` or `proven`.
        said: the same for people.
        owner: whom the configuration names for this connector.
        incident: its name, where it is about one.
    """

    at: datetime
    kind: Kind
    connector: str
    reason: str
    said: str
    owner: str | None = None
    incident: str | None = None

    def document(self) -> bytes:
        """As the command gets it: one line."""
        fields = {
            "at": self.at.isoformat(),
            "kind": self.kind,
            "connector": self.connector,
            "owner": self.owner,
            "reason": self.reason,
            "said": clean(self.said),
            "incident": self.incident,
        }
        return (json.dumps(fields, ensure_ascii=False) + "\n").encode(errors="backslashreplace")


class Messenger:
    """Runs the command for one message after the other, in a thread of its own; without a command it tells nobody."""

    def __init__(self, settings: NotifySettings | None) -> None:
        self._settings = settings
        self._waiting: queue.Queue[Message | None] = queue.Queue(WAITING)
        self._closed = threading.Event()
        self._running: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._work, name="messenger", daemon=True)
        if settings is not None:
            self._thread.start()

    def tell(self, message: Message) -> None:
        """Have a person told; returns at once."""
        if self._settings is None:
            return
        try:
            self._waiting.put_nowait(message)
        except queue.Full:
            extra = {"connector": message.connector}
            logger.error("nobody is told: %d messages wait already", WAITING, extra=extra)  # noqa: TRY400 - no bug

    def close(self) -> None:
        """Tell what still waits, but not for long."""
        if self._settings is None:
            return
        self._say_that_it_is_over()
        self._thread.join(LAST_WORDS.total_seconds())
        if self._thread.is_alive():
            logger.error("stopped before every message was told")
            self._closed.set()
        while self._thread.is_alive():
            self._say_that_it_is_over()
            if (running := self._running) is not None:
                _kill(running)
            self._thread.join(AGAIN)

    def _say_that_it_is_over(self) -> None:
        with suppress(queue.Full):  # then it is said again, once there is room
            self._waiting.put_nowait(None)

    def _work(self) -> None:
        while (message := self._waiting.get()) is not None and not self._closed.is_set():
            if failed := self._run(message):
                extra = {"connector": message.connector, "reason": message.reason, "why": failed}
                logger.error("nobody is told: daemon.notify.command failed", extra=extra)

    def _run(self, message: Message) -> str | None:
        """Why the command failed; None if it did not."""
        assert self._settings is not None  # noqa: S101 - the thread is started only then
        limit = self._settings.timeout.total_seconds()
        try:
            self._running = subprocess.Popen(
                self._settings.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={name: value for name, value in os.environ.items() if name in INHERITED},
                start_new_session=True,
            )
        except OSError as error:
            return f"it cannot be started: {error.strerror}"
        with self._running as process:
            try:
                _, errors = process.communicate(message.document(), timeout=limit)
            except subprocess.TimeoutExpired:
                return f"it was ended after {limit:g} s"
            finally:
                _kill(process)
        if process.returncode == 0:
            return None
        said = errors.decode(errors="replace").strip().splitlines()
        return f"exit status {process.returncode}: {clean(said[0])[:LONGEST] if said else 'it gave no reason'}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End what is left of its process group, also when it has ended itself and left something behind."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
