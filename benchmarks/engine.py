"""One rotation and one revocation: the whole time, over the time of the bare upstream calls in them, in the same run.

A bare call is what a script would write: `requests.Session.request` on a pooled connection, until the last byte is
read. Vault is spoken to by the standard library, which is faster: each of its calls counts with what requests takes
more for one, measured in the same run. What remains is ours: deciding, checking at the door, reading forms, the audit
log with its fsync. The second figure of each pair leaves the client library out of the bare time, too (urllib3, and
http.client); it has no target.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import cycle, islice
from typing import Any
from unittest.mock import patch

import requests
import urllib3

from benchmarks.figure import Figure
from vault_pim.assembly import Installation, assemble
from vault_pim.domain.connector import ConnectorId
from vault_pim.engine.asks import ask_revocation, ask_rotation
from vault_pim.playground import Playground
from vault_pim.settings import Settings
from vault_pim.vault.session import TokenLogin, VaultAddress, VaultSession
from vault_pim.vault.transport import _Node

ROUNDS = 15
TARGET = 1.25
IDS = tuple(ConnectorId(pim="sandbox", name=name) for name in ("erp", "shop", "dam"))


class BareTime:
    """Sums what this process spends in one layer of its HTTP client; a call within a call counts once."""

    def __init__(self, owner: type, method: str, extra: float) -> None:
        self.seconds = 0.0
        self.calls = 0
        self._depth = 0
        self._patches = (
            patch.object(owner, method, self._timed(getattr(owner, method), counts=1)),
            patch.object(urllib3.HTTPResponse, "read", self._timed(urllib3.HTTPResponse.read, counts=0)),
            patch.object(_Node, "send", self._timed(_Node.send, counts=1, extra=extra)),
        )

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure while inside."""
        with ExitStack() as stack:
            for one in self._patches:
                stack.enter_context(one)
            yield

    def _timed(self, call: Callable[..., Any], *, counts: int, extra: float = 0.0) -> Callable[..., Any]:
        def timed(*arguments: Any, **settings: Any) -> Any:
            self._depth += 1
            begun = time.perf_counter()
            try:
                return call(*arguments, **settings)
            finally:
                self._depth -= 1
                self.calls += counts
                if not self._depth:
                    self.seconds += time.perf_counter() - begun + extra

        return timed


LAYERS = {
    "bare calls": (requests.Session, "request"),
    "bare connections": (urllib3.HTTPConnectionPool, "urlopen"),
}


def engine_over_bare(world: Playground) -> list[Figure]:
    """The ratios; medians over `ROUNDS` rounds of each layer, after one for each connector that is not counted."""
    ratios: dict[tuple[str, str], list[float]] = {}
    calls: dict[str, int] = {}
    dearer = _requests_over_ours(world)
    with assemble(Settings.load(world.config), role="bench") as installation:
        for id_ in islice(cycle(IDS), ROUNDS + len(IDS)):
            for layer in LAYERS:
                _rotate(installation, id_)  # gives access back after a revocation, which is no part of a rotation
                for name, act in (("rotation", _rotate), ("revocation", _revoke)):
                    ratio, calls[name] = _ratio(layer, dearer, partial(act, installation, id_))
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


def _requests_over_ours(world: Playground) -> float:
    """Seconds that requests takes more than we do for one call to Vault."""
    token = {"X-Vault-Token": world.admin_token_file.read_text().strip()}
    path = "auth/token/lookup-self"
    admin = VaultAddress(url=world.bao.url, login=TokenLogin(token_file=world.admin_token_file))
    with requests.Session() as theirs, VaultSession(admin) as ours:
        ours.request("GET", path)
        taken = [
            (
                _seconds(lambda: theirs.get(f"{world.bao.url}/v1/{path}", headers=token, timeout=5).content),
                _seconds(lambda: ours.request("GET", path)),
            )
            for _ in range(100)
        ]
    return max(0.0, statistics.median(bare for bare, _ in taken) - statistics.median(own for _, own in taken))


def _seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def _ratio(layer: str, dearer: float, act: Callable[[], None]) -> tuple[float, int]:
    bare = BareTime(*LAYERS[layer], extra=dearer if layer == "bare calls" else 0.0)
    with bare.measured():
        begun = time.perf_counter()
        act()
        whole = time.perf_counter() - begun
    return whole / bare.seconds, bare.calls
