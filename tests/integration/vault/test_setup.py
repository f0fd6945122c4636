"""`setup` against a real server: shows all, makes all, finds what differs, and is quiet when nothing does."""

import stat
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.integration.conftest import MakeWorld
from tests.integration.vault_world import VaultWorld, a_connector
from vault_pim.domain.access import AppRoleAccess
from vault_pim.domain.errors import Intercepted, NotSetUp, VaultRefusal
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import Layout, entity
from vault_pim.vault.secret_ids import unwrap_secret_id, wrap_secret_id
from vault_pim.vault.session import BadRequest
from vault_pim.vault.setup import apply_setup, plan_setup

BOUND = AppRoleAccess(secret_id_ttl=timedelta(days=7), bound_cidrs=("127.0.0.1/32", "10.0.0.0/8", "::1/128"))


@pytest.fixture
def world(vault_world: MakeWorld) -> VaultWorld:
    """A world with every kind of connector."""
    return vault_world(a_connector("erp", logins=(BOUND,)), a_connector("web"), a_connector("etl", logins=()))


def test_plan_shows_everything_in_order_and_changes_nothing(world: VaultWorld) -> None:
    """What an administrator sees before a first setup, and again, since looking made nothing."""
    layout = Layout(credentials_mount="c", state_mount="s", daemon_auth="d", connectors_auth="a")
    plan = plan_setup(world.admin, layout, [a_connector("new")])
    assert [(change.what, change.where) for change in plan] == [
        ("KV v2 mount", "sys/mounts/c"),
        ("KV settings", "c/config"),
        ("KV v2 mount", "sys/mounts/s"),
        ("KV settings", "s/config"),
        ("policy", "sys/policies/acl/vault-pim-daemon"),
        ("policy", "sys/policies/acl/vault-pim-connector"),
        ("login mount", "sys/auth/d"),
        ("role", "auth/d/role/vault-pim-daemon"),
        ("entity", "identity/entity/name/vault-pim.prod.new"),
        ("login mount", "sys/auth/a/prod/new"),
        ("role", "auth/a/prod/new/role/vault-pim.prod.new"),
        ("alias", "identity/entity/name/vault-pim.prod.new"),
    ]
    assert plan_setup(world.admin, layout, [a_connector("new")]) == plan
    apply_setup(plan)
    assert plan_setup(world.admin, layout, [a_connector("new")]) == []


def test_second_setup_has_nothing_to_change(world: VaultWorld) -> None:
    """What was made is what is declared, whatever spelling Vault gives it back in."""
    assert plan_setup(world.admin, world.layout, world.connectors) == []


@pytest.mark.parametrize(
    ("path", "body", "what"),
    [
        ("pim-state/config", {"cas_required": False}, "KV settings"),
        ("sys/policies/acl/vault-pim-daemon", {"policy": 'path "x" { capabilities = ["read"] }'}, "policy"),
        ("auth/approle/role/vault-pim-daemon", {"token_policies": ["administrator"]}, "role"),
        ("auth/vault-pim/prod/erp/role/vault-pim.prod.erp", {"token_bound_cidrs": []}, "role"),
        ("identity/entity/name/vault-pim.prod.erp", {"policies": ["administrator"]}, "entity"),
        ("identity/entity/name/vault-pim.prod.erp", {"metadata": {"pim": "prod", "connector": "web"}}, "entity"),
        ("auth/vault-pim/prod/erp/role/vault-pim.prod.erp/role-id", {"role_id": "another"}, "alias"),
    ],
)
def test_what_was_changed_by_hand_is_shown_and_put_back(
    world: VaultWorld, path: str, body: dict[str, object], what: str
) -> None:
    """One change, with what is there and what shall be; applying it leaves nothing to do."""
    world.admin.request("POST", path, body)
    plan = plan_setup(world.admin, world.layout, world.connectors)
    assert [change.what for change in plan] == [what]
    if what != "alias":
        assert plan[0].before is not None
        assert plan[0].after is not None
        assert set(plan[0].before) == set(plan[0].after) == set(body)
    apply_setup(plan)
    assert plan_setup(world.admin, world.layout, world.connectors) == []


