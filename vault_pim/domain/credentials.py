"""What must not be seen: a credential set and tokens made with it. Never serialised as models, never pickled."""

from dataclasses import dataclass

from vault_pim.domain.secret import SecretStr, Unpicklable


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialSet(Unpicklable):
    """Everything a connector needs to log in to its PIM.

    `client_id` and `username` are not secret: they stand in state records and audit lines.
    """

    base_url: str
    client_id: str
    client_secret: SecretStr
    username: str
    password: SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens(Unpicklable):
    """One token pair of a PIM; `expires_in` is the access token's lifetime in seconds as the PIM said it."""

    access_token: SecretStr
    refresh_token: SecretStr
    expires_in: int
