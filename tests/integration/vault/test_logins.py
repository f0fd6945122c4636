"""Every login of every connector on a real server over TLS: it opens one path, before and after everything."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.issuers import API_SERVER, Authority, Cluster, Signer, a_cluster
from tests.integration.vault.test_credentials import a_generation, a_set
from tests.integration.vault_world import VaultWorld, a_connector, write_private
from vault_pim.domain.access import (
    AppRoleAccess,
    CertificateAccess,
    CertificateIssuer,
    JwtAccess,
    JwtIssuer,
    KubernetesAccess,
    KubernetesIssuer,
    Reviewer,
)
from vault_pim.domain.connector import Connector
from vault_pim.domain.errors import VaultRefusal
from vault_pim.domain.facts import Presence
from vault_pim.domain.identity import Method
from vault_pim.sandbox.openbao import SandboxBao
from vault_pim.vault.access import VaultAccess
from vault_pim.vault.credentials import VaultCredentialStore
from vault_pim.vault.layout import entity, record
from vault_pim.vault.session import (
    CertificateLogin,
    DeadToken,
    JwtLogin,
    KubernetesLogin,
    Login,
    TokenLogin,
    VaultSession,
)
from vault_pim.vault.setup import apply_setup, plan_setup

LOOKUP = ("GET", "auth/token/lookup-self")
NAMES = ("erp", "web", "dam")


@dataclass(kw_only=True)
class Town:
    """A Vault whose connectors have every login there is, and those who vouch for them."""

    world: VaultWorld
    cluster: Cluster
    signer: Signer
    authority: Authority

    @property
    def access(self) -> VaultAccess:
        """The port with the daemon's rights."""
        return VaultAccess(self.world.daemon, self.world.layout)

    def connector(self, name: str) -> Connector:
        """One of the three."""
        return next(one for one in self.world.connectors if one.id.name == name)

    def login(self, connector: Connector, method: Method) -> Login:
        """What its program would be configured with."""
        name, mount = connector.id.name, self.world.layout.login_mount(connector.id, method)
        match method:
            case Method.APPROLE:
                return self.world.login_of(connector)
            case Method.KUBERNETES:
                token_file = self.file(f"{name}.pod", self.cluster.token("shop", name))
                return KubernetesLogin(mount=mount, role=connector.id.identity, token_file=token_file)
            case Method.JWT:
                token = self.signer.token(iss="https://id.example.com", aud="vault", sub=name, environment="prod")
                return JwtLogin(mount=mount, role=connector.id.identity, token_file=self.file(f"{name}.jwt", token))
            case Method.CERTIFICATE:
                cert, key = self.authority.write(self.world.directory / f"{name}.cert", f"{name}.example.com")
                return CertificateLogin(mount=mount, role=connector.id.identity, cert_file=cert, key_file=key)

    def session(self, name: str, method: Method) -> VaultSession:
        """A session as that connector would have it by that login."""
        return self.world.session(self.login(self.connector(name), method))

    def bare(self, session: VaultSession, name: str) -> VaultSession:
        """A session with the token of another, which cannot log in again."""
        session.request(*LOOKUP)
        token = session._token
        assert token is not None
        return self.world.session(TokenLogin(token_file=self.file(name, token.secret.get_secret_value())))

    def file(self, name: str, text: str) -> Path:
        """A secret file."""
        path = self.world.directory / name
        path.unlink(missing_ok=True)
        write_private(path, text)
        return path


def four_logins(name: str, cluster: Cluster, signer: Signer, authority: Authority) -> Connector:
    """A connector that may come in by all of them."""
    here = ("127.0.0.0/8",)
    kubernetes = KubernetesIssuer(host=cluster.host, ca_cert=cluster.ca_cert, reviewer=Reviewer.CLIENT)
    signed = JwtIssuer(issuer="https://id.example.com", public_keys=(signer.public_key,))
    return a_connector(
        name,
        logins=(
            AppRoleAccess(secret_id_ttl=timedelta(days=7), bound_cidrs=here),
            KubernetesAccess(
                issuer=kubernetes, namespace="shop", service_account=name, audience=API_SERVER, bound_cidrs=here
            ),
            JwtAccess(
                issuer=signed,
                audiences=("vault", "vault-pim"),
                claims=(("sub", name), ("environment", "prod")),
                bound_cidrs=here,
            ),
            CertificateAccess(
                issuer=CertificateIssuer(ca_cert=authority.certificate),
                common_name=f"{name}.example.com",
                bound_cidrs=here,
            ),
        ),
    )