def test_setup_leaves_a_cut_connector_cut(world: VaultWorld) -> None:
    """Mending an entity must not let a revoked connector in again."""
    path = entity(world.connectors[0].id)
    world.admin.request("POST", path, {"disabled": True, "metadata": {"pim": "x"}})
    apply_setup(plan_setup(world.admin, world.layout, world.connectors))
    found = world.admin.request("GET", path).data
    assert (found["disabled"], found["metadata"]) == (True, {"pim": "prod", "connector": "erp"})


def test_connector_that_was_added_is_all_that_setup_makes(world: VaultWorld) -> None:
    """The others keep their entity, alias and role-id."""
    before = world.admin.request("GET", entity(world.connectors[0].id)).data
    plan = plan_setup(world.admin, world.layout, [*world.connectors, a_connector("new")])
    assert [change.what for change in plan] == ["entity", "login mount", "role", "alias"]
    apply_setup(plan)
    assert world.admin.request("GET", entity(world.connectors[0].id)).data == before


def test_mount_of_another_type_is_left_alone(world: VaultWorld) -> None:
    """Somebody else's data is not ours to configure."""
    world.admin.request("POST", "sys/mounts/old", {"type": "kv", "options": {"version": "1"}})
    world.admin.request("POST", "sys/auth/people", {"type": "userpass"})
    for layout in replace(world.layout, state_mount="old"), replace(world.layout, daemon_auth="people"):
        with pytest.raises(VaultRefusal, match="another type"):
            plan_setup(world.admin, layout, [])


def test_setup_needs_an_administrator(world: VaultWorld) -> None:
    """The daemon cannot even look at what setup would do."""
    with pytest.raises(VaultRefusal, match="does not allow"):
        plan_setup(world.daemon, world.layout, world.connectors)


def test_write_without_check_and_set_is_refused_by_the_mount(world: VaultWorld) -> None:
    """Nobody overwrites a credential set or a record by mistake, an administrator neither."""
    for mount in "pim", "pim-state":
        with pytest.raises(BadRequest) as caught:
            world.admin.request("POST", f"{mount}/data/connectors/prod/erp", {"data": {"a": "b"}})
        assert caught.value.says("check-and-set parameter required")


def test_bound_login_is_refused_from_elsewhere(world: VaultWorld) -> None:
    """Bound to addresses that we are not at, the login itself is refused, not only its token."""
    elsewhere = a_connector("far", logins=(replace(BOUND, bound_cidrs=("10.0.0.0/8",)),))
    apply_setup(plan_setup(world.admin, world.layout, [elsewhere]))
    with pytest.raises(VaultRefusal, match="refused the login"):
        world.as_connector(elsewhere).request("GET", "auth/token/lookup-self")


def test_login_files_are_for_their_owner_alone(world: VaultWorld) -> None:
    """Also when a file of another mode was there before."""
    world.daemon_login.secret_id_file.chmod(0o644)
    again = world.write_login(world.layout.daemon_role, world.layout.daemon_auth)
    for login in world.daemon_login, again:
        assert stat.S_IMODE(login.role_id_file.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (again.role_id_file, again.secret_id_file)} == {0o600}
    assert [path.name for path in sorted(again.role_id_file.parent.iterdir())] == ["role_id", "secret_id"]


def test_wrapped_secret_id_opens_once(world: VaultWorld) -> None:
    """A second opening fails, which is how an interception is noticed."""
    role = world.layout.connector_role(world.connectors[1].id)
    wrapped = wrap_secret_id(world.daemon, role)
    assert unwrap_secret_id(world.daemon, wrapped)
    with pytest.raises(Intercepted):
        unwrap_secret_id(world.daemon, wrapped)


def test_secret_id_of_a_role_that_is_not_there_is_not_set_up(world: VaultWorld) -> None:
    """The advice is to run setup."""
    with pytest.raises(NotSetUp):
        wrap_secret_id(world.admin, world.layout.connector_role(a_connector("unknown").id))
    with pytest.raises(NotSetUp):
        wrap_secret_id(world.admin, "auth/approle/role/unknown")


def test_state_mount_keeps_ten_kv_versions(world: VaultWorld) -> None:
    """Enough to look back, and no more than that of any secret."""
    kv = KeyValue(world.admin, "pim-state")
    for version in range(12):
        kv.write("connectors/prod/erp", {"n": version}, cas=version)
    metadata = kv.metadata("connectors/prod/erp")
    assert metadata is not None
    assert metadata.readable == tuple(range(3, 13))
