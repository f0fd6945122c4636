"""The thread of a source: looks for newer sets now and then, and tells vault-pim which generation is in use.

Called by `source`, which does the looking. Refuses to keep a process from ending.
"""

import signal
import threading
import time
from typing import Protocol

from vault_pim.client.readers import Reader

SOON = 1.0
"""Seconds between two looks at what is in use while somebody moves on to a newer set."""
LONGEST_REST = 600.0
"""Seconds after which it is seen whether vault-pim must be told again."""
JITTER = 0.2
"""Share of the refresh interval by which each pause differs, so that many connectors do not come together."""


class Watched(Protocol):
    """A source, as seen from here."""

    def look_quietly(self) -> object:
        """Read a newer set if there is one."""

    def in_use(self) -> tuple[int, int] | None:
        """The oldest and the newest generation in use; None while nobody works with any."""


def watch(source: Watched, reader: Reader | None, refresh: float, closed: threading.Event, name: str) -> None:
    """Begin to look every `refresh` seconds, and to tell by `reader`, until closed."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # signals are for the program's own threads
    try:
        threading.Thread(target=_work, args=(source, reader, refresh, closed), name=name, daemon=True).start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _work(source: Watched, reader: Reader | None, refresh: float, closed: threading.Event) -> None:
    from random import uniform  # noqa: PLC0415 - not needed where a program ends at once

    look_at = time.monotonic() + refresh * uniform(1 - JITTER, 1)  # noqa: S311 - no secret
    while True:
        used = source.in_use()
        moving = reader is not None and used is not None and not reader.said(*used)
        rest = min(LONGEST_REST, max(0.0, look_at - time.monotonic()))
        if closed.wait(min(SOON, rest) if moving else rest):
            return
        if time.monotonic() >= look_at:
            source.look_quietly()
            look_at = time.monotonic() + refresh * uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
        if reader is not None and (used := source.in_use()) is not None:
            reader.says(used[0])
