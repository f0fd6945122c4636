"""Where Vault is and how vault-pim logs in to it. Frozen values, made by `assembly` from the settings."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRoleLogin:
    """Log in by AppRole; both files are read anew at every login, so that a replaced secret-id is taken at once.

    Attributes:
        mount: where the auth method is mounted, e.g. `approle`.
    """

    role_id_file: Path
    secret_id_file: Path
    mount: str = "approle"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogin:
    """Use a token somebody made: from a file, or, where that is None, from the environment variable VAULT_TOKEN."""

    token_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultAddress:
    """Vault and our login there.

    Attributes:
        url: scheme, host and port; https is always verified.
        login: how to get a token.
        namespace: None for the root namespace.
        ca_cert: the authority to trust, alone; None for the system store.
        also: other nodes of the same cluster that a redirect may lead to; it is followed nowhere else.
    """

    url: str
    login: AppRoleLogin | TokenLogin
    namespace: str | None = None
    ca_cert: Path | None = None
    also: tuple[str, ...] = ()
