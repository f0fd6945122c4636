"""What the logins of vault-pim are declared to be in Vault, and how what was read differs from that.

Called by `setup`, which makes them, and by `access`, which watches them. Each login of a connector has a mount of its
own, also where the same cluster or authority vouches for many (docs/adr/0009). Refuses nothing; holds no secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, assert_never

from vault_pim.domain.access import (
    AppRoleAccess,
    CertificateAccess,
    DeclaredLogin,
    JwtAccess,
    JwtIssuer,
    KubernetesAccess,
    KubernetesIssuer,
    Reviewer,
)
from vault_pim.domain.connector import ConnectorId
from vault_pim.vault.layout import CONNECTOR_POLICY, DAEMON, Layout

CONNECTOR_TOKEN_TTL = 3600
CONNECTOR_TOKEN_MAX_TTL = 86400
DAEMON_TOKEN_PERIOD = 3600
_CIDRS = frozenset({"secret_id_bound_cidrs", "token_bound_cidrs"})
_TOKEN = {
    "token_type": "service",  # batch tokens cannot be revoked
    "token_num_uses": 0,
    "token_explicit_max_ttl": 0,
    "token_no_default_policy": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginMount:
    """One login of one connector, as it shall be in Vault.

    Attributes:
        mount: where it is mounted, below `auth/`.
        type: Vault's name of the auth method.
        config: what its `config` shall hold; None where the method has none.
        role_path: path of its one role.
        alias: the name by which it knows the connector's entity; None for the AppRole's role-id, which Vault makes.
    """

    mount: str
    type: str
    config: dict[str, Any] | None
    role_path: str
    role: dict[str, Any]
    alias: str | None


def login_mount(layout: Layout, connector: ConnectorId, login: DeclaredLogin) -> LoginMount:
    """What a declared login is in Vault; seconds where Vault wants durations."""
    mount = layout.login_mount(connector, login.method)
    token = _TOKEN | {
        "token_policies": [CONNECTOR_POLICY],
        "token_ttl": CONNECTOR_TOKEN_TTL,
        "token_max_ttl": CONNECTOR_TOKEN_MAX_TTL,
        "token_period": 0,
        "token_bound_cidrs": list(login.bound_cidrs),
    }
    config, alias, kind = None, None, str(login.method)
    match login:
        case AppRoleAccess():
            # both: the first refuses the login, the second makes a token useless elsewhere (contracts/openbao.md §B)
            role = _secret_ids(login) | {"secret_id_bound_cidrs": list(login.bound_cidrs)}
        case KubernetesAccess():
            config, role = _cluster(login.issuer), _service_account(login)
            alias = f"{login.namespace}/{login.service_account}"
        case JwtAccess():
            config, role = _signer(login.issuer), _web_token(login)
            alias = dict(login.claims)[login.user_claim]
        case CertificateAccess():
            kind, role, alias = "cert", _certificate(login), login.common_name
        case _:
            assert_never(login)
    folder = "certs" if kind == "cert" else "role"
    return LoginMount(
        mount=mount,
        type=kind,
        config=config,
        role_path=f"auth/{mount}/{folder}/{connector.identity}",
        role=token | role,
        alias=alias,
    )


def daemon_role(access: AppRoleAccess) -> dict[str, Any]:
    """The role of the daemon: a periodic token, which lives as long as it is renewed."""
    return (
        _TOKEN
        | _secret_ids(access)
        | {
            "token_policies": [DAEMON],
            "token_ttl": 0,
            "token_max_ttl": 0,
            "token_period": DAEMON_TOKEN_PERIOD,
            "secret_id_bound_cidrs": list(access.bound_cidrs),
            "token_bound_cidrs": list(access.bound_cidrs),
        }
    )


def differing(declared: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields that are not as declared."""
    return tuple(key for key, value in declared.items() if _plain(key, found.get(key)) != _plain(key, value))


def _secret_ids(access: AppRoleAccess) -> dict[str, Any]:
    return {
        "bind_secret_id": True,
        "secret_id_ttl": int(access.secret_id_ttl.total_seconds()),
        "secret_id_num_uses": access.secret_id_num_uses,
    }


def _cluster(issuer: KubernetesIssuer) -> dict[str, Any]:
    return {
        "kubernetes_host": issuer.host,
        "kubernetes_ca_cert": issuer.ca_cert or "",
        "disable_local_ca_jwt": issuer.reviewer is Reviewer.CLIENT,
        "token_reviewer_jwt_set": False,  # only read; writing the rest takes a reviewer's token away
        "pem_keys": [],
    }


def _service_account(login: KubernetesAccess) -> dict[str, Any]:
    return {
        "bound_service_account_names": [login.service_account],
        "bound_service_account_namespaces": [login.namespace],
        "bound_service_account_namespace_selector": "",
        "audience": login.audience,  # without one Vault takes a token for anybody
        "alias_name_source": "serviceaccount_name",  # known before the first login, as the uid is not
    }


def _signer(issuer: JwtIssuer) -> dict[str, Any]:
    return {
        "bound_issuer": issuer.issuer,
        "oidc_discovery_url": issuer.discovery_url or "",
        "oidc_discovery_ca_pem": (issuer.discovery_url and issuer.ca_cert) or "",
        "jwks_url": issuer.jwks_url or "",
        "jwks_ca_pem": (issuer.jwks_url and issuer.ca_cert) or "",
        "jwt_validation_pubkeys": list(issuer.public_keys),
    }


def _web_token(login: JwtAccess) -> dict[str, Any]:
    return {
        "role_type": "jwt",
        "bound_audiences": list(login.audiences),
        "bound_claims": dict(login.claims),
        "bound_claims_type": "string",  # no globs
        "bound_subject": "",
        "user_claim": login.user_claim,
        "user_claim_json_pointer": False,
        "groups_claim": "",  # groups could bring policies with them
        "claim_mappings": {},
        "token_policies_template_claims": False,
    }


def _certificate(login: CertificateAccess) -> dict[str, Any]:
    return {
        "certificate": login.issuer.ca_cert,
        "allowed_common_names": [login.common_name],
        "allowed_dns_sans": list(login.dns_names),
        "allowed_uri_sans": list(login.uris),
        "allowed_names": [],
        "allowed_email_sans": [],
        "allowed_organizational_units": [],
        "required_extensions": [],
    }


def _plain(key: str, value: Any) -> Any:
    """A value in one spelling: Vault gives `127.0.0.1/32` back as `127.0.0.1`, an empty list as null, PEM trimmed."""
    match value:
        case list() if key in _CIDRS:
            return tuple(sorted(str(ip_network(text, strict=False)) for text in value))
        case list():
            return tuple(_plain("", one) for one in value)
        case str():
            return value.strip().replace("\r\n", "\n") or ()
        case _:
            return value or ()  # null, false, 0 and empty are one
