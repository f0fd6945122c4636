"""`PimAuth` against the sandbox PIM: no call is lost, no token too many is asked for, and none goes to a stranger."""

import http.server
import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import requests

from tests.integration.client.conftest import CHANNELS, MakeSource, Town, until
from vault_pim.client import CredentialSource, PimAuth, SetRefused
from vault_pim.sandbox.akeneo import connections
from vault_pim.sandbox.faults import Fault

MakeSession = Callable[..., tuple[requests.Session, PimAuth]]


@pytest.fixture
def session_of() -> Iterator[MakeSession]:
    """Makes a session of a connector."""
    with ExitStack() as stack:

        def make(source: CredentialSource, patience: float = 5.0) -> tuple[requests.Session, PimAuth]:
            session = stack.enter_context(requests.Session())
            session.auth = auth = PimAuth(source, patience=timedelta(seconds=patience))
            return session, auth

        yield make


def drop_tokens(town: Town) -> None:
    """What a restored database does: no access token is known any more."""
    town.arena.pim.world.access_tokens.clear()


def test_many_threads_that_begin_together_ask_for_one_token(
    town: Town, source: MakeSource, session_of: MakeSession
) -> None:
    """And every call is answered."""
    session, auth = session_of(source())
    url = town.arena.pim.url + CHANNELS
    begin, statuses = threading.Barrier(16), []

    def call() -> None:
        begin.wait()
        statuses.append(session.get(url, timeout=5).status_code)

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 16
    assert (auth.tokens.grants, auth.tokens.refreshes) == (1, 0)


def test_token_is_refreshed_before_it_ends_by_refresh_token(
    town: Town, source: MakeSource, session_of: MakeSession
) -> None:
    """The next call after nine tenths of its life refreshes; the password is not sent again."""
    session, auth = session_of(source())
    assert session.get(town.arena.pim.url + CHANNELS, timeout=5).ok
    auth.tokens._token = replace(auth.tokens.token(), due_at=time.monotonic())
    assert session.get(town.arena.pim.url + CHANNELS, timeout=5).ok
    assert (auth.tokens.grants, auth.tokens.refreshes) == (1, 1)


def test_refused_token_is_replaced_and_the_call_sent_again_from_its_beginning(
    town: Town, source: MakeSource, session_of: MakeSession
) -> None:
    """Also when its body is a file; a body that is gone is not sent half."""
    session, auth = session_of(source())
    url = town.arena.pim.url + "/api/rest/v1/measurement-families"
    assert session.get(url, timeout=5).ok
    drop_tokens(town)
    answer = session.patch(url, data=io.BytesIO(b'[{"code": "speed"}]'), headers=JSON, timeout=5)
    assert (answer.status_code, len(answer.json())) == (200, 1)
    assert [one.status_code for one in answer.history] == [401]
    drop_tokens(town)
    assert session.patch(url, data=iter([b"[]"]), headers=JSON, timeout=5).status_code == 401
    assert session.get(url, timeout=5).ok
    assert auth.tokens.grants <= 4


def test_rotated_set_is_used_without_a_failed_call_and_said_to_be_in_use(
    town: Town, source: MakeSource, session_of: MakeSession
) -> None:
    """The old token works on meanwhile; vault-pim is told when nothing uses it any more, and when the reader leaves."""
    one = source()
    session, auth = session_of(one)
    assert session.get(one.current().base_url + CHANNELS, timeout=5).ok
    before = one.current().generation
    assert town.run("rotate", "erp") == 0
    until(lambda: list(town.readers().values()) == [str(before + 1)])
    assert one.current().generation == before + 1
    assert session.get(one.current().base_url + CHANNELS, timeout=5).ok
    assert (auth.tokens.grants, auth.tokens.refreshes) == (2, 0)
    one.close()
    assert town.readers() == {}


