"""Who may do what: connectors read their own path alone, and the daemon cannot give anybody more rights."""

from collections.abc import Iterator

import pytest

from tests.integration.vault.test_credentials import a_generation, a_set
from tests.integration.vault_world import THREE, VaultWorld
from vault_pim.domain.errors import NotSetUp, VaultRefusal
from vault_pim.sandbox.openbao import SandboxBao
from vault_pim.vault.credentials import VaultCredentialStore
from vault_pim.vault.layout import readers, record
from vault_pim.vault.policies import daemon_policy
from vault_pim.vault.rights import excess, lacking
from vault_pim.vault.secret_ids import wrap_secret_id
from vault_pim.vault.session import BadRequest, DeadToken

ROLE = "auth/vault-pim/prod/erp/role/vault-pim.prod.erp"
FORBIDDEN_TO_THE_DAEMON = [
    # more rights for somebody's entity
    ("POST", "identity/entity/name/vault-pim.prod.erp", {"policies": ["administrator"]}),
    ("POST", "identity/entity/name/vault-pim.prod.erp", {"disabled": False, "policies": ["administrator"]}),
    ("POST", "identity/entity/name/vault-pim.prod.erp", {"metadata": {"pim": "prod", "connector": "web"}}),
    ("POST", "identity/entity/name/administrator", {"disabled": True}),
    ("POST", "identity/entity", {"name": "vault-pim.prod.new", "policies": ["administrator"]}),
    ("DELETE", "identity/entity/name/vault-pim.prod.erp", None),
    ("POST", "identity/entity/merge", {"from_entity_ids": ["a"], "to_entity_id": "b"}),
    ("POST", "identity/group", {"name": "mine", "policies": ["administrator"]}),
    # a login of its own for somebody's entity
    ("POST", "identity/entity-alias", {"name": "x", "canonical_id": "y", "mount_accessor": "z"}),
    ("POST", "identity/oidc/key/mine", {}),
    # AppRoles with other policies, in the connectors' mounts and in its own
    ("POST", ROLE, {"token_policies": ["administrator"]}),
    ("POST", f"{ROLE}/policies", {"token_policies": ["administrator"]}),
    ("POST", "auth/vault-pim/prod/erp/role/mine", {"token_policies": ["administrator"]}),
    ("POST", f"{ROLE}/role-id", {"role_id": "mine"}),
    ("POST", f"{ROLE}/bind-secret-id", {"bind_secret_id": False}),
    ("POST", f"{ROLE}/token-bound-cidrs", {"token_bound_cidrs": []}),
    ("POST", f"{ROLE}/custom-secret-id", {"secret_id": "mine"}),
    ("DELETE", ROLE, None),
    ("POST", "auth/approle/role/vault-pim-daemon", {"token_policies": ["administrator"]}),
    ("POST", "auth/approle/role/vault-pim-daemon/secret-id", {}),
    ("POST", "auth/approle/role/mine", {"token_policies": ["administrator"]}),
    # logins of other methods
    ("POST", "auth/vault-pim/prod/erp.jwt/config", {"jwks_url": "https://mine"}),
    ("POST", "auth/vault-pim/prod/erp.jwt/role/vault-pim.prod.erp", {"bound_claims": {}}),
    ("POST", "auth/vault-pim/prod/erp.kubernetes/config", {"kubernetes_host": "https://mine"}),
    ("POST", "auth/vault-pim/prod/erp.kubernetes/role/mine", {"token_policies": ["administrator"]}),
    ("POST", "auth/vault-pim/prod/erp.certificate/certs/mine", {"certificate": "x"}),
    ("POST", "sys/auth/vault-pim/prod/erp.jwt", {"type": "jwt"}),
    # an unwrapped secret-id
    ("POST", f"{ROLE}/secret-id", {}),
    # tokens
    ("POST", "auth/token/create", {}),
    ("POST", "auth/token/create-orphan", {}),
    ("LIST", "auth/token/accessors", None),
    ("POST", "auth/token/lookup-accessor", {"accessor": "x"}),
    ("POST", "auth/token/revoke-accessor", {"accessor": "x"}),
    ("POST", "auth/token/revoke", {"token": "x"}),
    ("POST", "sys/leases/revoke-prefix/auth/approle/login", {}),
    ("POST", "sys/leases/revoke-prefix/auth", {}),
    ("POST", "sys/leases/revoke-prefix/auth/vault-pim/prod", {}),
    ("POST", "sys/leases/revoke-force/auth/vault-pim/prod/erp/login", {}),
    ("LIST", "sys/leases/lookup/auth/approle/login", None),
    # policies, mounts, the server itself
    ("GET", "sys/policies/acl/vault-pim-daemon", None),
    ("POST", "sys/policies/acl/vault-pim-daemon", {"policy": 'path "*" { capabilities = ["sudo"] }'}),
    ("POST", "sys/policies/acl/vault-pim-connector", {"policy": 'path "*" { capabilities = ["read"] }'}),
    ("POST", "sys/policy/mine", {"policy": 'path "*" { capabilities = ["read"] }'}),
    ("POST", "sys/mounts/mine", {"type": "kv"}),
    ("POST", "sys/mounts/pim/tune", {"max_lease_ttl": "1h"}),
    ("DELETE", "sys/mounts/pim", None),
    ("GET", "sys/mounts", None),
    ("POST", "sys/auth/vault-pim/prod/mine", {"type": "approle"}),
    ("DELETE", "sys/auth/vault-pim/prod/erp", None),
    ("POST", "sys/namespaces/mine", {}),
    ("POST", "sys/seal", {}),
    ("POST", "sys/audit-hash/main", {"input": "x"}),
    # other secrets, and what must never be deleted
    ("GET", "secret/data/payroll", None),
    ("GET", "pim/data/elsewhere", None),
    ("POST", "pim/config", {"cas_required": False}),
    ("DELETE", "pim/data/connectors/prod/erp", None),
    ("DELETE", "pim/metadata/connectors/prod/erp", None),
    ("POST", "pim/metadata/connectors/prod/erp", {"cas_required": False}),
    ("PATCH", "pim/metadata/connectors/prod/erp", {"cas_required": False}),
    ("PATCH", "pim/metadata/connectors/prod/erp", {"custom_metadata": {"a": "b"}, "max_versions": 1}),
    ("POST", "pim/metadata/readers/prod/erp/one", {"custom_metadata": {"generation": "1"}}),
    ("POST", "pim/data/readers/prod/erp/one", {"data": {}, "options": {"cas": 0}}),
    ("DELETE", "pim-state/metadata/connectors/prod/erp", None),
    ("DELETE", "pim-state/data/connectors/prod/erp", None),
    ("POST", "pim-state/destroy/connectors/prod/erp", {"versions": [1]}),
    ("DELETE", "pim-state/metadata/keys/fingerprint", None),
]


