"""The connectors of one PIM: which of them need a pass now, and running it. One worker per PIM, so that none waits for
another's PIM.

Woken by `fleet.py` on schedule. A wake reads each connector's record and looks at the PIM only where something may be
due: nothing is due because a timer fired.
"""

import logging
import threading
import traceback
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never

from vault_pim.assembly import Installation
from vault_pim.daemon.board import Board, Outcome, Told
from vault_pim.daemon.metrics import Metrics
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import PimNoAnswer, PimRefusal, TakenOver, VaultNoAnswer, VaultPimError
from vault_pim.domain.facts import Survey
from vault_pim.domain.outcomes import Alarm, Wait
from vault_pim.domain.reasons import SENTENCES
from vault_pim.domain.state import ConnectorState, Loaded
from vault_pim.engine.reconcile import Pass, Reconciler

logger = logging.getLogger(__name__)

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """The last pass for a connector.

    Attributes:
        left: the state as the pass left it; None if the pass did not come to its end, so that the next wake
            tries again.
        until: when something becomes due, as far as the pass could tell.
    """

    at: datetime
    left: ConnectorState | None = None
    until: datetime | None = None


class PimWorker:
    """Runs passes for one PIM, `max_parallel` at a time.

    Args:
        turn: held during a wake; the worker of before a reload finishes its steps before its successor begins.
    """

    def __init__(
        self,
        pim: str,
        installation: Installation,
        reconciler: Reconciler,
        *,
        board: Board,
        metrics: Metrics,
        turn: threading.Lock,
    ) -> None:
        self._pim = pim
        self._installation = installation
        self._reconciler = reconciler
        self._board = board
        self._metrics = metrics
        self._turn = turn
        self._link = board.pim(pim)
        self._visits: dict[ConnectorId, Visit] = {}
        self._stopping = threading.Event()
        parallel = installation.settings.pims[pim].max_parallel
        self._pool = ThreadPoolExecutor(parallel, thread_name_prefix=f"pim-{pim}")

    def wake(self, ids: Iterable[ConnectorId]) -> None:
        """Look what is due among these connectors, and do it. Raises nothing: the next wake tries again."""
        with self._turn:
            if self._stopping.is_set():
                return
            try:
                self._wake(tuple(ids))
            except VaultNoAnswer as error:
                self._board.vault.failed(error, self._now())
            except VaultPimError as error:
                self._link.failed(error, self._now())
            except Exception as error:  # noqa: BLE001 - a scheduler would swallow it
                logger.error("bug: %s", where(error), extra={"pim": self._pim})  # noqa: TRY400 - its text may be a secret
            finally:
                self._metrics.woken(self._pim, self._now())

    def stop(self) -> None:
        """Begin no further step. Returns at once; see `drain`."""
        self._stopping.set()

    def drain(self) -> None:
        """Wait until the steps in hand are done; nobody may wake the worker after this."""
        self.stop()
        self._pool.shutdown(cancel_futures=True)

    def _wake(self, ids: tuple[ConnectorId, ...]) -> None:
        records = {id_: self._read(id_) for id_ in ids}
        self._visits = {id_: visit for id_, visit in self._visits.items() if id_ in records}
        due = [id_ for id_, record in records.items() if self._is_due(id_, record)]
        if not due and self._link.up:
            return
        survey = self._survey()
        if survey is None:  # what was revoked loses its access to Vault all the same
            due = [id_ for id_ in due if records[id_].state.cut_off]
        due.sort(key=self._visited_at)
        list(self._pool.map(lambda id_: self._visit(id_, records[id_], survey), due))

    def _read(self, id_: ConnectorId) -> Loaded:
        record = self._installation.states.load(id_)
        self._board.read(id_, self._installation.connector(id_), record.state)
        return record

    def _is_due(self, id_: ConnectorId, record: Loaded) -> bool:
        """Whether a pass might find something to do; if in doubt, yes."""
        visit, now = self._visits.get(id_), self._now()
        if visit is None or visit.left != record.state:
            return True
        if visit.until is not None and now >= visit.until:
            return True
        return now >= visit.at + self._installation.settings.daemon.survey_every

    def _visited_at(self, id_: ConnectorId) -> datetime:
        visit = self._visits.get(id_)
        return visit.at if visit else NEVER

    def _survey(self) -> Survey | None:
        """One look at the PIM for all its connectors, or None if it says nothing."""
        try:
            survey = self._reconciler.survey()
        except VaultNoAnswer:
            raise
        except VaultPimError as error:
            self._link.failed(error, self._now())
            return None
        if self._link.up is False:
            self._visits.clear()  # what was seen before the silence may not be true any more
        self._link.answered(self._now(), f"release {survey.pim_release}")
        return survey

    def _visit(self, id_: ConnectorId, record: Loaded, survey: Survey | None) -> None:
        """One pass; whatever goes wrong with it stays with this connector."""
        if self._stopping.is_set():
            return
        now = self._now()
        self._visits[id_] = Visit(at=now)
        try:
            with self._metrics.pass_duration(self._pim):
                passed = self._reconciler.run(
                    id_,
                    self._installation.connector(id_),
                    survey=survey,
                    stop=self._stopping.is_set,
                )
        except TakenOver as error:
            self._board.passed(id_, Told(at=now, outcome=Outcome.TAKEN_OVER, said=error.what))
        except VaultPimError as error:
            if survey is None and isinstance(error, PimNoAnswer | PimRefusal):
                # Vault's side is done; the PIM's is known to be silent, and is tried when it answers again
                self._visits[id_] = Visit(at=now, left=record.state)
            self._failed(id_, error, known=survey is None)
        except Exception as error:  # noqa: BLE001 - one connector's bug is not another's
            self._visits[id_] = Visit(at=now, left=record.state)
            logger.error("bug: %s", where(error), extra={"connector": id_})  # noqa: TRY400 - as above
            self._board.passed(id_, Told(at=now, outcome=Outcome.FAILED, said=f"bug: {where(error)}"))
        else:
            self._ended(id_, passed, now)

    def _ended(self, id_: ConnectorId, passed: Pass, now: datetime) -> None:
        match passed.end:
            case Wait(until=until, reason=reason):
                outcome, said = Outcome.SETTLED, SENTENCES[reason]
            case Alarm(reason=reason, detail=detail, advice=advice):
                until, outcome, said = None, Outcome.ALARM, f"{SENTENCES[reason]}: {detail}. {advice}"
            case _:
                assert_never(passed.end)
        self._visits[id_] = Visit(at=now, left=passed.state, until=until)
        for trouble in passed.troubles:
            outcome, said = Outcome.FAILED, trouble.what
            logger.warning("%s", said, extra={"connector": id_, "why": trouble.why, "advice": trouble.advice})
        told = Told(at=now, outcome=outcome, said=said, until=until, findings=passed.findings)
        before = self._board.passed(id_, told, passed.state)
        if outcome is Outcome.ALARM and (before is None or before.said != said):
            logger.warning("%s", said, extra={"connector": id_, "reason": reason})
        for finding in passed.findings:
            if before is None or finding.key not in {one.key for one in before.findings}:
                said = f"{SENTENCES[finding.reason]}: {finding.detail}"
                logger.warning("%s", said, extra={"connector": id_, "reason": finding.reason})

    def _failed(self, id_: ConnectorId, error: VaultPimError, *, known: bool) -> None:
        """Say so, unless it is Vault or the PIM that is known to be silent: that is one line, not one per connector."""
        if isinstance(error, VaultNoAnswer):
            self._board.vault.failed(error, self._now())
        elif not known:
            logger.warning("%s", error.what, extra={"connector": id_, "why": error.why, "advice": error.advice})
        self._board.passed(id_, Told(at=self._now(), outcome=Outcome.FAILED, said=error.what))

    def _now(self) -> datetime:
        return self._installation.clock.now()


def where(error: Exception) -> str:
    """The kind of an unexpected error and the line it came from. Its own text could hold anything, and is not used."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {frame.filename.rpartition('/')[2]}:{frame.lineno}"
