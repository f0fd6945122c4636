"""The connections driver where a PIM really stands: behind a proxy, used by many at once, over hours."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.contract.bench import PERMISSIONS, ROLE, connector, issued, planned
from tests.contract.drivers import sandbox_bench, sandbox_driver
from tests.contract.sandbox_bench import SandboxBench
from tests.integration.pim.reverse_proxy import ReverseProxy
from vault_pim.domain.connector import Mechanism
from vault_pim.domain.errors import UnknownShape
from vault_pim.domain.facts import Presence
from vault_pim.domain.outcomes import Alive, Dead, Refused, Verified
from vault_pim.ports import PimDriver
from vault_pim.sandbox.faults import Fault


@pytest.fixture
def bench() -> Iterator[SandboxBench]:
    """A fresh PIM 7.0."""
    with sandbox_bench("7.0", Mechanism.CONNECTIONS) as bench:
        yield bench


@pytest.fixture
def driver(bench: SandboxBench) -> PimDriver:
    """A driver whose role is made."""
    driver = bench.driver()
    driver.put_role(ROLE, PERMISSIONS)
    return driver


def test_pim_under_a_path_is_driven_like_any_other(bench: SandboxBench) -> None:
    """The base URL has a path; connectors get it with the set."""
    with ReverseProxy(bench.pim.url) as proxy:
        driver = bench.driver(url=f"{proxy.url}/")
        driver.put_role(ROLE, PERMISSIONS)
        credentials = driver.issue(connector(), planned())
        assert credentials.base_url == proxy.url
        assert isinstance(driver.verify(credentials, PERMISSIONS), Verified)
        tokens = driver.take_tokens(credentials)
        driver.delete(issued(1, credentials))
        assert isinstance(driver.prove_dead(credentials, tokens), Dead)


def test_proxy_that_loses_the_xhr_header_is_noticed_before_anything_is_written(bench: SandboxBench) -> None:
    """Many actions would answer with a redirect and do nothing."""
    with ReverseProxy(bench.pim.url, loses="X-Requested-With") as proxy:
        before = bench.state()
        with pytest.raises(UnknownShape) as unknown:
            bench.driver(url=proxy.url).survey()
        assert "302 to /" in unknown.value.why
        assert bench.state() == before


def test_web_server_that_strips_authorization_fails_verification(bench: SandboxBench, driver: PimDriver) -> None:
    """No connector could use the set either."""
    credentials = driver.issue(connector(), planned())
    with ReverseProxy(bench.pim.url, loses="Authorization") as proxy:
        outcome = bench.driver(url=proxy.url).verify(credentials, PERMISSIONS)
    assert outcome == Refused(reason="client id and client secret are refused")


def test_many_at_once_get_their_sets_and_leave_nothing(bench: SandboxBench, driver: PimDriver) -> None:
    """One session, writes one after the other, nobody waits for ever."""
    rows = bench.left_over()

    def live(number: int) -> bool:
        credentials = driver.issue(connector(), planned(number))
        works = isinstance(driver.verify(credentials, PERMISSIONS), Verified)
        tokens = driver.take_tokens(credentials)
        driver.delete(issued(number, credentials))
        return works and isinstance(driver.prove_dead(credentials, tokens), Dead)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(live, range(1, 25)))
    assert bench.left_over() == rows
    assert bench.logins() == 1


def test_creations_never_overlap(bench: SandboxBench) -> None:
    """Parallel ones leave clients and users behind at a real PIM (contracts/akeneo/observed.md §1 item 19)."""
    driver = bench.driver(max_parallel=8)
    driver.put_role(ROLE, PERMISSIONS)
    bench.pim.faults.add(Fault(kind="delay", path="/rest/connections/*", seconds=0.02, times=None))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: driver.issue(connector(), planned(number)), range(1, 5)))
    posts = [path for method, path, _ in bench.pim.requests if method == "POST" and "connections" in path]
    assert posts[::2] == ["/rest/connections"] * 4
    assert sorted(posts[1::2]) == [f"/rest/connections/vp_erp_{number}" for number in range(1, 5)]


def test_many_at_once_survive_the_end_of_their_session(bench: SandboxBench, driver: PimDriver) -> None:
    """Each of them notices it, one logs in, all go on."""
    before = bench.logins()
    bench.pim.clock.advance(timedelta(hours=2))
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: driver.role(ROLE, PERMISSIONS), range(24)))
    assert seen == [Presence.AS_DECLARED] * 24
    assert bench.logins() == before + 1


def test_expired_access_token_proves_nothing_while_the_rest_lives(bench: SandboxBench, driver: PimDriver) -> None:
    """An hour later the token is dead by itself; the refresh token is not."""
    credentials = driver.issue(connector(), planned())
    tokens = driver.take_tokens(credentials)
    bench.pim.clock.advance(timedelta(hours=2))
    proof = driver.prove_dead(credentials, tokens)
    assert isinstance(proof, Alive)
    assert [line.partition(":")[0] for line in proof.unproven] == ["refresh grant", "password grant"]


def test_session_is_ended_when_the_driver_is_closed(bench: SandboxBench) -> None:
    """No session of an administrator lies about; a PIM that is gone does not stop us from closing."""
    first, second = (sandbox_driver(bench.pim, bench.ledger) for _ in range(2))
    first.survey()
    second.survey()
    first.close()
    until = time.monotonic() + 5  # the answer is here before the sandbox has written down that it gave it
    while ("GET", "/user/logout", 302) not in bench.pim.requests and time.monotonic() < until:
        threading.Event().wait(0.01)
    assert ("GET", "/user/logout", 302) in bench.pim.requests
    bench.pim.stop()
    second.close()
