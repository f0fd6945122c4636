"""Secret-ids on a real server: handed out once, opened by nobody else, replaced before they end."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.conftest import MakeWorld
from tests.integration.vault_world import VaultWorld, a_connector, fresh_namespace, write_private
from vault_pim.domain.access import AppRoleAccess
from vault_pim.domain.connector import Connector
from vault_pim.domain.errors import ConfigurationError, Intercepted, NotAllowed, VaultLoginRefused, VaultRefusal
from vault_pim.domain.secret import SecretStr
from vault_pim.sandbox.openbao import SandboxBao
from vault_pim.vault.secret_ids import WrappedSecretId, destroy_secret_id, secret_id_end, wrap_secret_id
from vault_pim.vault.session import AppRoleLogin, VaultSession
from vault_pim.vault.setup import apply_setup, plan_setup

LOOKUP = ("GET", "auth/token/lookup-self")
BRIEF = AppRoleAccess(secret_id_ttl=timedelta(seconds=6))
ONCE = AppRoleAccess(secret_id_ttl=timedelta(days=7), secret_id_num_uses=1)


@pytest.fixture
def world(vault_world: MakeWorld) -> VaultWorld:
    """A connector whose secret-ids are good for one login, and one as usual."""
    return vault_world(a_connector("web", logins=(ONCE,)), a_connector("dam"))


def made_by_the_daemon(world: VaultWorld, connector: Connector) -> WrappedSecretId:
    """What `bootstrap` makes."""
    return wrap_secret_id(world.daemon, world.layout.connector_role(connector.id))


def received(directory: Path, wrapped: WrappedSecretId) -> AppRoleLogin:
    """What a connector is configured with that was given a one-time token and its role-id."""
    directory.mkdir(mode=0o700)
    write_private(directory / "token", wrapped.token.get_secret_value() + "\n")
    write_private(directory / "role_id", wrapped.role_id)
    return AppRoleLogin(
        mount=wrapped.mount,
        role_id_file=directory / "role_id",
        secret_id_file=directory / "secret_id",
        wrapping_token_file=directory / "token",
    )


def wait(seconds: float) -> None:
    """Let Vault's clock go on."""
    threading.Event().wait(seconds)


def log_in(world: VaultWorld, login: AppRoleLogin) -> VaultSession:
    """A new process of that login."""
    session = world.session(login)
    session.request(*LOOKUP)
    return session


def secret_ids(world: VaultWorld, connector: Connector) -> list[str]:
    """Accessors of all that there are."""
    path = f"{world.layout.connector_role(connector.id)}/secret-id/"
    return list(world.admin.request("LIST", path).data.get("keys", ()))


def test_first_login_opens_the_token_and_keeps_what_it_held(world: VaultWorld, tmp_path: Path) -> None:
    """The token goes away; later logins are by the secret-id, which only its owner can read."""
    login = received(tmp_path / "dam", made_by_the_daemon(world, world.connectors[1]))
    assert log_in(world, login).request(*LOOKUP).data["meta"] == {"role_name": "vault-pim.prod.dam"}
    assert sorted(path.name for path in login.secret_id_file.parent.iterdir()) == ["role_id", "secret_id"]
    assert login.secret_id_file.stat().st_mode & 0o777 == 0o600
    log_in(world, login)


def test_many_processes_at_their_first_login_open_the_token_once(world: VaultWorld, tmp_path: Path) -> None:
    """None of them takes another's opening for an interception."""
    login = received(tmp_path / "dam", made_by_the_daemon(world, world.connectors[1]))
    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(lambda _: log_in(world, login), range(6)))


def test_token_that_somebody_else_opened_is_an_interception(world: VaultWorld, tmp_path: Path) -> None:
    """Said so, with what to do; nothing is written."""
    wrapped = made_by_the_daemon(world, world.connectors[1])
    login = received(tmp_path / "dam", wrapped)
    world.admin.unwrap(wrapped.token, mount=wrapped.mount)
    with pytest.raises(Intercepted, match="INTERCEPTION") as caught:
        log_in(world, login)
    assert "bootstrap" in caught.value.advice
    assert not login.secret_id_file.exists()


