"""The session on a real server: it lives through everything that happens to tokens, servers and networks."""

import http.server
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import MakeWorld
from tests.integration.vault_world import VaultWorld, write_private
from vault_pim.domain.errors import (
    ConfigurationError,
    Impossible,
    NotAllowed,
    NotSetUp,
    VaultNoAnswer,
    VaultRefusal,
    VaultSealed,
)
from vault_pim.sandbox.openbao import SandboxBao
from vault_pim.vault.session import AppRoleLogin, DeadToken, TokenLogin, VaultAddress, VaultSession

LOOKUP = ("GET", "auth/token/lookup-self")
CANARY = "canary-5up3r"


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def world(vault_world: MakeWorld) -> VaultWorld:
    """A world on the shared server."""
    return vault_world()


@pytest.fixture
def own_bao(tmp_path: Path) -> Iterator[SandboxBao]:
    """A server that the test may kill and seal."""
    with SandboxBao(tmp_path / "bao") as server:
        yield server


def accessor(session: VaultSession) -> str:
    """Which token the session uses."""
    return str(session.request(*LOOKUP).data["accessor"])


@contextmanager
def answering(
    status: int, body: object = None, headers: dict[str, str] | None = None
) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A listener that answers everything alike, and the headers of the requests it saw."""
    seen: list[dict[str, str]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(dict(self.headers))
            content = json.dumps(body).encode() if body is not None else b""
            self.send_response(status)
            for key, value in {"Content-Type": "application/json", **(headers or {})}.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 - the name the base class calls

        def log_message(self, *_: Any) -> None:
            """Silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", seen
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def session_at(url: str, directory: Path, **changes: Any) -> Iterator[VaultSession]:
    """A session with a token of no server."""
    token_file = directory / "token"
    write_private(token_file, CANARY)
    address = VaultAddress(url=url, login=TokenLogin(token_file=token_file))
    with VaultSession(replace(address, **changes)) as session:
        yield session


def test_one_login_serves_many_requests_of_many_threads(world: VaultWorld) -> None:
    """Threads that come first together do not each log in."""
    session = world.session(world.daemon_login)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: accessor(session), range(40)))) == 1


def test_token_is_renewed_at_two_thirds_of_its_life_when_used(world: VaultWorld) -> None:
    """A daemon that works keeps its token; Vault gives the whole period again."""
    clock = Clock()
    session = world.session(world.daemon_login, monotonic=clock)
    first = accessor(session)
    renewals = len(renewed(world))
    clock.seconds += 2300
    assert accessor(session) == first
    assert len(renewed(world)) == renewals
    clock.seconds += 200
    assert accessor(session) == first
    assert len(renewed(world)) == renewals + 1


def renewed(world: VaultWorld) -> list[str]:
    """The renewals that the server's audit log knows of in this world."""
    lines = [json.loads(line) for line in world.bao.audit_path.read_text().splitlines()]
    return [
        line["request"]["id"]
        for line in lines
        if line["type"] == "response"
        and line["request"]["path"] == "auth/token/renew-self"
        and line["request"].get("namespace", {}).get("path") == f"{world.namespace}/"
    ]


def test_token_past_its_life_is_replaced_without_being_tried(world: VaultWorld) -> None:
    """After a long sleep the session logs in anew."""
    clock = Clock()
    session = world.session(world.daemon_login, monotonic=clock)
    first = accessor(session)
    clock.seconds += 3601
    assert accessor(session) != first


def test_token_that_cannot_be_renewed_is_replaced(world: VaultWorld) -> None:
    """At its max TTL, or revoked just before the renewal."""
    clock = Clock()
    session = world.session(world.daemon_login, monotonic=clock)
    first = accessor(session)
    world.admin.request("POST", "auth/token/revoke-accessor", {"accessor": first})
    clock.seconds += 2500
    assert accessor(session) != first


def test_token_revoked_behind_our_back_is_replaced(world: VaultWorld) -> None:
    """The request that found out is sent again, and the caller notices nothing."""
    session = world.session(world.daemon_login)
    first = accessor(session)
    world.admin.request("POST", "auth/token/revoke-accessor", {"accessor": first})
    assert accessor(session) != first


