"""KV v2 on a real server, also where a reply is lost on the way and right after a mount was made."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from tests.integration.conftest import MakeWorld
from tests.integration.vault_world import VaultWorld
from vault_pim.domain.errors import TakenOver, VaultNoAnswer
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.session import VaultSession


@pytest.fixture
def world(vault_world: MakeWorld) -> VaultWorld:
    """A world of one namespace."""
    return vault_world()


@pytest.fixture
def kv(world: VaultWorld) -> KeyValue:
    """A mount with check-and-set required."""
    return KeyValue(world.admin, "pim")


@contextmanager
def losing_replies(url: str, *, request: bool) -> Iterator[str]:
    """A way to the server on which the answer to every write of data is lost, or the request itself is."""
    target = urlsplit(url).netloc

    class Way(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            lost = self.command == "POST" and "/data/" in self.path
            self.close_connection = lost
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if lost and request:
                return
            with closing(HTTPConnection(target)) as onward:
                onward.request(self.command, self.path, body, dict(self.headers))
                answer = onward.getresponse()
                content = answer.read()
            if lost:
                return
            self.send_response_only(answer.status)
            for key in "Content-Type", "Date":
                self.send_header(key, answer.headers.get(key, ""))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 - the name the base class calls

    with ThreadingHTTPServer(("127.0.0.1", 0), Way) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def losing(world: VaultWorld, *, request: bool) -> Iterator[KeyValue]:
    """The daemon's mount by such a way."""
    address = world.address(world.daemon_login)
    with (
        losing_replies(world.bao.url, request=request) as url,
        VaultSession(replace(address, url=url)) as session,
    ):
        yield KeyValue(session, "pim")


def test_write_whose_reply_was_lost_is_found_to_be_done(world: VaultWorld, kv: KeyValue) -> None:
    """The target is asked what is true, and the write is not made twice."""
    with losing(world, request=False) as far:
        assert far.write("connectors/prod/erp", {"a": "b"}, cas=0) == 1
    assert kv.read("connectors/prod/erp").kv_version == 1


def test_write_that_never_arrived_is_no_answer(world: VaultWorld, kv: KeyValue) -> None:
    """Nothing is claimed that is not so."""
    with losing(world, request=True) as far, pytest.raises(VaultNoAnswer):
        far.write("connectors/prod/erp", {"a": "b"}, cas=0)
    assert kv.read("connectors/prod/erp").kv_version == 0


def test_lost_reply_to_a_lost_check_and_set_is_not_taken_for_success(world: VaultWorld, kv: KeyValue) -> None:
    """What stands there is somebody else's."""
    kv.write("connectors/prod/erp", {"a": "theirs"}, cas=0)
    with losing(world, request=False) as far, pytest.raises(VaultNoAnswer):
        far.write("connectors/prod/erp", {"a": "ours"}, cas=0)
    assert kv.read("connectors/prod/erp").data == {"a": "theirs"}


@pytest.mark.parametrize("cas", [0, 1, 3])
def test_write_on_another_kv_version_is_taken_over(kv: KeyValue, cas: int) -> None:
    """Older, newer, or as if there were nothing."""
    kv.write("x", {"a": "1"}, cas=0)
    kv.write("x", {"a": "2"}, cas=1)
    with pytest.raises(TakenOver, match="pim/x"):
        kv.write("x", {"a": "2"}, cas=cas)
    assert kv.read("x").kv_version == 2


def test_one_of_many_writers_wins_each_round(world: VaultWorld) -> None:
    """Check-and-set decides, also between equal contents."""

    def write(session: VaultSession, cas: int) -> bool:
        try:
            KeyValue(session, "pim").write("connectors/prod/erp", {"a": "same"}, cas=cas)
        except TakenOver:
            return False
        return True

    sessions = [world.session(world.daemon_login) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        for cas in range(5):
            assert sum(pool.map(write, sessions, [cas] * 6)) == 1


def test_read_of_one_kv_version(kv: KeyValue) -> None:
    """An older one, one that is destroyed, one that never was."""
    for version in range(3):
        kv.write("x", {"a": str(version + 1)}, cas=version)
    kv.destroy("x", (2,))
    assert [kv.read("x", version).data for version in (1, 2, 3, 9)] == [{"a": "1"}, None, {"a": "3"}, None]


def test_names_of_a_folder(kv: KeyValue) -> None:
    """Folders end with a slash; an empty folder is no error."""
    assert kv.names("connectors") == ()
    for path in "connectors/a", "connectors/a/b", "connectors/c":
        kv.write(path, {"x": "y"}, cas=0)
    assert kv.names("connectors") == ("a", "a/", "c")


def test_mount_can_be_used_at_once_after_it_was_made(world: VaultWorld) -> None:
    """In its first moment a mount may say that it is upgrading; that is waited for (contracts/openbao.md §B)."""
    for number in range(20):
        world.admin.request("POST", f"sys/mounts/new-{number}", {"type": "kv", "options": {"version": "2"}})
        assert KeyValue(world.admin, f"new-{number}").write("x", {"a": "b"}, cas=0) == 1
