"""How a connector logs in to Vault, as declared, and who vouches for it. Values only; `vault` makes them true.

A connector may have several logins, one of each method; all lead to its one identity.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from vault_pim.domain.identity import Method


class Reviewer(StrEnum):
    """Whose token asks a cluster whether a service account's token is good."""

    CLIENT = "client"
    VAULT = "vault"


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesIssuer:
    """A cluster that issues service account tokens, and is asked about each.

    Attributes:
        host: its API server, as Vault reaches it.
        ca_cert: PEM; None for what Vault trusts by itself.
    """

    host: str
    ca_cert: str | None
    reviewer: Reviewer


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtIssuer:
    """Somebody who signs JSON web tokens; of the three places for his keys just one is given.

    Attributes:
        issuer: what his tokens say in `iss`.
        ca_cert: PEM, for the two URLs; None for what Vault trusts by itself.
        public_keys: PEM each.
    """

    issuer: str
    discovery_url: str | None = None
    jwks_url: str | None = None
    public_keys: tuple[str, ...] = ()
    ca_cert: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateIssuer:
    """An authority that signs client certificates; `ca_cert` is PEM."""

    ca_cert: str


Issuer = KubernetesIssuer | JwtIssuer | CertificateIssuer


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRoleAccess:
    """Log in by AppRole.

    Attributes:
        secret_id_num_uses: logins one secret-id is good for; 0 for any number.
        bound_cidrs: networks to log in from; empty means from anywhere.
    """

    method: ClassVar[Method] = Method.APPROLE
    secret_id_ttl: timedelta
    secret_id_num_uses: int = 0
    bound_cidrs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesAccess:
    """Log in as one service account of one namespace.

    Attributes:
        audience: whom its tokens must be for.
    """

    method: ClassVar[Method] = Method.KUBERNETES
    issuer: KubernetesIssuer
    namespace: str
    service_account: str
    audience: str
    bound_cidrs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtAccess:
    """Log in with a JSON web token that says just this.

    Attributes:
        audiences: whom it must be for: one of these.
        claims: what it must say, all of it, exactly.
        user_claim: the one of them that names the connector.
    """

    method: ClassVar[Method] = Method.JWT
    issuer: JwtIssuer
    audiences: tuple[str, ...]
    claims: tuple[tuple[str, str], ...]
    user_claim: str = "sub"
    bound_cidrs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateAccess:
    """Log in with a TLS client certificate for this common name; of further names it must bear one of each kind."""

    method: ClassVar[Method] = Method.CERTIFICATE
    issuer: CertificateIssuer
    common_name: str
    dns_names: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    bound_cidrs: tuple[str, ...] = ()


DeclaredLogin = AppRoleAccess | KubernetesAccess | JwtAccess | CertificateAccess
