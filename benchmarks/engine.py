"""One rotation and one revocation: the whole time, over the time of the bare upstream calls in them, in the same run.

A bare call is what a script would write: `requests.Session.request` on a pooled connection, until the last byte is
read. What remains is ours: deciding, checking at the door, reading forms, the audit log with its fsync. The second
figure of each pair leaves the client library out of the bare time, too (urllib3 alone); it has no target.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import cycle, islice
from typing import Any
from unittest.mock import patch

import requests
import urllib3

from benchmarks.figure import Figure
from vault_pim.assembly import Installation, assemble
from vault_pim.cli.playground import Playground
from vault_pim.domain.connector import ConnectorId
from vault_pim.engine.asks import ask_revocation, ask_rotation
from vault_pim.settings import Settings

ROUNDS = 15
TARGET = 1.25
IDS = tuple(ConnectorId(pim="sandbox", name=name) for name in ("erp", "shop", "dam"))


class BareTime:
    """Sums what this process spends in one layer of its HTTP client; a call within a call counts once."""

    def __init__(self, owner: type, method: str) -> None:
        self.seconds = 0.0
        self.calls = 0
        self._depth = 0
        self._patches = (
            patch.object(owner, method, self._timed(getattr(owner, method), counts=1)),
            patch.object(urllib3.HTTPResponse, "read", self._timed(urllib3.HTTPResponse.read, counts=0)),
        )

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure while inside."""
        with self._patches[0], self._patches[1]:
            yield

    def _timed(self, call: Callable[..., Any], *, counts: int) -> Callable[..., Any]:
        def timed(*arguments: Any, **settings: Any) -> Any:
            self._depth += 1
            begun = time.perf_counter()
            try:
                return call(*arguments, **settings)
            finally:
                self._depth -= 1
                self.calls += counts
                if not self._depth:
                    self.seconds += time.perf_counter() - begun

        return timed


LAYERS = {
    "bare calls": (requests.Session, "request"),
    "bare connections": (urllib3.HTTPConnectionPool, "urlopen"),
}


def engine_over_bare(world: Playground) -> list[Figure]:
    """The ratios; medians over `ROUNDS` rounds of each layer, after one for each connector that is not counted."""
    ratios: dict[tuple[str, str], list[float]] = {}
    calls: dict[str, int] = {}
    with assemble(Settings.load(world.config), role="bench") as installation:
        for id_ in islice(cycle(IDS), ROUNDS + len(IDS)):
            for layer in LAYERS:
                _rotate(installation, id_)  # gives access back after a revocation, which is no part of a rotation
                for name, act in (("rotation", _rotate), ("revocation", _revoke)):
                    ratio, calls[name] = _ratio(layer, partial(act, installation, id_))
                    ratios.setdefault((name, layer), []).append(ratio)
    return [
        Figure(
            name=f"{name}: engine over {layer}",
            median=statistics.median(measured),
            unit="x",
            target=TARGET if layer == "bare calls" else None,
            of=f"median of {ROUNDS}, {min(measured):.2f} to {max(measured):.2f}, {calls[name]} upstream calls",
        )
        for (name, layer), measured in sorted((key, all_[len(IDS) :]) for key, all_ in ratios.items())
    ]


def _rotate(installation: Installation, id_: ConnectorId) -> None:
    reconciler = installation.reconciler(id_.pim)
    ask_rotation(reconciler.tools, id_)
    reconciler.run(id_, installation.connector(id_), impatient=True)


def _revoke(installation: Installation, id_: ConnectorId) -> None:
    reconciler = installation.reconciler(id_.pim)
    ask_revocation(reconciler.tools, id_, reason="benchmark")
    passed = reconciler.run(id_, installation.connector(id_), impatient=True)
    if passed.state.revocation is None or passed.state.revocation.proven_at is None:
        raise RuntimeError("the revocation was not proven")


def _ratio(layer: str, act: Callable[[], None]) -> tuple[float, int]:
    bare = BareTime(*LAYERS[layer])
    with bare.measured():
        begun = time.perf_counter()
        act()
        whole = time.perf_counter() - begun
    return whole / bare.seconds, bare.calls
