"""A connector's access on a real server: seen, cut, restored; the other connectors feel nothing of it."""

import pytest

from tests.integration.conftest import MakeWorld
from tests.integration.vault_world import VaultWorld, a_connector, write_private
from vault_pim.domain.connector import Connector
from vault_pim.domain.errors import NotSetUp, VaultRefusal
from vault_pim.domain.facts import Presence
from vault_pim.vault.access import VaultAccess
from vault_pim.vault.layout import entity
from vault_pim.vault.secret_ids import unwrap_secret_id, wrap_secret_id
from vault_pim.vault.session import DeadToken, TokenLogin, VaultSession

LOOKUP = ("GET", "auth/token/lookup-self")


@pytest.fixture
def world(vault_world: MakeWorld) -> VaultWorld:
    """Two connectors with AppRole, one without."""
    return vault_world(a_connector("erp"), a_connector("web"), a_connector("etl", logins=()))


@pytest.fixture
def access(world: VaultWorld) -> VaultAccess:
    """The port with the daemon's rights."""
    return VaultAccess(world.daemon, world.layout)


@pytest.fixture
def erp(world: VaultWorld) -> Connector:
    """The connector that things happen to."""
    return world.connectors[0]


def bare_token(world: VaultWorld, connector: Connector, name: str) -> VaultSession:
    """A session that has a token of the connector and cannot log in again."""
    path = world.directory / name
    write_private(path, world.token(world.login_of(connector)))
    return world.session(TokenLogin(token_file=path))


def test_connector_set_up_is_as_declared(world: VaultWorld, access: VaultAccess) -> None:
    """Also the one that logs in by something else than AppRole."""
    assert [access.look(one).presence for one in world.connectors] == [Presence.AS_DECLARED] * 3


def test_connector_without_entity_is_absent(access: VaultAccess) -> None:
    """A connector that was added to the configuration and not set up yet."""
    assert access.look(a_connector("new")).presence is Presence.ABSENT


def test_connector_without_login_is_absent(access: VaultAccess) -> None:
    """AppRole was added to a connector that had none."""
    assert access.look(a_connector("etl")).presence is Presence.ABSENT


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("entity", {"metadata": {"pim": "prod", "connector": "web"}}),
        ("entity", {"metadata": {"pim": "prod", "connector": "erp", "also": "this"}}),
        ("entity", {"policies": ["administrator"]}),
        ("role", {"token_policies": ["vault-pim-connector", "administrator"]}),
        ("role", {"token_bound_cidrs": ["10.0.0.0/8"]}),
        ("role", {"token_type": "batch", "token_ttl": 60, "token_max_ttl": 60}),
        ("role", {"role_id": "another"}),
    ],
)
def test_access_that_was_changed_differs(
    world: VaultWorld, access: VaultAccess, erp: Connector, path: str, body: dict[str, object]
) -> None:
    """More rights, other rights, or a login that leads to no entity."""
    where = entity(erp.id) if path == "entity" else world.layout.connector_role(erp.id)
    world.admin.request("POST", where, body)
    assert access.look(erp).presence is Presence.DIFFERS


def test_cut_ends_tokens_and_logins_of_one_connector_alone(
    world: VaultWorld, access: VaultAccess, erp: Connector
) -> None:
    """The cut connector can do nothing any more; the other one's tokens and login go on."""
    web = world.connectors[1]
    ours = [bare_token(world, erp, f"erp-{number}") for number in range(3)]
    other, erp_login = bare_token(world, web, "web"), world.login_of(erp)
    assert (access.live_tokens(erp.id), access.live_tokens(web.id)) == (3, 1)
    access.cut(erp.id)
    assert access.look(erp).presence is Presence.CUT
    assert (access.live_tokens(erp.id), access.live_tokens(web.id)) == (0, 1)
    for session in ours:
        with pytest.raises(DeadToken):
            session.request(*LOOKUP)
    with pytest.raises(VaultRefusal, match="refused the login"):
        world.session(erp_login).request(*LOOKUP)
    assert other.request(*LOOKUP).found
    assert world.as_connector(web).request(*LOOKUP).found
    assert access.look(web).presence is Presence.AS_DECLARED


def test_restore_revives_no_old_token_and_no_old_login(world: VaultWorld, access: VaultAccess, erp: Connector) -> None:
    """Whoever had a token or a secret-id before the cut has nothing after the restoration."""
    session, old_login = bare_token(world, erp, "erp"), world.login_of(erp)
    session.request(*LOOKUP)
    access.cut(erp.id)
    access.restore(erp.id)
    assert access.look(erp).presence is Presence.AS_DECLARED
    with pytest.raises(DeadToken):
        session.request(*LOOKUP)
    with pytest.raises(VaultRefusal, match="refused the login"):
        world.session(old_login).request(*LOOKUP)


def test_secret_id_made_while_cut_works_after_restore(world: VaultWorld, access: VaultAccess, erp: Connector) -> None:
    """The way back: a new secret-id, wrapped, made with the daemon's own rights."""
    access.cut(erp.id)
    wrapped = wrap_secret_id(world.daemon, world.layout.connector_role(erp.id))
    login = world.login_of(erp)
    login.secret_id_file.write_text(unwrap_secret_id(world.daemon, wrapped).get_secret_value())
    access.restore(erp.id)
    assert world.session(login).request(*LOOKUP).data["meta"] == {"role_name": "vault-pim.prod.erp"}


def test_cutting_and_restoring_twice_is_fine(world: VaultWorld, access: VaultAccess, erp: Connector) -> None:
    """Also for a connector without AppRole; entity, metadata and alias stay what they were."""
    before = world.admin.request("GET", entity(erp.id)).data
    for one in erp, erp, world.connectors[2]:
        access.cut(one.id)
    for one in erp, erp, world.connectors[2]:
        access.restore(one.id)
    after = world.admin.request("GET", entity(erp.id)).data
    assert {key: after[key] for key in ("id", "metadata", "policies", "disabled")} == {
        key: before[key] for key in ("id", "metadata", "policies", "disabled")
    }
    assert [alias["id"] for alias in after["aliases"]] == [alias["id"] for alias in before["aliases"]]


def test_cutting_a_connector_that_vault_does_not_know_makes_no_entity(world: VaultWorld, access: VaultAccess) -> None:
    """There is nothing to cut, and nothing is left behind by trying."""
    unknown = a_connector("unknown").id
    access.cut(unknown)
    assert access.live_tokens(unknown) == 0
    assert not world.admin.request("GET", entity(unknown)).found
    with pytest.raises(NotSetUp):
        access.restore(unknown)