@pytest.fixture(scope="module")
def module_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Three connectors with four logins each, each served a set of its own."""
    home = tmp_path_factory.mktemp("logins")
    with SandboxBao(home / "bao", tls=True) as bao:
        world = VaultWorld(bao=bao, directory=home, connectors=(), namespace=None)
        signer, authority = Signer(world.admin, "signer"), Authority(world.admin, "clients")
        with a_cluster(world.admin, home / "cluster") as cluster:
            world.connectors = tuple(four_logins(name, cluster, signer, authority) for name in NAMES)
            apply_setup(plan_setup(world.admin, world.layout, world.connectors))
            made = Town(world=world, cluster=cluster, signer=signer, authority=authority)
            serve(made, 1)
            yield made
            world.close()


@pytest.fixture
def town(module_town: Town) -> Iterator[Town]:
    """The same town for every test, put back afterwards to what is declared."""
    yield module_town
    apply_setup(plan_setup(module_town.world.admin, module_town.world.layout, module_town.world.connectors))


def serve(town: Town, number: int) -> None:
    """A new generation for everybody."""
    store = VaultCredentialStore(town.world.daemon, town.world.layout)
    for connector in town.world.connectors:
        store.hold(connector.id, number, a_set(connector.id.name))
        store.publish(connector, a_generation(number), a_set(connector.id.name), None)


def reads(town: Town, session: VaultSession) -> set[str]:
    """Whose sets it may read, data and metadata; nobody's if it is refused altogether."""
    allowed = set()
    for owner in town.world.connectors:
        for kind in "data", "metadata":
            try:
                assert session.request("GET", f"pim/{kind}/{record(owner.id)}").found
            except VaultRefusal:
                continue
            allowed.add(owner.id.name)
    return allowed


def everything(town: Town, name: str) -> dict[str, set[str]]:
    """What one connector may read by each of its logins, logged in anew."""
    return {method: reads(town, town.session(name, method)) for method in Method}


def test_each_login_reads_its_own_path_before_and_after_rotation_and_revocation(town: Town) -> None:
    """Three connectors by three paths by four logins: 36 pairs, 12 allowed; each with new logins and old tokens."""
    own = {name: {one: {name} for one in Method} for name in NAMES}
    nothing: dict[Method, set[str]] = {one: set[str]() for one in Method}
    old = {name: [town.bare(town.session(name, one), f"{name}-{one}") for one in Method] for name in NAMES}
    assert {name: everything(town, name) for name in NAMES} == own
    serve(town, 2)
    assert {name: everything(town, name) for name in NAMES} == own
    assert {name: [reads(town, one) for one in old[name]] for name in NAMES} == {name: [{name}] * 4 for name in NAMES}
    town.access.cut(town.connector("erp").id)
    assert town.access.live_tokens(town.connector("erp").id) == 0
    assert {name: everything(town, name) for name in NAMES} == own | {"erp": nothing}
    assert [reads(town, one) for one in old["erp"]] == [set()] * 4
    assert [reads(town, one) for one in old["web"] + old["dam"]] == [{"web"}] * 4 + [{"dam"}] * 4
    town.access.restore(town.connector("erp").id)
    assert {name: everything(town, name) for name in NAMES} == own
    assert [reads(town, one) for one in old["erp"]] == [set()] * 4


def test_tokens_of_every_login_are_counted_and_ended(town: Town) -> None:
    """What a revocation proves is true of all of them."""
    erp = town.connector("erp")
    before = town.access.live_tokens(erp.id)
    sessions = [town.bare(town.session("erp", method), f"erp-{method}") for method in Method]
    assert town.access.live_tokens(erp.id) == before + 4
    town.access.cut(erp.id)
    town.access.restore(erp.id)
    assert town.access.live_tokens(erp.id) == 0
    for session in sessions:
        with pytest.raises(DeadToken):
            session.request(*LOOKUP)


def test_every_login_leads_to_the_one_entity(town: Town) -> None:
    """Made before the first login, as is its alias; a login makes no entity of its own."""
    before = town.world.admin.request("LIST", "identity/entity/id").data["keys"]
    expected = town.world.admin.request("GET", entity(town.connector("erp").id)).data["id"]
    found = {town.session("erp", method).request(*LOOKUP).data["entity_id"] for method in Method}
    assert found == {expected}
    assert town.world.admin.request("LIST", "identity/entity/id").data["keys"] == before


def test_what_was_set_up_is_as_declared(town: Town) -> None:
    """Whatever spelling Vault gives it back in, for those who watch and for `setup`."""
    assert [town.access.look(one).drift for one in town.world.connectors] == [()] * 3
    assert plan_setup(town.world.admin, town.world.layout, town.world.connectors) == []


