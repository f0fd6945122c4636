"""Turns the logins of a configuration, and those who vouch for them, into the nouns of `domain`.

Called by `resolve.py`. Reads the PEM files of authorities and public keys, which are no secrets; refuses a file with a
private key.
"""

from collections.abc import Iterator
from pathlib import Path

from vault_pim.domain.access import (
    AppRoleAccess,
    CertificateAccess,
    CertificateIssuer,
    DeclaredLogin,
    Issuer,
    JwtAccess,
    JwtIssuer,
    KubernetesAccess,
    KubernetesIssuer,
)
from vault_pim.domain.errors import ConfigurationError
from vault_pim.settings import logins

CERTIFICATE, PUBLIC_KEY = "CERTIFICATE", "PUBLIC KEY"
LARGEST = 256 * 1024


def made_issuer(settings: logins.KubernetesIssuer | logins.JwtIssuer | logins.CertificateIssuer) -> Issuer:
    """Who vouches for logins.

    Raises:
        ConfigurationError: a PEM file cannot be read, or is none.
    """
    match settings:
        case logins.KubernetesIssuer():
            return KubernetesIssuer(
                host=settings.host, ca_cert=_authority(settings.ca_cert), reviewer=settings.reviewer
            )
        case logins.JwtIssuer():
            return JwtIssuer(
                issuer=settings.issuer,
                discovery_url=settings.discovery_url,
                jwks_url=settings.jwks_url,
                public_keys=tuple(_pem(path, PUBLIC_KEY) for path in settings.public_key_files),
                ca_cert=_authority(settings.ca_cert),
            )
        case logins.CertificateIssuer():
            return CertificateIssuer(ca_cert=_pem(settings.ca_cert, CERTIFICATE))


def made_logins(access: logins.ConnectorAccess, issuers: dict[str, Issuer]) -> Iterator[DeclaredLogin]:
    """How a connector logs in; a login whose issuer is not among these is left out, since that was refused."""
    if (approle := access.approle) is not None:
        yield AppRoleAccess(
            secret_id_ttl=approle.secret_id_ttl,
            secret_id_num_uses=approle.secret_id_num_uses,
            bound_cidrs=tuple(approle.bound_cidrs),
        )
    if (pod := access.kubernetes) is not None and isinstance(cluster := issuers.get(pod.issuer), KubernetesIssuer):
        yield KubernetesAccess(
            issuer=cluster,
            namespace=pod.namespace,
            service_account=pod.service_account,
            audience=pod.audience,
            bound_cidrs=tuple(pod.bound_cidrs),
        )
    if (token := access.jwt) is not None and isinstance(signer := issuers.get(token.issuer), JwtIssuer):
        yield JwtAccess(
            issuer=signer,
            audiences=tuple(token.audiences),
            claims=tuple(token.claims.items()),
            user_claim=token.user_claim,
            bound_cidrs=tuple(token.bound_cidrs),
        )
    shown = access.certificate
    if shown is not None and isinstance(authority := issuers.get(shown.issuer), CertificateIssuer):
        yield CertificateAccess(
            issuer=authority,
            common_name=shown.common_name,
            dns_names=tuple(shown.dns_names),
            uris=tuple(shown.uris),
            bound_cidrs=tuple(shown.bound_cidrs),
        )


def bearer(login: DeclaredLogin) -> tuple[Issuer, frozenset[tuple[str, str]]] | None:
    """Who may log in by it: the issuer, and what he must say. Whoever is said more of may, too. None for AppRole."""
    match login:
        case KubernetesAccess():
            return login.issuer, frozenset({("namespace", login.namespace), ("name", login.service_account)})
        case JwtAccess():
            return login.issuer, frozenset(login.claims)
        case CertificateAccess():
            return login.issuer, frozenset({("common name", login.common_name)})
        case AppRoleAccess():
            return None


def _authority(path: Path | None) -> str | None:
    return None if path is None else _pem(path, CERTIFICATE)


def _pem(path: Path, kind: str) -> str:
    try:
        with path.open(encoding="ascii") as file:
            text = file.read(LARGEST)
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{path} is not a PEM file that can be read", advice="Put the PEM there.") from None
    if "PRIVATE KEY" in text or f"{kind}-----" not in text:
        raise ConfigurationError(
            f"{path} holds no {kind.lower()}, or a private key beside it", advice="Put the public PEM alone there."
        )
    return text.strip() + "\n"
