"""A connector with many threads that call the PIM without pause, by the SDK; failed calls are kept with their time."""

import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

import requests

from vault_pim.client import CredentialSource, PimAuth
from vault_pim.vault.address import VaultAddress

CHANNELS = "/api/rest/v1/channels"
LONGEST_CALL = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A call that failed; times of the monotonic clock."""

    began: float
    ended: float
    what: str


@dataclass(slots=True)
class Tally:
    """What happened so far; `longest` is the longest time between two answers, in seconds."""

    calls: int = 0
    longest: float = 0.0
    failures: list[Failure] = field(default_factory=list)


class BusyConnector:
    """One connector; `with` it, its threads call.

    Args:
        vault: Vault and its login there.
    """

    def __init__(self, name: str, vault: VaultAddress, threads: int = 16) -> None:
        self.source = CredentialSource(name, vault, refresh=timedelta(seconds=1))
        self.auth = PimAuth(self.source)
        self.tally = Tally()
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._answered_at = time.monotonic()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]

    def __enter__(self) -> Self:
        self.source.current()
        self._answered_at = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(LONGEST_CALL)
        self.source.close()

    def go_on(self, calls: int) -> None:
        """Wait until it has made so many calls more."""
        end = time.monotonic() + LONGEST_CALL
        goal = self.tally.calls + calls
        while self.tally.calls < goal and time.monotonic() < end:
            self._stop.wait(0.01)

    def _work(self) -> None:
        with requests.Session() as session:
            session.auth, session.trust_env = self.auth, False
            while not self._stop.is_set():
                began, what = time.monotonic(), ""
                try:
                    answer = session.get(self.source.current().base_url + CHANNELS, timeout=LONGEST_CALL)
                    what = "" if answer.ok else f"status {answer.status_code}"
                except Exception as error:  # noqa: BLE001 - whatever a program would have been told
                    what = type(error).__name__
                self._note(began, what)

    def _note(self, began: float, what: str) -> None:
        now = time.monotonic()
        with self._lock:
            self.tally.calls += 1
            if what:
                self.tally.failures.append(Failure(began=began, ended=now, what=what))
            else:
                self.tally.longest = max(self.tally.longest, now - self._answered_at)
                self._answered_at = now
        if what:
            self._stop.wait(0.05)