def test_token_that_is_too_old_is_an_interception(world: VaultWorld, tmp_path: Path) -> None:
    """Vault does not say which of the two it is."""
    role = world.layout.connector_role(world.connectors[1].id)
    login = received(tmp_path / "dam", wrap_secret_id(world.daemon, role, timedelta(seconds=1)))
    wait(1.1)
    with pytest.raises(Intercepted):
        log_in(world, login)


@pytest.mark.parametrize("foreign", ["another connector's", "somebody's own"])
def test_token_put_in_the_place_of_ours_is_refused_unopened(world: VaultWorld, tmp_path: Path, foreign: str) -> None:
    """Whoever swapped it must not learn that it was taken, and his secret-id must not be used."""
    login = received(tmp_path / "dam", made_by_the_daemon(world, world.connectors[1]))
    if foreign == "another connector's":
        other = made_by_the_daemon(world, world.connectors[0])
    else:
        reply = world.admin.request("POST", "sys/wrapping/wrap", {"secret_id": "x"}, wrap_ttl=timedelta(minutes=1))
        other = replace(made_by_the_daemon(world, world.connectors[0]), token=_token(reply.body))
    assert login.wrapping_token_file is not None
    login.wrapping_token_file.write_text(other.token.get_secret_value())
    with pytest.raises(Intercepted, match="not made for this login"):
        log_in(world, login)
    assert world.admin.request(
        "POST", "sys/wrapping/lookup", {"token": other.token.get_secret_value()}
    ).found  # still to be opened


def _token(body: dict[str, dict[str, str]]) -> SecretStr:
    return SecretStr(body["wrap_info"]["token"])


def test_token_is_not_opened_where_its_secret_id_cannot_be_kept(world: VaultWorld, tmp_path: Path) -> None:
    """It is still good when the folder is mended."""
    login = received(tmp_path / "dam", made_by_the_daemon(world, world.connectors[1]))
    nowhere = replace(login, secret_id_file=tmp_path / "absent" / "secret_id")
    with pytest.raises(ConfigurationError):
        log_in(world, nowhere)
    log_in(world, login)


@dataclass(frozen=True, kw_only=True)
class Aged:
    """Logins whose secret-ids have just lived half their life; `before` is what was in the files."""

    world: VaultWorld
    logins: dict[str, AppRoleLogin]
    before: dict[str, str]

    def connector(self, name: str) -> Connector:
        """By its name."""
        return next(one for one in self.world.connectors if one.id.name == name)


@pytest.fixture(scope="module")
def aged(bao: SandboxBao, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aged]:
    """Made once, since Vault's clock must go on."""
    connectors = tuple(a_connector(name, logins=(BRIEF,)) for name in ("erp", "web", "dam"))
    home = tmp_path_factory.mktemp("aged")
    world = VaultWorld(bao=bao, directory=home, connectors=connectors, namespace=fresh_namespace())
    apply_setup(plan_setup(world.admin, world.layout, connectors, daemon=BRIEF))
    logins = {one.id.name: replace(world.login_of(one), renew=True) for one in connectors}
    logins["daemon"] = replace(world.write_login(world.layout.daemon_role, world.layout.daemon_auth), renew=True)
    before = {name: login.secret_id_file.read_text() for name, login in logins.items()}
    for login in logins.values():
        log_in(world, login)
    assert {name: login.secret_id_file.read_text() for name, login in logins.items()} == before, "replaced too early"
    wait(BRIEF.secret_id_ttl.total_seconds() / 2)
    yield Aged(world=world, logins=logins, before=before)
    world.close()


def test_secret_id_is_replaced_at_half_its_life(aged: Aged) -> None:
    """The new one is in the file, works, and is the only one."""
    erp, login = aged.connector("erp"), aged.logins["erp"]
    old = secret_ids(aged.world, erp)
    log_in(aged.world, login)
    assert login.secret_id_file.read_text() != aged.before["erp"]
    assert login.secret_id_file.stat().st_mode & 0o777 == 0o600
    new = secret_ids(aged.world, erp)
    assert len(new) == 1
    assert new != old
    log_in(aged.world, replace(login, renew=False))


def test_many_processes_that_share_a_file_leave_one_secret_id(aged: Aged) -> None:
    """One of them takes the new one; nobody is refused for it later."""
    login = aged.logins["web"]
    sessions = [aged.world.session(login) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda one: one.request(*LOOKUP), sessions))
    assert login.secret_id_file.read_text() != aged.before["web"]
    assert len(secret_ids(aged.world, aged.connector("web"))) == 1
    log_in(aged.world, login)


