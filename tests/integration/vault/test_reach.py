"""What a connector's own login opens in Vault, and that looking leaves nothing behind."""

from datetime import timedelta

import pytest

from tests.integration.conftest import MakeWorld
from tests.integration.vault.test_credentials import a_generation, a_set
from tests.integration.vault_world import THREE, VaultWorld, a_connector
from vault_pim.domain.access import AppRoleAccess
from vault_pim.domain.connector import Connector, ConnectorId
from vault_pim.domain.errors import Intercepted, NotAllowed
from vault_pim.domain.outcomes import Refused
from vault_pim.domain.secret import SecretStr
from vault_pim.domain.separation import Reach
from vault_pim.vault.access import VaultAccess
from vault_pim.vault.credentials import VaultCredentialStore
from vault_pim.vault.fingerprints import VaultFingerprints
from vault_pim.vault.issued import IssuedValues
from vault_pim.vault.layout import entity
from vault_pim.vault.secret_ids import WrappedSecretId, unwrap_secret_id
from vault_pim.vault.session import VaultSession

ERP, WEB, DAM = THREE
OTHERS = {WEB.id: (1, 2), DAM.id: ()}
OWN = Reach(own=True, opened=(), refused=frozenset(OTHERS), tried=2)


@pytest.fixture
def world(vault_world: MakeWorld) -> VaultWorld:
    """Three connectors, each with a served set."""
    made = vault_world()
    issued = IssuedValues(made.daemon, made.layout, VaultFingerprints(made.daemon, made.layout))
    store = VaultCredentialStore(made.daemon, made.layout, issued)
    for connector in THREE:
        store.publish(connector, a_generation(1), a_set("1"), None)
    return made


def access(world: VaultWorld) -> VaultAccess:
    """With the daemon's rights alone."""
    return VaultAccess(world.daemon, world.layout)


def left_of(world: VaultWorld, connector: Connector) -> tuple[int, int]:
    """Secret-ids and live tokens of a connector."""
    accessors = world.admin.request("LIST", f"{world.layout.connector_role(connector.id)}/secret-id/").data
    return len(accessors.get("keys", ())), access(world).live_tokens(connector.id)


def test_own_path_opens_and_all_others_refuse(world: VaultWorld) -> None:
    """By a real login, of which nothing is left."""
    assert [left_of(world, one) for one in THREE] == [(0, 0)] * 3
    assert access(world).reach(ERP, OTHERS) == OWN
    assert [left_of(world, one) for one in THREE] == [(0, 0)] * 3


def test_connector_in_the_guise_of_another_is_seen(world: VaultWorld) -> None:
    """Whoever may change an entity's metadata gives its login another path."""
    metadata = {"pim": WEB.id.pim, "connector": WEB.id.name}
    world.admin.request("POST", entity(ERP.id), {"metadata": metadata})
    seen = access(world).reach(ERP, OTHERS)
    assert isinstance(seen, Reach)
    assert (seen.own, seen.refused) == (False, frozenset({DAM.id}))
    assert seen.opened == (
        "auth/vault-pim/prod/web/role/vault-pim.prod.web/secret-id",
        "pim/data/connectors/prod/web",
        "pim/metadata/connectors/prod/web",
    )


