"""The proxy does what it is told, and nothing else."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
import requests

from tests.crash.proxy import PIM, Deed, Proxy, Tap
from tests.fakes.scripted_pim import Scripted, ScriptedPim

BODY = '{"text": "twenty-six characters"}'


@dataclass
class Bench:
    """A proxy before a server that answers everything alike."""

    upstream: ScriptedPim
    tap: Tap
    url: str
    killed: list[int] = field(default_factory=list)

    def post(self, deed: Deed | None) -> requests.Response:
        """One request, and what is done to it."""
        self.tap.begin({0: deed} if deed else {})
        return requests.post(f"{self.url}/rest/connections/vp_erp_7?x=1", data="{}", timeout=5)

    @property
    def arrived(self) -> int:
        """How many requests came through."""
        return len(self.upstream.asked)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """The proxy kills nobody: it counts."""
    tap = Tap(step=lambda: "issue")
    with ScriptedPim() as upstream, Proxy(PIM, lambda: upstream.url, tap) as proxy:
        upstream.tell("POST", "/rest/connections/vp_erp_7", Scripted(body=BODY))
        bench = Bench(upstream, tap, proxy.url)
        tap.kill = lambda: bench.killed.append(bench.arrived)
        yield bench


def test_request_without_an_order_passes_and_is_named(bench: Bench) -> None:
    """The name holds no number and no label."""
    answer = bench.post(None)
    assert (answer.status_code, answer.text) == (200, BODY)
    assert bench.tap.names == ["issue: PIM POST /rest/connections/{label}?"]
    assert bench.killed == []


@pytest.mark.parametrize(
    ("deed", "arrived"), [(Deed.KILL_BEFORE, 0), (Deed.KILL_DURING, 1), (Deed.KILL_AFTER, 1)], ids=str
)
def test_kill_comes_on_the_right_side_of_the_effect(bench: Bench, deed: Deed, arrived: int) -> None:
    """Nothing arrives after a kill before, everything has before a kill after; the whole answer never comes."""
    with suppress(requests.RequestException):
        assert bench.post(deed).text != BODY
    assert bench.killed == [arrived]
    assert bench.arrived == arrived


@pytest.mark.parametrize(("deed", "arrived"), [(Deed.RESET, 0), (Deed.LOSE_REPLY, 1), (Deed.HALF_BODY, 1)], ids=str)
def test_broken_connection_gives_no_answer(bench: Bench, deed: Deed, arrived: int) -> None:
    """With the effect or without."""
    with pytest.raises(requests.RequestException):
        bench.post(deed)
    assert bench.arrived == arrived


def test_late_reply_comes_after_the_time_limit(bench: Bench) -> None:
    """The effect is there all the same."""
    bench.tap.late = 0.5
    bench.tap.begin({0: Deed.DELAY})
    with pytest.raises(requests.RequestException):
        requests.post(f"{bench.url}/rest/connections/vp_erp_7", data="{}", timeout=0.2)
    assert bench.arrived == 1
    assert bench.tap.quiet()


@pytest.mark.parametrize(
    ("deed", "status"),
    [(Deed.HTML_500, 500), (Deed.BUSY, 429), (Deed.UNAVAILABLE, 503), (Deed.SESSION_ENDED, 401)],
    ids=str,
)
def test_other_answer_has_no_effect(bench: Bench, deed: Deed, status: int) -> None:
    """The other side was never asked."""
    assert bench.post(deed).status_code == status
    assert bench.arrived == 0


def test_pim_is_never_sealed(bench: Bench) -> None:
    """What only Vault says is not said for a PIM."""
    with suppress(requests.RequestException):
        assert bench.post(Deed.SEALED).status_code == 200
    assert bench.arrived == 1
