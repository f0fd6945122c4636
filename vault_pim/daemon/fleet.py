"""One configuration in force: a scheduler, what Vault knows, and a worker for each PIM.

Made and replaced by `service.py`. The scheduler only wakes us: due-ness comes from the state records, and a run that
came late or not at all is made up for by the next one.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC
from functools import partial

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from vault_pim.assembly import Installation
from vault_pim.daemon.board import Board
from vault_pim.daemon.messenger import Messenger
from vault_pim.daemon.metrics import Metrics
from vault_pim.daemon.narrate import Narrated
from vault_pim.daemon.worker import PimWorker, where
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import ConfigurationError, VaultPimError
from vault_pim.engine.reconcile import Reconciler
from vault_pim.here import SystemClock

logger = logging.getLogger(__name__)


class Fleet:
    """The workers of one installation.

    Args:
        turns: one lock per PIM, shared with the fleets before and after this one.
        beat: told each time Vault was asked, answered or not: the sign of life.
    """

    def __init__(
        self,
        installation: Installation,
        *,
        board: Board,
        metrics: Metrics,
        turns: Mapping[str, threading.Lock],
        beat: Callable[[], None],
    ) -> None:
        self.installation = installation
        self._board = board
        self._metrics = metrics
        self._beat = beat
        self._ids: dict[str, tuple[ConnectorId, ...]] = {}
        self._known = threading.Event()
        self._messenger = Messenger(installation.settings.daemon.notify)
        self._workers = {
            pim: PimWorker(
                pim,
                installation,
                reconciler,
                board=board,
                metrics=metrics,
                messenger=self._messenger,
                turn=turns[pim],
            )
            for pim in installation.settings.pims
            if (reconciler := self._reconciler(pim))
        }
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(len(self._workers) + 1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin to wake; returns at once."""
        self._every(self.look)
        for pim in self._workers:
            self._every(partial(self.wake, pim))
        self._scheduler.start()

    @property
    def alive(self) -> bool:
        """Whether the scheduler runs; that it wakes us, too, is what `beat` tells."""
        return bool(self._scheduler.running)

    def look(self) -> None:
        """Ask Vault which connectors there are. Raises nothing: the next look tries again."""
        installation = self.installation
        try:
            known = installation.ids()
        except VaultPimError as error:
            self._board.vault.failed(error, installation.clock.now())
        except Exception as error:  # noqa: BLE001 - a scheduler would swallow it
            logger.error("bug: %s", where(error))  # noqa: TRY400 - its text may be a secret
        else:
            self._board.vault.answered(installation.clock.now())
            self._board.keep(known)
            by_pim: dict[str, list[ConnectorId]] = defaultdict(list)
            for id_ in known:
                by_pim[id_.pim].append(id_)
            self._ids = {pim: tuple(by_pim[pim]) for pim in self._workers}
            self._known.set()
            installation.checkpoint()
        finally:
            self._beat()

    def wake(self, pim: str) -> None:
        """Have one PIM's worker look what is due, once Vault has said which connectors there are."""
        self._known.wait()
        self._workers[pim].wake(self._ids.get(pim, ()))

    def stop(self) -> None:
        """Begin no further step. Returns at once; see `drain`."""
        for worker in self._workers.values():
            worker.stop()
        self._known.set()

    def drain(self) -> None:
        """Wait until the steps in hand are done, and log out everywhere."""
        self.stop()
        if self.alive:
            self._scheduler.shutdown()
        for worker in self._workers.values():
            worker.drain()
        self._messenger.close()
        if self._board.vault.up:
            self.installation.checkpoint()
        self.installation.close()

    def _every(self, job: Callable[[], None]) -> None:
        every = self.installation.settings.daemon.check_every.total_seconds()
        now = SystemClock().now()
        self._scheduler.add_job(job, "interval", seconds=every, next_run_time=now)

    def _reconciler(self, pim: str) -> Reconciler | None:
        """The reconciler of a PIM, telling its steps; None where the configuration does not allow one."""
        try:
            reconciler = self.installation.reconciler(pim)
        except ConfigurationError as error:
            self._board.pim(pim).failed(error, self.installation.clock.now())
            return None
        return Reconciler(replace(reconciler.tools, audit=Narrated(reconciler.tools.audit, self._metrics)))
