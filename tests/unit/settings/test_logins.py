"""Logins of connectors, who vouches for them, and vault-pim's own: as they are declared, and what is refused."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.settings.conftest import VALID, Write
from vault_pim.assembly import address, daemon_access
from vault_pim.domain.access import (
    AppRoleAccess,
    CertificateAccess,
    CertificateIssuer,
    DeclaredLogin,
    JwtAccess,
    JwtIssuer,
    KubernetesAccess,
    KubernetesIssuer,
    Reviewer,
)
from vault_pim.settings import InvalidConfiguration, Settings
from vault_pim.vault.address import (
    SERVICE_ACCOUNT_TOKEN,
    AppRoleLogin,
    CertificateLogin,
    JwtLogin,
    Login,
    TokenLogin,
)

OWN = "auth: {method: approle, role_id_file: /etc/vault-pim/role_id, secret_id_file: /etc/vault-pim/secret_id}"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n"
PUBLIC_KEY = "-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----\n"
PRIVATE_KEY = "-----BEGIN PRIVATE KEY-----\ncanary-3d1c\n-----END PRIVATE KEY-----\n"
ISSUERS = """\
issuers:
  k8s: {method: kubernetes, host: "https://k8s.example.com:6443", ca_cert: FOLDER/ca.pem}
  ci: {method: jwt, issuer: "https://ci", jwks_url: "https://ci.example.com/keys", ca_cert: FOLDER/ca.pem}
  keys: {method: jwt, issuer: "https://id", public_key_files: [FOLDER/key.pem]}
  ca: {method: certificate, ca_cert: FOLDER/ca.pem}