def test_revoked_token_of_somebody_else_is_refused_and_a_new_file_taken(world: VaultWorld) -> None:
    """A token that we did not make cannot be made anew, but its file may be."""
    path = world.directory / "token"
    write_private(path, world.token(world.daemon_login))
    session = world.session(TokenLogin(token_file=path))
    first = accessor(session)
    world.admin.request("POST", "auth/token/revoke-accessor", {"accessor": first})
    with pytest.raises(DeadToken):
        accessor(session)
    path.write_text(world.token(world.daemon_login) + "\n")
    assert accessor(session) != first


def test_policy_denial_is_not_taken_for_a_dead_token(world: VaultWorld) -> None:
    """No new login, which would not help, and another error."""
    first = accessor(world.daemon)
    with pytest.raises(VaultRefusal, match="does not allow") as caught:
        world.daemon.request("GET", "sys/mounts")
    assert not isinstance(caught.value, DeadToken)
    assert accessor(world.daemon) == first


def test_closing_revokes_the_token_we_made(world: VaultWorld) -> None:
    """A command that ends leaves no token behind, and a token that was given to us lives on."""
    session = VaultSession(world.address(world.daemon_login))
    made = accessor(session)
    session.close()
    with pytest.raises(VaultRefusal):
        world.admin.request("POST", "auth/token/lookup-accessor", {"accessor": made})
    given = VaultSession(world.address(TokenLogin(token_file=world.directory / "admin-token")))
    given.request(*LOOKUP)
    given.close()
    assert world.admin.request(*LOOKUP).found


def test_login_with_a_wrong_secret_id_says_what_to_do(world: VaultWorld) -> None:
    """The advice names the file; neither the message nor its cause shows what stands in it."""
    world.daemon_login.secret_id_file.write_text(CANARY)
    with pytest.raises(VaultRefusal, match="refused the login") as caught:
        world.session(world.daemon_login).request(*LOOKUP)
    assert str(world.daemon_login.secret_id_file) in caught.value.advice


def test_replaced_secret_id_file_is_taken_at_the_next_login(world: VaultWorld) -> None:
    """Rotating the daemon's own secret-id needs no restart."""
    session = world.session(world.daemon_login)
    good = world.daemon_login.secret_id_file.read_text()
    world.daemon_login.secret_id_file.write_text("wrong")
    with pytest.raises(VaultRefusal):
        session.request(*LOOKUP)
    world.daemon_login.secret_id_file.write_text(good)
    assert session.request(*LOOKUP).found


def test_login_file_that_others_can_read_is_refused(world: VaultWorld) -> None:
    """At the login itself, not only by `config check`; nothing is sent."""
    world.daemon_login.secret_id_file.chmod(0o640)
    with pytest.raises(ConfigurationError, match="open to other accounts"):
        world.session(world.daemon_login).request(*LOOKUP)


def test_server_that_was_killed_gives_no_answer_and_is_found_again(own_bao: SandboxBao, vault_world: MakeWorld) -> None:
    """The same session goes on when the server is back, with the same token."""
    session = vault_world(server=own_bao).daemon
    first = accessor(session)
    own_bao.kill()
    with pytest.raises(VaultNoAnswer, match="was not reached"):
        session.request(*LOOKUP)
    own_bao.start()
    assert accessor(session) == first


def test_sealed_server_says_so(own_bao: SandboxBao, vault_world: MakeWorld) -> None:
    """Also to a session that must log in first; after unsealing both go on."""
    world = vault_world(server=own_bao)
    fresh = world.session(world.daemon_login)
    world.admin.request("POST", "sys/seal")
    for session in world.daemon, fresh:
        with pytest.raises(VaultSealed):
            session.request(*LOOKUP)
    own_bao.restart()
    assert world.daemon.request(*LOOKUP).found
    assert fresh.request(*LOOKUP).found


def test_locked_namespace_is_not_called_sealed(world: VaultWorld) -> None:
    """503 has two meanings, and unsealing helps against one (contracts/openbao.md §A, difference 5)."""
    world.daemon.request(*LOOKUP)
    locked = world.admin.request("POST", "sys/namespaces/api-lock/lock").data
    with pytest.raises(VaultNoAnswer, match="503") as caught:
        world.daemon.request(*LOOKUP)
    assert not isinstance(caught.value, VaultSealed)
    world.admin.request("POST", "sys/namespaces/api-lock/unlock", {"unlock_key": locked["unlock_key"]})