@pytest.mark.parametrize(
    ("path", "body", "drift"),
    [
        ("erp.kubernetes/role/", {"bound_service_account_names": "*"}, "kubernetes: bound_service_account_names"),
        ("erp.kubernetes/role/", {"alias_name_source": "serviceaccount_uid"}, "kubernetes: alias_name_source"),
        ("erp.kubernetes/role/", {"token_bound_cidrs": []}, "kubernetes: token_bound_cidrs"),
        ("erp.kubernetes/config", {"kubernetes_host": "https://127.0.0.1:9"}, "kubernetes: kubernetes_host"),
        ("erp.kubernetes/config", {"token_reviewer_jwt": "a.b.c"}, "kubernetes: token_reviewer_jwt_set"),
        ("erp.jwt/role/", {"bound_claims": {"sub": "erp"}}, "jwt: bound_claims"),
        ("erp.jwt/role/", {"bound_claims_type": "glob"}, "jwt: bound_claims_type"),
        ("erp.jwt/role/", {"groups_claim": "groups"}, "jwt: groups_claim"),
        ("erp.jwt/role/", {"token_policies": ["vault-pim-daemon"]}, "jwt: token_policies"),
        ("erp.jwt/config", {"bound_issuer": "https://elsewhere"}, "jwt: bound_issuer"),
        ("erp.cert/certs/", {"allowed_common_names": ["*"]}, "certificate: allowed_common_names"),
        ("erp.cert/certs/", {"token_type": "batch"}, "certificate: token_type"),
        ("erp/role/", {"secret_id_num_uses": 5}, "approle: secret_id_num_uses"),
    ],
)
def test_login_that_was_changed_is_named_and_put_back(
    town: Town, path: str, body: dict[str, object], drift: str
) -> None:
    """What `plan` shows names what differs; `setup` mends it, and nothing else."""
    erp = town.connector("erp")
    where = f"auth/vault-pim/prod/{path.replace('erp.cert/', 'erp.certificate/')}"
    if where.endswith("/"):
        where += erp.id.identity
    found = town.world.admin.request("GET", where).data if "config" in path or "certs" in path or "jwt" in path else {}
    found.pop("token_reviewer_jwt_set", None)
    found.pop("status", None)
    town.world.admin.request("POST", where, found | body)
    seen = town.access.look(erp)
    assert seen.presence is Presence.DIFFERS
    assert drift in seen.drift
    plan = plan_setup(town.world.admin, town.world.layout, town.world.connectors)
    assert [change.where for change in plan] == [where]
    apply_setup(plan)
    assert town.access.look(erp).presence is Presence.AS_DECLARED
    assert reads(town, town.session("erp", Method(drift.partition(":")[0]))) == {"erp"}


@pytest.mark.parametrize("method", [Method.KUBERNETES, Method.JWT, Method.CERTIFICATE])
def test_login_that_is_no_longer_declared_is_found_and_removed(town: Town, method: Method) -> None:
    """Each login opens the set, so one that nobody declares is a back door."""
    erp = town.connector("erp")
    session = town.bare(town.session("erp", method), "before")
    fewer = replace(erp, logins=tuple(login for login in erp.logins if login.method is not method))
    seen = town.access.look(fewer)
    assert seen.presence is Presence.DIFFERS
    assert seen.drift == (f"entity: an alias at auth/vault-pim/prod/erp.{method}/ that nobody declared",)
    plan = plan_setup(town.world.admin, town.world.layout, [fewer])
    assert [(change.what, change.after) for change in plan] == [("alias", None), ("login mount", None)]
    apply_setup(plan)
    assert town.access.look(fewer).drift == ()
    assert plan_setup(town.world.admin, town.world.layout, [fewer]) == []
    with pytest.raises(DeadToken):
        session.request(*LOOKUP)


def test_alias_elsewhere_is_found_and_removed(town: Town) -> None:
    """Whoever binds a login of his own to a connector's entity reads its set."""
    admin, erp = town.world.admin, town.connector("erp")
    admin.request("POST", "sys/auth/mine", {"type": "userpass"})
    accessor = admin.request("GET", "sys/auth").data["mine/"]["accessor"]
    bound = {"name": "me", "canonical_id": admin.request("GET", entity(erp.id)).data["id"], "mount_accessor": accessor}
    admin.request("POST", "identity/entity-alias", bound)
    assert town.access.look(erp).drift == ("entity: an alias at auth/mine/ that nobody declared",)
    apply_setup(plan_setup(admin, town.world.layout, town.world.connectors))
    assert town.access.look(erp).presence is Presence.AS_DECLARED
    assert "mine/" in admin.request("GET", "sys/auth").data