def test_folder_that_cannot_be_written_keeps_nobody_from_working(aged: Aged, caplog: pytest.LogCaptureFixture) -> None:
    """The old one is still good; the log says what is wrong."""
    login = aged.logins["dam"]
    (login.secret_id_file.parent / ".secret_id.new").mkdir()  # in the way, whoever we are
    log_in(aged.world, login)
    assert "was not renewed" in caplog.text
    assert login.secret_id_file.read_text() == aged.before["dam"]
    assert len(secret_ids(aged.world, aged.connector("dam"))) == 1


def test_daemon_replaces_its_own(aged: Aged) -> None:
    """By the same rule, with its own rights."""
    login, role = aged.logins["daemon"], aged.world.layout.daemon_role
    ends = secret_id_end(aged.world.daemon, role, login)
    log_in(aged.world, login)
    later = secret_id_end(aged.world.daemon, role, login)
    assert login.secret_id_file.read_text() != aged.before["daemon"]
    assert ends is not None
    assert later is not None
    assert later > ends


def test_secret_id_for_one_login_is_replaced_by_each(world: VaultWorld) -> None:
    """So whoever finds a used one has nothing."""
    login = replace(world.login_of(world.connectors[0]), renew=True)
    found = login.secret_id_file.read_text()
    for _ in range(3):
        log_in(world, login)
    login.secret_id_file.write_text(found)
    with pytest.raises(VaultLoginRefused):
        log_in(world, login)


def test_connector_takes_no_secret_id_but_its_own_as_its_role_says(world: VaultWorld) -> None:
    """Wrapped, without a word about its life, its uses or its networks; nobody else's, and no list of them."""
    dam, web = world.connectors[1], world.connectors[0]
    session, own = world.as_connector(dam), world.layout.connector_role(dam.id)
    minute, hours = timedelta(minutes=1), timedelta(hours=2)
    assert session.request("POST", f"{own}/secret-id", {}, wrap_ttl=minute).body["wrap_info"]["token"]
    refused: list[tuple[str, str, dict[str, object] | None, timedelta | None]] = [
        ("POST", f"{own}/secret-id", {}, None),
        ("POST", f"{own}/secret-id", {"ttl": "0"}, minute),
        ("POST", f"{own}/secret-id", {"num_uses": 0}, minute),
        ("POST", f"{own}/secret-id", {"cidr_list": []}, minute),
        ("POST", f"{own}/secret-id", {"metadata": "{}"}, minute),
        ("POST", f"{own}/secret-id", {}, hours),
        ("POST", f"{own}/custom-secret-id", {"secret_id": "mine"}, None),
        ("LIST", f"{own}/secret-id", None, None),
        ("GET", own, None, None),
        ("POST", f"{own}/secret-id-accessor/destroy", {"secret_id_accessor": "x"}, None),
        ("POST", f"{world.layout.connector_role(web.id)}/secret-id", {}, minute),
        ("POST", f"{world.layout.connector_role(web.id)}/secret-id/lookup", {"secret_id": "x"}, None),
        ("POST", f"{world.layout.connector_role(web.id)}/secret-id/destroy", {"secret_id": "x"}, None),
        ("POST", f"{world.layout.daemon_role}/secret-id", {}, minute),
    ]
    for method, path, body, wrap_ttl in refused:
        with pytest.raises(NotAllowed):
            session.request(method, path, body, wrap_ttl=wrap_ttl)


def test_intercepted_secret_id_is_ended_by_its_accessor_alone(world: VaultWorld) -> None:
    """The connector's other secret-ids go on; doing it twice is fine."""
    dam = world.connectors[1]
    other, wrapped = world.login_of(dam), made_by_the_daemon(world, dam)
    role = world.layout.connector_role(dam.id)
    assert destroy_secret_id(world.daemon, role, wrapped.accessor)
    assert not destroy_secret_id(world.daemon, role, wrapped.accessor)
    log_in(world, other)
    stolen = world.admin.unwrap(wrapped.token, mount=wrapped.mount).data["secret_id"]
    other.secret_id_file.write_text(stolen)
    with pytest.raises(VaultRefusal):
        log_in(world, other)