"""
POD = "kubernetes: {issuer: k8s, namespace: shop, service_account: sync, audience: vault}"
TOKEN = "jwt: {issuer: ci, audiences: [vault], claims: {sub: me, ref: main}}"
SHOWN = "certificate: {issuer: ca, common_name: erp.example.com}"
CLUSTER = KubernetesIssuer(host="https://k8s.example.com:6443", ca_cert=CERTIFICATE, reviewer=Reviewer.CLIENT)
CI = JwtIssuer(issuer="https://ci", jwks_url="https://ci.example.com/keys", ca_cert=CERTIFICATE)


@pytest.fixture
def declare(write: Write, tmp_path: Path) -> Write:
    """Write the valid configuration with issuers, logins for ERP, and further lines at its end."""
    (tmp_path / "ca.pem").write_text(CERTIFICATE)
    (tmp_path / "key.pem").write_text(PUBLIC_KEY)

    def declare_logins(logins: str, more: str = "", issuers: str = ISSUERS) -> Path:
        path = write()
        erp = f"    auth: {{{logins}}}\n" if logins else ""
        path.write_text((VALID + erp + more + issuers).replace("FOLDER", str(tmp_path)))
        return path

    return declare_logins


@pytest.mark.parametrize(
    ("written", "declared"),
    [
        ("approle: {}", AppRoleAccess(secret_id_ttl=timedelta(days=7))),
        (
            "approle: {secret_id_ttl: PT1H, secret_id_num_uses: 3, bound_cidrs: [10.0.0.0/8]}",
            AppRoleAccess(secret_id_ttl=timedelta(hours=1), secret_id_num_uses=3, bound_cidrs=("10.0.0.0/8",)),
        ),
        (POD, KubernetesAccess(issuer=CLUSTER, namespace="shop", service_account="sync", audience="vault")),
        (TOKEN, JwtAccess(issuer=CI, audiences=("vault",), claims=(("sub", "me"), ("ref", "main")))),
        (
            'jwt: {issuer: keys, audiences: [a, b], claims: {mail: "a,b@c"}, user_claim: mail}',
            JwtAccess(
                issuer=JwtIssuer(issuer="https://id", public_keys=(PUBLIC_KEY,)),
                audiences=("a", "b"),
                claims=(("mail", "a,b@c"),),
                user_claim="mail",
            ),
        ),
        (
            "certificate: {issuer: ca, common_name: erp.example.com, dns_names: [a.b], uris: ['spiffe://a/b']}",
            CertificateAccess(
                issuer=CertificateIssuer(ca_cert=CERTIFICATE),
                common_name="erp.example.com",
                dns_names=("a.b",),
                uris=("spiffe://a/b",),
            ),
        ),
    ],
)
def test_login_is_declared_as_written(declare: Write, written: str, declared: DeclaredLogin) -> None:
    """With the PEM that its issuer names, and defaults that let in no more than is said."""
    assert Settings.load(declare(written)).connector("erp").logins == (declared,)


def test_connector_may_have_every_login_at_once(declare: Write) -> None:
    """In one order, whatever the order in the file."""
    loaded = Settings.load(declare(f"{SHOWN}, {TOKEN}, {POD}, approle: {{}}"))
    methods = [str(login.method) for login in loaded.connector("erp").logins]
    assert methods == ["approle", "kubernetes", "jwt", "certificate"]


def other(logins: str) -> str:
    """A second connector with those logins."""
    return f"  shop: {{pim: prod, label: Shop, permissions: [pim_api_overall_access], auth: {{{logins}}}}}\n"


ERP = "connectors.erp.auth"
REFUSED: dict[str, tuple[str, str, str, str]] = {
    "unknown issuer": (POD.replace("k8s", "k9s"), "", f"{ERP}.kubernetes.issuer", "Did you mean k8s?"),
    "issuer of another method": (POD.replace("k8s", "ca"), "", f"{ERP}.kubernetes.issuer", "of method kubernetes"),
    "no audience": (POD.replace(", audience: vault", ""), "", f"{ERP}.kubernetes.audience", "is missing"),
    "any service account": (POD.replace("sync", "'*'"), "", f"{ERP}.kubernetes.service_account", "not allowed"),
    "any namespace": (POD.replace("shop", "'*'"), "", f"{ERP}.kubernetes.namespace", "not allowed"),
    "pattern in a claim": (TOKEN.replace("main", "'rel/*'"), "", f"{ERP}.jwt.claims.ref", "not allowed"),
    "pattern in a name": (
        SHOWN.replace("erp.", "'*.").replace(".com", ".com'"),
        "",
        f"{ERP}.certificate.common_name",
        "",
    ),
    "no audiences": (TOKEN.replace("[vault]", "[]"), "", f"{ERP}.jwt.audiences", "is empty"),
    "nobody named": (TOKEN.replace("sub: me, ", ""), "", f"{ERP}.jwt", "Add sub to its claims."),
    "one pod, two connectors": (POD, other(POD), "connectors.shop.auth.kubernetes", "connectors.erp by kubernetes"),
    "one token, two connectors": (TOKEN, other(TOKEN), "connectors.shop.auth.jwt", "connectors.erp by jwt"),
    "more is said of one": (
        TOKEN.replace(", ref: main", ""),
        other(TOKEN),
        "connectors.shop.auth.jwt",
        "whoever logs in by it could log in as connectors.erp",
    ),
    "one certificate, two connectors": (SHOWN, other(SHOWN), "connectors.shop.auth.certificate", "connectors.erp"),
}


@pytest.mark.parametrize(("logins", "more", "key", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_login_that_could_let_in_somebody_else_is_refused(
    declare: Write, logins: str, more: str, key: str, says: str
) -> None:
    """By its key, with what to write."""
    with pytest.raises(InvalidConfiguration) as caught:
        Settings.load(declare(logins, more))
    said = {one.key: f"{one.what}. {one.advice}" for one in caught.value.problems}
    assert says in said[key]
    assert len(said) == 1


def test_tokens_that_say_different_things_may_come_from_one_issuer(declare: Write) -> None:
    """No token says both."""
    loaded = Settings.load(declare(TOKEN, other(TOKEN.replace("main", "next"))))
    assert len(loaded.connectors()) == 2


@pytest.mark.parametrize(
    ("issuers", "key", "says"),
    [
        ("k8s: {host: 'https://x'}", "issuers.k8s.method", "Choose kubernetes, jwt or certificate."),
        ("k8s: {method: ldap}", "issuers.k8s.method", "Choose kubernetes, jwt or certificate."),
        ("k8s: {method: kubernetes}", "issuers.k8s.host", "is missing"),
        ("k8s: {method: kubernetes, host: 'https://x', reviewer: me}", "issuers.k8s.reviewer", "not a known value"),
        ("k8s: {method: kubernetes, host: 'https://x', ca: y}", "issuers.k8s.ca", "ca_cert"),
        ("k8s: {method: kubernetes, host: 'http://k8s.example.com'}", "issuers.k8s.host", "unencrypted"),
        ("id: {method: jwt, issuer: x}", "issuers.id", "needs exactly one of"),
        (
            "id: {method: jwt, issuer: x, jwks_url: 'https://a', discovery_url: 'https://b'}",
            "issuers.id",
            "exactly one",
        ),
        ("ca: {method: certificate, ca_cert: FOLDER/absent.pem}", "issuers.ca", "not a PEM file that can be read"),
        ("ca: {method: certificate, ca_cert: FOLDER/private.pem}", "issuers.ca", "private key"),
        ("ca: {method: certificate, ca_cert: FOLDER/key.pem}", "issuers.ca", "holds no certificate"),
        ("id: {method: jwt, issuer: x, public_key_files: [FOLDER/ca.pem]}", "issuers.id", "holds no public key"),
    ],
)
def test_issuer_that_cannot_vouch_is_refused(declare: Write, tmp_path: Path, issuers: str, key: str, says: str) -> None:
    """Nothing of a private key is repeated."""
    (tmp_path / "private.pem").write_text(CERTIFICATE + PRIVATE_KEY)
    with pytest.raises(InvalidConfiguration) as caught:
        Settings.load(declare("", issuers=f"issuers:\n  {issuers}\n"))
    assert [one.key for one in caught.value.problems] == [key]
    assert says in str(caught.value.problems[0])
    assert "canary" not in str(caught.value.problems[0])


@pytest.mark.parametrize(
    ("written", "login"),
    [
        ("{method: token}", TokenLogin()),
        ("{method: token, token_file: /t}", TokenLogin(token_file=Path("/t"))),
        (
            "{method: approle, role_id_file: /r, secret_id_file: /s}",
            AppRoleLogin(role_id_file=Path("/r"), secret_id_file=Path("/s")),
        ),
        (
            "{method: kubernetes, role: vault-pim}",
            JwtLogin(mount="kubernetes", role="vault-pim", token_file=SERVICE_ACCOUNT_TOKEN),
        ),
        (
            "{method: jwt, mount: a/b.c, role: r, token_file: /t}",
            JwtLogin(mount="a/b.c", role="r", token_file=Path("/t")),
        ),
        (
            "{method: certificate, role: r, cert_file: /c, key_file: /k}",
            CertificateLogin(mount="cert", role="r", cert_file=Path("/c"), key_file=Path("/k")),
        ),
    ],
)
def test_own_login_is_what_is_written(write: Write, written: str, login: Login) -> None:
    """With the usual mount; `setup` makes a role for AppRole alone, or where a token says nothing of one."""
    vault = Settings.load(write({OWN: f"auth: {written}"})).vault
    assert address(vault).login == login
    made = isinstance(login, AppRoleLogin | TokenLogin)
    assert daemon_access(vault.auth) == (AppRoleAccess(secret_id_ttl=timedelta(days=30)) if made else None)


def test_other_nodes_of_the_cluster_may_be_named(write: Write) -> None:
    """A redirect is followed to these alone; the daemon replaces its secret-id, a command does not."""
    also = "also: ['https://vault-2.example.com:8200', 'https://vault-3.example.com:8200/']"
    vault = Settings.load(write({OWN: f"{OWN}\n  {also}"})).vault
    assert address(vault).also == ("https://vault-2.example.com:8200", "https://vault-3.example.com:8200")
    renewing, passing = address(vault, renew=True).login, address(vault).login
    assert isinstance(renewing, AppRoleLogin)
    assert isinstance(passing, AppRoleLogin)
    assert (renewing.renew, passing.renew) == (True, False)