def test_login_before_there_was_an_alias_is_led_to_the_entity(town: Town) -> None:
    """Vault made an entity for it, which could read nothing; `setup` takes the alias over."""
    admin, erp = town.world.admin, town.connector("erp")
    alias = next(
        one for one in admin.request("GET", entity(erp.id)).data["aliases"] if one["mount_path"].endswith("/erp.jwt/")
    )
    admin.request("DELETE", f"identity/entity-alias/id/{alias['id']}")
    assert reads(town, town.session("erp", Method.JWT)) == set()
    assert town.access.look(erp).drift == ("jwt: alias",)
    apply_setup(plan_setup(admin, town.world.layout, town.world.connectors))
    assert town.access.look(erp).presence is Presence.AS_DECLARED
    assert reads(town, town.session("erp", Method.JWT)) == {"erp"}


def test_connector_without_login_mount_is_absent(town: Town) -> None:
    """It is named which."""
    admin, erp = town.world.admin, town.connector("erp")
    admin.request("DELETE", "sys/auth/vault-pim/prod/erp.certificate")
    seen = town.access.look(erp)
    assert (seen.presence, seen.drift) == (Presence.ABSENT, ("certificate: missing",))
    apply_setup(plan_setup(admin, town.world.layout, town.world.connectors))
    assert town.access.look(erp).presence is Presence.AS_DECLARED
    assert reads(town, town.session("erp", Method.CERTIFICATE)) == {"erp"}


def refused(town: Town, login: Login) -> bool:
    """Whether Vault says no, and not that something is broken."""
    with pytest.raises(VaultRefusal, match="refused the login"):
        town.world.session(login).request(*LOOKUP)
    return True


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "web"},
        {"environment": "test"},
        {"environment": None},
        {"iss": "https://elsewhere"},
        {"aud": "another"},
        {"exp": 1},
        {"sub": "erp*"},
    ],
)
def test_web_token_that_says_something_else_is_refused(town: Town, claims: dict[str, object]) -> None:
    """Another subject, another environment, another issuer or audience, or too old."""
    said = {"iss": "https://id.example.com", "aud": "vault", "sub": "erp", "environment": "prod"} | claims
    login = town.login(town.connector("erp"), Method.JWT)
    assert isinstance(login, JwtLogin)
    login.token_file.write_text(town.signer.token(**said))
    assert refused(town, login)


def test_web_token_that_somebody_else_signed_is_refused(town: Town) -> None:
    """It says all that it should."""
    login = town.login(town.connector("erp"), Method.JWT)
    assert isinstance(login, JwtLogin)
    said = {"iss": "https://id.example.com", "aud": "vault", "sub": "erp", "environment": "prod"}
    login.token_file.write_text(town.cluster.signer.token(**said))
    assert refused(town, login)


def test_service_account_of_another_name_or_namespace_is_refused(town: Town) -> None:
    """Also one that was deleted since, and one whose token is for somebody else."""
    login = town.login(town.connector("erp"), Method.KUBERNETES)
    assert isinstance(login, JwtLogin)
    tokens = [
        town.cluster.token("shop", "web"),
        town.cluster.token("elsewhere", "erp"),
        town.cluster.token("shop", "erp", audience="another"),
        town.cluster.token("shop", "erp"),
    ]
    del town.cluster.accounts[tokens[-1]]
    for token in tokens:
        login.token_file.write_text(token)
        assert refused(town, login)


def test_certificate_for_another_name_or_of_another_authority_is_refused(town: Town) -> None:
    """Common names are compared as a whole."""
    login = town.login(town.connector("erp"), Method.CERTIFICATE)
    assert isinstance(login, CertificateLogin)
    for name in "web.example.com", "erp.example.com.evil.com", "*":
        town.authority.write(login.cert_file.parent, name)
        assert refused(town, login)
    Authority(town.authority._admin, "others").write(login.cert_file.parent, "erp.example.com")
    assert refused(town, login)


def test_renewed_certificate_is_taken_at_the_next_login(town: Town) -> None:
    """Short-lived certificates are replaced in their files; the session needs no restart."""
    login = town.login(town.connector("erp"), Method.CERTIFICATE)
    assert isinstance(login, CertificateLogin)
    session = town.world.session(login)
    first = session.request(*LOOKUP).data
    town.authority.write(login.cert_file.parent, "erp.example.com")
    town.world.admin.request("POST", "auth/token/revoke-accessor", {"accessor": first["accessor"]})
    second = session.request(*LOOKUP).data
    assert first["meta"]["serial_number"] != second["meta"]["serial_number"]
    assert reads(town, session) == {"erp"}
