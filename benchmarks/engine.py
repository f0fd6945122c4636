"""One rotation and one revocation: the whole time, over the time of the bare upstream calls in them, in the same run.

The bare time of a call is what the pooled connection takes for it: from the first byte sent to the last one read. What
remains is ours: deciding, checking, validating, writing the audit log, and the client libraries.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

import urllib3

from benchmarks.figure import Figure
from vault_pim.assembly import Installation, assemble
from vault_pim.cli.playground import Playground
from vault_pim.domain.connector import ConnectorId
from vault_pim.engine.asks import ask_revocation, ask_rotation
from vault_pim.settings import Settings

ROUNDS = 15
TARGET = 1.25
ERP = ConnectorId(pim="sandbox", name="erp")


class BareTime:
    """Sums what the connection pools of this process spend on calls, from the first byte sent to the last one read."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.calls = 0

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure while inside."""
        opened, read = urllib3.HTTPConnectionPool.urlopen, urllib3.HTTPResponse.read
        with (
            patch.object(urllib3.HTTPConnectionPool, "urlopen", self._timed(opened, counts=1)),
            patch.object(urllib3.HTTPResponse, "read", self._timed(read, counts=0)),
        ):
            yield

    def _timed(self, call: Callable[..., Any], *, counts: int) -> Callable[..., Any]:
        def timed(*arguments: Any, **settings: Any) -> Any:
            begun = time.perf_counter()
            try:
                return call(*arguments, **settings)
            finally:
                self.seconds += time.perf_counter() - begun
                self.calls += counts

        return timed


def engine_over_bare(world: Playground) -> list[Figure]:
    """The two ratios; medians over `ROUNDS` rounds after one that is not counted."""
    ratios: dict[str, list[float]] = {"rotation": [], "revocation": []}
    calls: dict[str, int] = {}
    with assemble(Settings.load(world.config), role="bench") as installation:
        for _ in range(ROUNDS + 1):
            for name, act in (("rotation", _rotate), ("revocation", _revoke)):
                ratio, calls[name] = _ratio(partial(act, installation))
                ratios[name].append(ratio)
    return [
        Figure(
            name=f"{name}: engine over bare calls",
            median=statistics.median(measured[1:]),
            unit="x",
            target=TARGET,
            of=f"median of {ROUNDS}, {min(measured[1:]):.2f} to {max(measured[1:]):.2f}, {calls[name]} upstream calls",
        )
        for name, measured in ratios.items()
    ]


def _rotate(installation: Installation) -> None:
    reconciler = installation.reconciler(ERP.pim)
    ask_rotation(reconciler.tools, ERP)
    reconciler.run(ERP, installation.connector(ERP), impatient=True)


def _revoke(installation: Installation) -> None:
    reconciler = installation.reconciler(ERP.pim)
    ask_revocation(reconciler.tools, ERP, reason="benchmark")
    passed = reconciler.run(ERP, installation.connector(ERP), impatient=True)
    if passed.state.revocation is None or passed.state.revocation.proven_at is None:
        raise RuntimeError("the revocation was not proven")


def _ratio(act: Callable[[], None]) -> tuple[float, int]:
    bare = BareTime()
    with bare.measured():
        begun = time.perf_counter()
        act()
        whole = time.perf_counter() - begun
    return whole / bare.seconds, bare.calls