def test_request_under_way_keeps_its_generation_in_use(town: Town, source: MakeSource, session_of: MakeSession) -> None:
    """Until it is answered, or thrown away unanswered."""
    one = source()
    session, auth = session_of(one)
    url = one.current().base_url + CHANNELS
    assert session.get(url, timeout=5).ok
    before = one.current().generation
    town.arena.pim.faults.add(Fault(kind="delay", path=CHANNELS, seconds=1.5))
    slow = threading.Thread(target=session.get, args=(url,), kwargs={"timeout": 5})
    slow.start()
    assert town.run("rotate", "erp") == 0
    one.look()
    assert auth.tokens.token().served.generation == before + 1
    assert auth.tokens.oldest_in_use() == before
    slow.join()
    assert auth.tokens.oldest_in_use() == before + 1
    town.arena.pim.faults.add(Fault(kind="refuse", path=CHANNELS))
    with pytest.raises(requests.ConnectionError):
        session.get(url, timeout=5)


def test_set_changed_in_place_is_waited_for(town: Town, source: MakeSource, session_of: MakeSession) -> None:
    """PIM first, Vault 0.7 s later: the call made between them waits and succeeds, and the password was tried once."""
    one = source(refresh=timedelta(hours=1))
    session, auth = session_of(one)
    url = one.current().base_url + CHANNELS
    assert session.get(url, timeout=5).ok
    document = town.served("erp")
    label = next(code for code in town.arena.pim.world.connections if code.endswith(f"_{document['generation']}"))
    password = connections.regenerate_password(town.arena.pim.pim, label)
    later = threading.Timer(0.7, town.serve, ("erp", document | {"password": password}))
    later.start()
    began = time.monotonic()
    assert session.get(url, timeout=5).ok
    assert 0.7 <= time.monotonic() - began < 2
    later.join()
    assert auth.tokens.grants == 3


def test_revoked_set_is_one_clear_error_for_all_threads(
    town: Town, source: MakeSource, session_of: MakeSession
) -> None:
    """After the patience of one, not of each in turn; no password is tried again and again."""
    one = source("sandbox/shop", town.login("shop"))
    session, auth = session_of(one, patience=0.6)
    url = one.current().base_url + CHANNELS
    assert session.get(url, timeout=5).ok
    assert town.run("revoke", "shop", "--reason", "a test") == 0
    told: list[str] = []

    def call() -> None:
        with pytest.raises(SetRefused) as caught:
            session.get(url, timeout=5)
        told.append(caught.value.what)

    began = time.monotonic()
    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == ["the PIM refuses generation 1 of sandbox/shop"] * 4
    assert time.monotonic() - began < 2
    assert auth.tokens.grants == 2


def test_pim_that_is_away_is_a_connection_error(town: Town, source: MakeSource, session_of: MakeSession) -> None:
    """What callers of requests handle already; with a token that works, nobody waits for another."""
    session, auth = session_of(source())
    url = town.arena.pim.url + CHANNELS
    town.arena.pim.faults.add(Fault(kind="refuse", path="/api/oauth/v1/token", times=2))
    with pytest.raises(requests.ConnectionError, match="no answer to a token request"):
        session.get(url, timeout=5)
    town.arena.pim.faults.clear()
    assert session.get(url, timeout=5).ok
    assert auth.tokens.grants == 2


def test_token_goes_to_the_pim_alone(town: Town, source: MakeSource, session_of: MakeSession) -> None:
    """Not to a stranger that is asked, and not to one that the PIM redirects to."""
    session, _ = session_of(source())
    with stranger() as (url, seen):
        assert session.get(url, timeout=5).status_code == 401
        location = {"Location": f"{url}/elsewhere"}
        town.arena.pim.faults.add(Fault(kind="status", path=CHANNELS, status=302, headers=location))
        assert session.get(town.arena.pim.url + CHANNELS, timeout=5).status_code == 401
    assert seen == [None, None]


JSON = {"Content-Type": "application/json"}


@contextmanager
def stranger() -> Iterator[tuple[str, list[str | None]]]:
    """Somebody else's server, and the `Authorization` of every request it saw; it refuses all."""
    seen: list[str | None] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization"))
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", seen
        finally:
            server.shutdown()
            thread.join()
