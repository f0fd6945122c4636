"""The daemon as a whole: the configuration in force, a reload, the end, and whether all is well.

Driven by `process.py`; knows no signal and no socket, so that any number of services may run in one process.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta

from vault_pim.assembly import Installation, assemble
from vault_pim.daemon.board import Board
from vault_pim.daemon.fleet import Fleet
from vault_pim.daemon.metrics import Metrics
from vault_pim.daemon.worker import where
from vault_pim.domain.errors import ConfigurationError, Impossible, VaultPimError
from vault_pim.settings import Settings

logger = logging.getLogger(__name__)

ROLE = "daemon"
MISSED_BEATS = 3
PATIENCE = timedelta(seconds=60)
"""No daemon is called dead before this long without a beat: asking a Vault that hangs takes a while."""


def install(settings: Settings) -> Installation:
    """A real installation for the daemon."""
    return assemble(settings, role=ROLE)


class Service:
    """One daemon.

    Args:
        load: reads the configuration; called at the start and at each reload.
        build: makes the objects it describes.
        monotonic: seconds of a clock that never goes back.

    Raises:
        ConfigurationError: the configuration is wrong at the start.
    """

    def __init__(
        self,
        load: Callable[[], Settings],
        *,
        build: Callable[[Settings], Installation] = install,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._build = build
        self._monotonic = monotonic
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._leaving: list[threading.Thread] = []
        self._beat_at = monotonic()
        self.board = Board()
        installation = build(load())
        self.metrics = Metrics(self.board, installation.clock)
        self._fleet = self._make_fleet(installation)

    @property
    def installation(self) -> Installation:
        """The configuration in force, built."""
        return self._fleet.installation

    def start(self) -> None:
        """Begin to wake; returns at once."""
        self._fleet.start()

    def reload(self) -> bool:
        """Read the configuration again and let it take over PIM by PIM; a wrong one changes nothing, loudly.

        Returns:
            Whether the new one is in force.
        """
        try:
            installation = self._build(self._load())
        except ConfigurationError as error:
            return self._keep(error)
        except Exception as error:  # noqa: BLE001 - a bug in reading must not end a daemon that works
            return self._keep(Impossible(f"bug: {where(error)}"))
        if installation.settings.daemon.listen != self.installation.settings.daemon.listen:
            logger.warning("daemon.listen is changed; it takes effect at the next start")
        former, self._fleet = self._fleet, self._make_fleet(installation)
        former.stop()
        thread = threading.Thread(target=former.drain, name="former-configuration", daemon=True)
        thread.start()
        self._leaving = [*(one for one in self._leaving if one.is_alive()), thread]
        self._fleet.start()
        logger.info("configuration reloaded")
        return True

    def stop(self) -> None:
        """Finish the steps in hand, begin no other, log out everywhere; returns when that is done."""
        self._fleet.drain()
        for thread in self._leaving:
            thread.join()

    def ailments(self) -> list[str]:
        """Why this process should be replaced; nothing if it is alive."""
        quiet = self._monotonic() - self._beat_at
        allowed = max(self.installation.settings.daemon.check_every * MISSED_BEATS, PATIENCE).total_seconds()
        found = [] if self._fleet.alive else ["the scheduler does not run"]
        return [*found, *([f"no wake for {quiet:.0f} s"] if quiet > allowed else [])]

    def obstacles(self) -> list[str]:
        """Why this daemon is not ready; nothing once Vault answers and each PIM was looked at, whatever came of it."""
        vault, pims = self.board.vault, self.board.pims()
        found = [] if vault.up else [f"Vault: {vault.said}"]
        return [*found, *(f"{link.name}: {link.said}" for link in pims.values() if link.up is None)]

    def _keep(self, error: VaultPimError) -> bool:
        """Say why the former configuration stays in force."""
        self.board.reload_error = "\n".join(filter(None, (error.what, error.why, error.advice)))
        self.metrics.configured(success=False)
        known = {"why": error.why, "advice": error.advice}
        logger.error("configuration not reloaded, the former one stays: %s", error.what, extra=known)
        return False

    def _make_fleet(self, installation: Installation) -> Fleet:
        self.board.configured(installation.settings.pims)
        self.metrics.configured(success=True)
        self._beat()
        return Fleet(installation, board=self.board, metrics=self.metrics, turns=self._turns, beat=self._beat)

    def _beat(self) -> None:
        self._beat_at = self._monotonic()
