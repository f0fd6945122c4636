"""What must not be seen: a credential set and tokens made with it. Never serialised as models, never pickled."""

from dataclasses import dataclass
from typing import NoReturn

from pydantic import SecretStr


class Unpicklable:
    """Refuses to be pickled, so that no secret leaves the process by accident."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds secrets and is not pickled")


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