@pytest.fixture(scope="module")
def module_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VaultWorld]:
    """One world for all these questions, since none may change anything; in a root namespace, where most could."""
    home = tmp_path_factory.mktemp("least-privilege")
    with SandboxBao(home / "bao") as bao:
        world = VaultWorld(bao=bao, directory=home, namespace=None, connectors=THREE)
        _fill(world)
        yield world
        world.close()


def _fill(world: VaultWorld) -> None:
    world.admin.request("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
    store = VaultCredentialStore(world.daemon, world.layout)
    for number, connector in enumerate(world.connectors, start=1):
        store.hold(connector.id, number, a_set(connector.id.name))
        store.publish(connector, a_generation(number), a_set(connector.id.name), None)


@pytest.mark.parametrize(
    ("method", "path", "body"), FORBIDDEN_TO_THE_DAEMON, ids=[f"{one[0]} {one[1]}" for one in FORBIDDEN_TO_THE_DAEMON]
)
def test_daemon_is_refused(module_world: VaultWorld, method: str, path: str, body: dict[str, object] | None) -> None:
    """Each way to more rights, to other secrets, or to harm others is closed by policy, not by chance."""
    with pytest.raises(VaultRefusal, match="does not allow") as caught:
        module_world.daemon.request(method, path, body, merge_patch=method == "PATCH")
    assert not isinstance(caught.value, BadRequest | DeadToken | NotSetUp)


def test_daemon_may_make_wrapped_secret_ids(module_world: VaultWorld) -> None:
    """The counterpart of the refusal above, so that it is not refused for another reason."""
    assert wrap_secret_id(module_world.daemon, ROLE).role_id


def test_daemon_lacks_no_right_of_its_policy_and_has_no_other(module_world: VaultWorld) -> None:
    """What `doctor` asks Vault about is the policy itself, rule by rule."""
    assert lacking(module_world.daemon, module_world.layout) == ()
    assert excess(module_world.daemon) == ()


def test_every_rule_of_the_policy_is_asked_about(module_world: VaultWorld) -> None:
    """Somebody else's login lacks at least one right of each."""
    stranger = module_world.as_connector(module_world.connectors[0])
    paths = {missing.split()[1] for missing in lacking(stranger, module_world.layout)}
    own = daemon_policy(module_world.layout).count('path "auth/token/')  # those three any login may
    assert len(paths) == daemon_policy(module_world.layout).count('path "') - own
    assert excess(stranger) == ("what policy vault-pim-connector allows",)


def test_each_connector_reads_its_own_path_and_no_other(module_world: VaultWorld) -> None:
    """Three connectors, each with its own AppRole: nine reads, three allowed."""
    allowed = set()
    for reader in module_world.connectors:
        session = module_world.as_connector(reader)
        for owner in module_world.connectors:
            for kind in "data", "metadata":
                try:
                    reply = session.request("GET", f"pim/{kind}/{record(owner.id)}")
                except VaultRefusal:
                    continue
                assert reply.found
                allowed.add((reader.id.name, owner.id.name, kind))
    names = [one.id.name for one in module_world.connectors]
    assert allowed == {(name, name, kind) for name in names for kind in ("data", "metadata")}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("LIST", "pim/metadata/connectors", None),
        ("LIST", "pim/metadata/connectors/prod", None),
        ("LIST", "pim-state/metadata/connectors", None),
        ("GET", "pim-state/data/connectors/prod/erp", None),
        ("GET", "pim-state/data/pending/prod/erp/1", None),
        ("GET", "pim-state/data/keys/fingerprint", None),
        ("POST", "pim/data/connectors/prod/erp", {"data": {}, "options": {"cas": 1}}),
        ("DELETE", "pim/data/connectors/prod/erp", None),
        ("POST", "pim/undelete/connectors/prod/erp", {"versions": [1]}),
        ("GET", "identity/entity/name/vault-pim.prod.web", None),
        ("POST", "identity/entity/name/vault-pim.prod.erp", {"disabled": False}),
        ("POST", f"{ROLE}/secret-id", {}),
        ("POST", "auth/token/create", {}),
        ("POST", "pim/metadata/readers/prod/web/one", {"custom_metadata": {"generation": "1"}}),
        ("DELETE", "pim/metadata/readers/prod/web/one", None),
        ("POST", "pim/metadata/readers/prod/erp/one/two", {"custom_metadata": {"generation": "1"}}),
        ("POST", "pim/metadata/readers/prod/erp/one", {"max_versions": 1}),
        ("POST", "pim/data/readers/prod/erp/one", {"data": {}, "options": {"cas": 0}}),
        ("GET", "pim/metadata/readers/prod/erp/one", None),
        ("LIST", "pim/metadata/readers/prod/erp", None),
    ],
)
def test_connector_is_refused_everything_else(
    module_world: VaultWorld, method: str, path: str, body: dict[str, object] | None
) -> None:
    """No writing, no listing, no state, no rights, not even at its own path."""
    with pytest.raises(VaultRefusal, match="does not allow"):
        module_world.as_connector(module_world.connectors[0]).request(method, path, body)