@pytest.mark.parametrize(
    ("path", "opened", "refused"),
    [
        (
            "pim-state/data/pending/+/web/*",
            {f"pim-state/data/pending/prod/web/{number}" for number in (1, 2)},
            {DAM.id},
        ),
        ("pim-state/data/keys/*", {f"pim-state/data/keys/{key}" for key in ("fingerprint", "signing")}, set(OTHERS)),
        ("pim-state/data/connectors/*", {"pim-state/data/connectors/prod/erp"}, set(OTHERS)),
        ("auth/vault-pim/+/dam/*", {"auth/vault-pim/prod/dam/role/vault-pim.prod.dam/secret-id"}, {WEB.id}),
        ("auth/approle/*", {"auth/approle/role/vault-pim-daemon/secret-id"}, set(OTHERS)),
    ],
)
def test_policy_that_was_widened_by_hand_is_seen(
    world: VaultWorld, path: str, opened: set[str], refused: set[ConnectorId]
) -> None:
    """Held sets, vault-pim's own keys and records, and what makes a login as somebody else: each path is named."""
    policy = f'path "{path}" {{ capabilities = ["read", "update"] }}'
    world.admin.request("POST", "sys/policies/acl/extra", {"policy": policy})
    world.admin.request("POST", entity(ERP.id), {"policies": ["extra"]})
    seen = access(world).reach(ERP, OTHERS)
    assert isinstance(seen, Reach)
    assert (seen.own, set(seen.refused), set(seen.opened)) == (True, refused, opened)


def test_login_that_cannot_be_tried_says_why(vault_world: MakeWorld) -> None:
    """Bound to other networks, or no login by AppRole at all; a secret-id that was made is destroyed."""
    bound = AppRoleAccess(secret_id_ttl=timedelta(days=1), bound_cidrs=("192.0.2.0/24",))
    elsewhere = a_connector("far", logins=(bound,))
    without = a_connector("none", logins=())
    world = vault_world(elsewhere, without)
    refused = access(world).reach(elsewhere, {})
    assert isinstance(refused, Refused)
    assert "its networks may not allow it" in refused.reason
    assert left_of(world, elsewhere) == (0, 0)
    refused = access(world).reach(without, {})
    assert isinstance(refused, Refused)
    assert "does not log in by AppRole" in refused.reason


def test_refusal_is_of_the_login_alone(world: VaultWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret-id that somebody else opened first, and a policy that forbids the asking, are no refused login."""

    def come_late(session: VaultSession, wrapped: WrappedSecretId) -> SecretStr:
        unwrap_secret_id(session, wrapped)
        return unwrap_secret_id(session, wrapped)

    with monkeypatch.context() as patched:
        patched.setattr("vault_pim.vault.reach.unwrap_secret_id", come_late)
        with pytest.raises(Intercepted):
            access(world).reach(ERP, OTHERS)
    assert left_of(world, ERP) == (0, 0)
    policy = 'path "sys/capabilities-self" { capabilities = ["deny"] }'
    world.admin.request("POST", "sys/policies/acl/extra", {"policy": policy})
    world.admin.request("POST", entity(ERP.id), {"policies": ["extra"]})
    with pytest.raises(NotAllowed):
        access(world).reach(ERP, OTHERS)
    assert left_of(world, ERP) == (0, 0)
    VaultAccess(world.daemon, world.layout).cut(ERP.id)
    refused = access(world).reach(ERP, OTHERS)
    assert isinstance(refused, Refused)
    assert refused.reason.startswith("logging in as it failed")


def test_secret_id_for_a_single_login_is_gone_by_then(vault_world: MakeWorld) -> None:
    """Vault cannot find it any more, which is as well."""
    once = a_connector("once", logins=(AppRoleAccess(secret_id_ttl=timedelta(days=1), secret_id_num_uses=1),))
    world = vault_world(once)
    seen = access(world).reach(once, OTHERS)
    assert isinstance(seen, Reach)
    assert (seen.refused, left_of(world, once)) == (frozenset(OTHERS), (0, 0))


def test_hundreds_of_others_are_asked_about_and_some_tried(world: VaultWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """In questions that Vault takes."""
    monkeypatch.setattr("vault_pim.vault.reach.TRIED_AT_MOST", 10)
    others = OTHERS | {ConnectorId(pim="prod", name=f"n{number}"): (1,) for number in range(500)}
    seen = access(world).reach(ERP, others)
    assert isinstance(seen, Reach)
    assert (seen.own, seen.opened, len(seen.refused)) == (True, (), 502)
    assert seen.tried == 10
