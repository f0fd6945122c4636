"""Where Vault is and how to log in to it. Frozen values, made by `assembly` from the settings and by `client` from the
environment; carried out by `login`."""

from dataclasses import dataclass
from pathlib import Path

SERVICE_ACCOUNT_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
"""Where Kubernetes puts the token of a pod's service account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRoleLogin:
    """Log in by AppRole; both files are read anew at every login, so that a replaced secret-id is taken at once.

    Attributes:
        mount: where the auth method is mounted, e.g. `approle`.
        wrapping_token_file: a one-time token that holds the first secret-id (`vault-pim bootstrap`). Opened when there
            is no secret_id_file yet; the secret-id goes into that, and this file goes away.
        renew: take a new secret-id when this one has lived half its life, and destroy the old one.
    """

    role_id_file: Path
    secret_id_file: Path
    mount: str = "approle"
    wrapping_token_file: Path | None = None
    renew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtLogin:
    """Log in with a JSON web token that somebody else issues and renews; its file is read anew at every login.

    Attributes:
        role: the name of the role at that mount.
    """

    mount: str
    role: str
    token_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesLogin(JwtLogin):
    """Log in with the token of a pod's service account."""

    token_file: Path = SERVICE_ACCOUNT_TOKEN


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateLogin:
    """Log in with a TLS client certificate; both files (PEM) are read anew at every login. Needs https up to Vault.

    Attributes:
        role: the name of the certificate role at that mount.
        cert_file: the certificate, then those between it and its authority.
    """

    mount: str
    role: str
    cert_file: Path
    key_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogin:
    """Use a token somebody made: from a file, or, where that is None, from the environment variable VAULT_TOKEN."""

    token_file: Path | None = None


Login = AppRoleLogin | JwtLogin | CertificateLogin | TokenLogin


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultAddress:
    """Vault and our login there.

    Attributes:
        url: scheme, host and port; https is always verified.
        login: how to get a token.
        namespace: None for the root namespace.
        ca_cert: the authority to trust, alone; None for the system store.
        also: other nodes of the same cluster that a redirect may lead to; it is followed nowhere else.
        standbys: whether answers of standbys will do, which are a little behind, and go on while nobody leads.
    """

    url: str
    login: Login
    namespace: str | None = None
    ca_cert: Path | None = None
    also: tuple[str, ...] = ()
    standbys: bool = False