def test_connector_says_which_generation_it_uses(module_world: VaultWorld) -> None:
    """Its own readers alone: said, said again, read by the daemon, deleted by either."""
    connector = module_world.connectors[0]
    session, path = module_world.as_connector(connector), f"pim/metadata/{readers(connector.id)}"
    for reader, deleter in ("host-1", session), ("host-2", module_world.daemon):
        for generation in "1", "2":
            session.request("POST", f"{path}/{reader}", {"custom_metadata": {"generation": generation}})
        assert module_world.daemon.request("LIST", path).data["keys"] == [reader]
        assert module_world.daemon.request("GET", f"{path}/{reader}").data["custom_metadata"] == {"generation": "2"}
        deleter.request("DELETE", f"{path}/{reader}")
        assert not module_world.daemon.request("LIST", path).found


def test_login_without_an_entity_reads_nothing(module_world: VaultWorld) -> None:
    """An AppRole with the connector policy but no entity of ours gets no path out of the template."""
    world = module_world
    world.admin.request("POST", "auth/approle/role/stray", {"token_policies": ["vault-pim-connector"]})
    session = world.session(world.write_login("auth/approle/role/stray", "approle"))
    with pytest.raises(VaultRefusal, match="does not allow"):
        session.request("GET", "pim/data/connectors/prod/erp")
