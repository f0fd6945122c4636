"""Whether Vault or a PIM answers, said once and then at growing intervals.

One for Vault and one for each PIM, kept by `board.py`, told by `worker.py` and `fleet.py`. Asks nobody itself.
"""

import logging
import threading
from datetime import datetime

from vault_pim.domain.errors import VaultPimError

logger = logging.getLogger(__name__)


class Link:
    """How one other side answers. Safe to use from many threads.

    Args:
        name: as people call it: `Vault`, `PIM prod`.

    Attributes:
        up: whether the last try was answered as it should be; None before the first.
        said: what went wrong, or what is known of the other side.
        since: when `up` last changed.
    """

    def __init__(self, name: str, pim: str | None = None) -> None:
        self.name = name
        self.up: bool | None = None
        self.said = "not asked yet"
        self.since: datetime | None = None
        self._pim = pim
        self._tries = 0
        self._lock = threading.Lock()

    def answered(self, now: datetime, said: str = "answers") -> None:
        """It did; worth a line only after it did not."""
        with self._lock:
            tries, self._tries = self._tries, 0
            self._turn(True, said, now)
        if tries:
            logger.info("%s answers again", self.name, extra={"pim": self._pim, "tries": tries})

    def failed(self, error: VaultPimError, now: datetime) -> None:
        """It did not, or said no. The 1st, 2nd, 4th, 8th ... time in a row is worth a line."""
        with self._lock:
            self._tries += 1
            tries = self._tries
            self._turn(False, f"{error.what}: {error.why}" if error.why else error.what, now)
        if tries & (tries - 1) == 0:
            known = {"pim": self._pim, "tries": tries, "why": error.why, "advice": error.advice}
            logger.warning("%s: %s", self.name, error.what, extra=known)

    def _turn(self, up: bool, said: str, now: datetime) -> None:
        if up is not self.up:
            self.since = now
        self.up, self.said = up, said
