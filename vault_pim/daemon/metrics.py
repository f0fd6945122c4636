"""The numbers of the daemon for Prometheus, in a registry of their own.

What can be read off the board is read when somebody asks, so that a connector that is gone leaves no series behind.
Labels are PIMs, connectors and words of vault-pim's own, never a text from outside.
"""

import platform
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.context_managers import Timer
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from vault_pim import __version__
from vault_pim.daemon.board import Board, Outcome, Row
from vault_pim.domain.generation import Stage
from vault_pim.ports import Clock

CONNECTOR = ("pim", "connector")
PASS_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Counts what happens, and shows what is."""

    def __init__(self, board: Board, clock: Clock) -> None:
        self._registry = CollectorRegistry()
        self._steps = Counter(
            "vault_pim_steps",
            "Steps and mends carried out, by outcome: done, refused or failed.",
            ("pim", "step", "outcome"),
            registry=self._registry,
        )
        self._passes = Histogram(
            "vault_pim_pass_duration_seconds",
            "How long a pass for one connector took.",
            ("pim",),
            buckets=PASS_SECONDS,
            registry=self._registry,
        )
        self._wakes = Gauge(
            "vault_pim_last_wake_timestamp_seconds",
            "When this daemon last looked what is due at a PIM.",
            ("pim",),
            registry=self._registry,
        )
        self._reload = Gauge(
            "vault_pim_config_last_reload_success",
            "Whether the last reading of the configuration succeeded; if not, the former one is in force.",
            registry=self._registry,
        )
        build = Info("vault_pim_build", "The version that runs.", registry=self._registry)
        build.info({"version": __version__, "python": platform.python_version()})
        self._registry.register(_Shown(board, clock))

    def page(self) -> bytes:
        """Everything, in the text format of Prometheus."""
        return generate_latest(self._registry)

    def stepped(self, pim: str, step: str, outcome: str) -> None:
        """A step or mend ended: done, refused or failed."""
        self._steps.labels(pim, step, outcome).inc()

    def pass_duration(self, pim: str) -> Timer:
        """Measures the pass inside a `with`."""
        return self._passes.labels(pim).time()

    def woken(self, pim: str, now: datetime) -> None:
        """A wake for that PIM ended."""
        self._wakes.labels(pim).set(now.timestamp())

    def configured(self, *, success: bool) -> None:
        """The configuration was read, or refused."""
        self._reload.set(success)


class _Shown(Collector):
    """What the board shows, as gauges."""

    def __init__(self, board: Board, clock: Clock) -> None:
        self._board = board
        self._clock = clock

    def collect(self) -> Iterator[GaugeMetricFamily]:
        rows, now = self._board.rows(), self._clock.now()
        yield _gauge("vault_up", "Whether Vault answered last time.", (), [((), self._board.vault.up is True)])
        yield _gauge(
            "pim_up",
            "Whether the PIM answered as it should last time.",
            ("pim",),
            [((name,), link.up is True) for name, link in self._board.pims().items()],
        )
        yield _gauge(
            "connectors",
            "Connectors that have a generation in this stage.",
            ("pim", "stage"),
            _by_stage(rows),
        )
        for name, meaning, value in _OF_CONNECTOR:
            found = ((row, value(row, now)) for row in rows)
            samples = [((row.id.pim, row.id.name), number) for row, number in found if number is not None]
            yield _gauge(name, meaning, CONNECTOR, samples)
        yield _gauge(
            "findings",
            "What a person should look at, by reason.",
            (*CONNECTOR, "reason"),
            _findings(rows),
        )


def _current(row: Row, _: datetime) -> float | None:
    return row.state.current.number if row.state.current else None


def _age(row: Row, now: datetime) -> float | None:
    age = row.age(now)
    return age.total_seconds() if age is not None else None


def _due(row: Row, now: datetime) -> float | None:
    due = row.due(now)
    return due.first.timestamp() if due else None


def _overdue(row: Row, now: datetime) -> float | None:
    due = row.due(now)
    return max(now - due.overdue_at, timedelta(0)).total_seconds() if due else None


def _passed_at(row: Row, _: datetime) -> float | None:
    return row.told.at.timestamp() if row.told else None


def _pass_success(row: Row, _: datetime) -> float | None:
    return row.told.outcome in {Outcome.SETTLED, Outcome.TAKEN_OVER} if row.told else None


def _failures(row: Row, _: datetime) -> float:
    return row.state.failed_tries


def _cut_off(row: Row, _: datetime) -> float | None:
    return None if row.connector and row.connector.drill else row.state.cut_off


def _revoke_seconds(row: Row, _: datetime) -> float | None:
    asked = row.state.revocation
    return (asked.proven_at - asked.asked_at).total_seconds() if asked and asked.proven_at else None


def _drilled_at(row: Row, _: datetime) -> float | None:
    asked = row.state.revocation if row.connector and row.connector.drill else None
    return asked.proven_at.timestamp() if asked and asked.proven_at else None


_OF_CONNECTOR = (
    ("current_generation", "The generation that is served.", _current),
    ("current_age_seconds", "How long the current set has been served.", _age),
    ("due_timestamp_seconds", "When the current set is to be replaced.", _due),
    ("overdue_seconds", "How far the current set is past its max age; 0 if it is not.", _overdue),
    ("last_pass_timestamp_seconds", "When this daemon last made a pass for the connector.", _passed_at),
    ("last_pass_success", "Whether that pass came to its end without an error or an alarm.", _pass_success),
    ("consecutive_failures", "Failed tries in a row, by whichever daemon or command.", _failures),
    ("cut_off", "Whether the connector was revoked and not let in again.", _cut_off),
    ("time_to_revoke_seconds", "From the wish to the proof of its last revocation.", _revoke_seconds),
    ("last_drill_timestamp_seconds", "When the last drill on a drill connector was proven.", _drilled_at),
)


def _by_stage(rows: Iterable[Row]) -> list[tuple[tuple[str, ...], float]]:
    tally = Tally((row.id.pim, stage) for row in rows for stage in {one.stage for one in row.state.live})
    stages = [stage for stage in Stage if not stage.final]
    return [((pim, stage), tally[pim, stage]) for pim in sorted({row.id.pim for row in rows}) for stage in stages]


def _findings(rows: Iterable[Row]) -> list[tuple[tuple[str, ...], float]]:
    found = Tally((row.id.pim, row.id.name, str(one.reason)) for row in rows if row.told for one in row.told.findings)
    return [(labels, number) for labels, number in found.items()]


def _gauge(
    name: str, meaning: str, labels: tuple[str, ...], samples: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"vault_pim_{name}", meaning, labels=labels)
    for values, number in samples:
        family.add_metric(values, float(number))
    return family
