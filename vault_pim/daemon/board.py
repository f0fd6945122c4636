"""What the daemon knows, for those who look: health, metrics, status page. Holds no secret.

Written by `fleet.py` and `worker.py`, from many threads; survives a reload of the configuration. Decides nothing.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from vault_pim.daemon.link import Link
from vault_pim.domain.connector import Connector, ConnectorId
from vault_pim.domain.outcomes import Finding
from vault_pim.domain.state import ConnectorState
from vault_pim.lifecycle.schedule import Due, due_of_current


class Outcome(StrEnum):
    """How the last pass for a connector ended."""

    SETTLED = "settled"
    ALARM = "alarm"
    FAILED = "failed"
    TAKEN_OVER = "taken-over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the last pass had to say.

    Attributes:
        said: one line for people.
        until: before this nothing is due; None where only a person or an outside change can make something due.
    """

    at: datetime
    outcome: Outcome
    said: str
    until: datetime | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One connector: as declared, as recorded, as last passed. `told` is None until this daemon made a pass for it."""

    id: ConnectorId
    connector: Connector | None
    state: ConnectorState
    told: Told | None = None

    def age(self, now: datetime) -> timedelta | None:
        """How long the current set has been served."""
        current = self.state.current
        return now - current.published_at if current and current.published_at else None

    def due(self, now: datetime) -> Due | None:
        """When the current set is to be replaced by its policy; None without a set or without a policy."""
        return None if self.state.cut_off else due_of_current(self.state, self.connector, now)


class Board:
    """Everything to be shown."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[ConnectorId, Row] = {}
        self._pims: dict[str, Link] = {}
        self.vault = Link("Vault")
        self.reload_error: str | None = None

    def rows(self) -> tuple[Row, ...]:
        """All connectors, by name."""
        with self._lock:
            return tuple(sorted(self._rows.values(), key=lambda row: row.id))

    def pims(self) -> dict[str, Link]:
        """All PIMs, by name."""
        with self._lock:
            return dict(sorted(self._pims.items()))

    def pim(self, name: str) -> Link:
        """The link to a configured PIM."""
        with self._lock:
            return self._pims[name]

    def configured(self, pims: Iterable[str]) -> None:
        """A configuration with these PIMs came into force; all others are forgotten."""
        with self._lock:
            self._pims = {name: self._pims.get(name) or Link(f"PIM {name}", pim=name) for name in pims}
            self.reload_error = None

    def keep(self, ids: Iterable[ConnectorId]) -> None:
        """Forget all other connectors."""
        kept = set(ids)
        with self._lock:
            self._rows = {id_: row for id_, row in self._rows.items() if id_ in kept}

    def state(self, id_: ConnectorId) -> ConnectorState | None:
        """A connector's record as it was seen last."""
        with self._lock:
            return self._rows[id_].state if id_ in self._rows else None

    def read(self, id_: ConnectorId, connector: Connector | None, state: ConnectorState) -> ConnectorState | None:
        """A connector's record was read; gives the one that was seen before it."""
        with self._lock:
            row = self._rows.get(id_)
            self._rows[id_] = Row(id=id_, connector=connector, state=state, told=row.told if row else None)
            return row.state if row else None

    def passed(self, id_: ConnectorId, told: Told, state: ConnectorState | None = None) -> Told | None:
        """A pass for a connector ended, leaving that state if it is known; gives what the pass before it had to say."""
        with self._lock:
            row = self._rows.get(id_)
            if row is None:
                return None
            self._rows[id_] = replace(row, told=told, state=state or row.state)
            return row.told