def test_unknown_namespace_and_mount_are_not_set_up(world: VaultWorld) -> None:
    """Both are 404 with words, unlike a path where there is nothing."""
    with pytest.raises(NotSetUp):
        world.admin.request("GET", "nowhere/data/x")
    assert not world.admin.request("GET", "pim/data/x").found
    elsewhere = replace(world.address(TokenLogin(token_file=world.directory / "admin-token")), namespace="nowhere")
    with VaultSession(elsewhere) as session, pytest.raises(NotSetUp) as caught:
        session.request("GET", "sys/mounts")
    assert "namespace not found" in caught.value.why


def test_tls_is_verified_by_the_configured_authority_alone(
    tmp_path: Path, vault_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its authority it works; by the system store or another authority it is refused before anything is sent."""
    with SandboxBao(tmp_path / "bao", tls=True) as bao, SandboxBao(tmp_path / "other", tls=True) as other:
        world = vault_world(server=bao)
        assert world.daemon.request(*LOOKUP).found
        requests_before = bao.audit_path.read_text().count('"request"')
        for ca_cert in None, other.ca_cert:
            address = replace(world.address(world.daemon_login), ca_cert=ca_cert)
            with VaultSession(address) as session, pytest.raises(VaultNoAnswer, match="prove") as caught:
                session.request(*LOOKUP)
            assert "vault.ca_cert" in caught.value.advice
        assert bao.audit_path.read_text().count('"request"') == requests_before
        monkeypatch.setenv("SSL_CERT_FILE", str(bao.ca_cert))  # as if it stood in the system store
        with VaultSession(replace(world.address(world.daemon_login), ca_cert=None)) as session:
            assert session.request(*LOOKUP).found
        world.close()


def test_token_of_the_environment_is_used_only_if_configured(
    world: VaultWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither VAULT_TOKEN nor a token file at home replaces the configured login."""
    token = world.token(world.daemon_login)
    monkeypatch.setenv("VAULT_TOKEN", token)
    monkeypatch.setenv("HOME", str(world.directory))
    (world.directory / ".vault-token").write_text(token)
    in_environment = accessor(world.session(TokenLogin()))
    assert accessor(world.daemon) != in_environment
    monkeypatch.delenv("VAULT_TOKEN")
    with pytest.raises(ConfigurationError, match="VAULT_TOKEN is not set"):
        world.session(TokenLogin()).request(*LOOKUP)


def test_proxy_and_netrc_of_the_environment_are_not_used(world: VaultWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the configuration says where the token goes."""
    (world.directory / "netrc").write_text(f"machine 127.0.0.1 login x password {CANARY}")
    monkeypatch.setenv("NETRC", str(world.directory / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert world.daemon.request(*LOOKUP).found


def test_redirect_to_a_stranger_is_refused_without_the_token(tmp_path: Path) -> None:
    """The token would travel with it (contracts/openbao.md §B, "hvac traps")."""
    with (
        answering(200, {"data": {"ttl": 0}}) as (stranger, seen),
        answering(307, headers={"Location": f"{stranger}/v1/{LOOKUP[1]}"}) as (standby, _),
        session_at(standby, tmp_path) as session,
        pytest.raises(VaultNoAnswer, match=f"redirects to {stranger}"),
    ):
        session.request(*LOOKUP)
    assert seen == []


def test_redirect_to_a_node_of_the_cluster_is_followed(world: VaultWorld) -> None:
    """A standby that cannot forward sends us to the active node."""
    with answering(307, headers={"Location": f"{world.bao.url}/v1/{LOOKUP[1]}"}) as (standby, _):
        address = replace(
            world.address(TokenLogin(token_file=world.directory / "admin-token")), url=standby, also=(world.bao.url,)
        )
        with VaultSession(address) as session:
            assert session.request(*LOOKUP).found


@pytest.mark.parametrize(
    ("status", "texts", "kind"),
    [
        (403, ["permission denied"], DeadToken),
        (403, ["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"], DeadToken),
        (403, ["1 error occurred:\n\t* permission denied\n\n"], NotAllowed),
        (405, ["unsupported operation"], VaultRefusal),
        (412, ["required index state not present"], VaultNoAnswer),
        (429, [], VaultNoAnswer),
        (472, [], VaultNoAnswer),
        (473, [], VaultNoAnswer),
        (500, ["local node not active but active cluster node not found"], VaultNoAnswer),
        (500, ["leadership lost while committing log"], VaultNoAnswer),
        (501, [], VaultSealed),
        (502, None, VaultNoAnswer),
        (503, ["Vault is sealed"], VaultSealed),
        (503, ["API access to this namespace has been locked by an administrator"], VaultNoAnswer),
    ],
)
def test_answer_says_whose_move_it_is(
    tmp_path: Path, status: int, texts: list[str] | None, kind: type[Exception]
) -> None:
    """contracts/openbao.md §B, "Server state", and the wording of HashiCorp Vault where it differs."""
    with (
        answering(status, None if texts is None else {"errors": texts}) as (url, _),
        session_at(url, tmp_path) as session,
        pytest.raises(kind) as caught,
    ):
        session.request("GET", "pim/data/x")
    assert type(caught.value) is kind


def test_no_secret_is_in_any_error(world: VaultWorld, tmp_path: Path) -> None:
    """Not in the message, the cause, the context, nor anything they hold, whatever goes wrong while sending one."""
    body = {"data": {"password": CANARY}, "options": {"cas": 9}}
    failures: list[BaseException] = []

    def fails(session: VaultSession, path: str = "pim/data/connectors/prod/erp") -> None:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is
            session.request("POST", path, body)
        failures.append(caught.value)

    fails(world.daemon)
    fails(world.daemon, "pim/data/elsewhere")
    fails(world.admin, f"pim/data/{'x' * 600}")
    with answering(400, {"errors": [f"failed to parse {CANARY}"]}) as (echo, _), session_at(echo, tmp_path) as session:
        fails(session)
    with session_at(echo, tmp_path) as session:
        fails(session)
    with session_at("http://127.0.0.1:9", tmp_path) as session:
        (tmp_path / "token").write_text(f"{CANARY}\n{CANARY}")
        fails(session)
    login = AppRoleLogin(role_id_file=tmp_path / "token", secret_id_file=tmp_path / "token", mount="approle")
    fails(world.session(login))
    for failure in failures:
        link: BaseException | None = failure
        while link is not None:
            assert CANARY not in f"{link} {link!r} {link.args} {vars(link)}", repr(failure)
            link = link.__cause__ or link.__context__


@pytest.mark.parametrize(
    "path", ["pim/data/../config", "pim/data/a b", "/sys/seal", "pim//data", "", "pim/data/x?list=1"]
)
def test_path_that_is_not_what_it_seems_is_never_sent(world: VaultWorld, path: str) -> None:
    """requests would resolve `..` before sending."""
    with pytest.raises(Impossible, match="is no path"):
        world.daemon.request("GET", path)


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8200", "ftp://vault.example.com", "https://user:pw@vault.example.com", "https://"]
)
def test_address_that_is_none_is_a_configuration_error(tmp_path: Path, url: str) -> None:
    """A user in the address would be a secret in a log."""
    with pytest.raises(ConfigurationError, match=r"vault\.url"), session_at(url, tmp_path):
        pass


def test_authority_that_cannot_be_read_is_a_configuration_error(tmp_path: Path) -> None:
    """Said at once, not at the first request."""
    (tmp_path / "ca.pem").write_text("no certificate")
    for name in "ca.pem", "missing.pem":
        with (
            pytest.raises(ConfigurationError, match=name),
            session_at("https://127.0.0.1:9", tmp_path, ca_cert=tmp_path / name),
        ):
            pass


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_missing_or_empty_login_file_is_a_configuration_error(tmp_path: Path, content: str | None) -> None:
    """The file is named."""
    if content is not None:
        write_private(tmp_path / "role_id", content)
    login = AppRoleLogin(role_id_file=tmp_path / "role_id", secret_id_file=tmp_path / "secret_id")
    address = VaultAddress(url="http://127.0.0.1:9", login=login)
    with VaultSession(address) as session, pytest.raises(ConfigurationError, match="role_id"):
        session.request(*LOOKUP)
