"""What must not be seen: a credential set and tokens made with it. Never serialised as models, never pickled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from vault_pim.domain.errors import BrokenSet
from vault_pim.domain.secret import SecretStr, Unpicklable

NOT_OURS = 0
"""The generation of a set that names none: no generation of ours has it."""


def generation_of(document: Mapping[str, object]) -> int:
    """The generation that a document at a connector's path names; `NOT_OURS` if none."""
    said = document.get("generation")
    return int(said) if isinstance(said, str) and said.isascii() and said.isdigit() else NOT_OURS


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

    @classmethod
    def of(cls, document: Mapping[str, object], path: str, **more: object) -> Self:
        """The set in a document of Vault (docs/reference/vault-layout.md).

        Args:
            path: where the document is, for the message.
            more: further fields of the class.

        Raises:
            BrokenSet: a field is missing, empty, or no text.
        """
        names = ("base_url", "client_id", "client_secret", "username", "password")
        fields = {name: value for name in names if isinstance(value := document.get(name), str) and value}
        if missing := [name for name in names if name not in fields]:
            raise BrokenSet(f"{path} holds no whole credential set", why=f"missing or no text: {', '.join(missing)}")
        return cls(
            base_url=fields["base_url"],
            client_id=fields["client_id"],
            client_secret=SecretStr(fields["client_secret"]),
            username=fields["username"],
            password=SecretStr(fields["password"]),
            **more,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedSet(CredentialSet):
    """A credential set as a connector reads it.

    Attributes:
        generation: its number; 0 for a set that names none, which vault-pim did not write.
        kv_version: the KV version it was read from.
        issued_at: when it was issued, as the document says; may be empty.
    """

    generation: int
    kv_version: int
    issued_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens(Unpicklable):
    """One token pair of a PIM; `expires_in` is the access token's lifetime in seconds as the PIM said it."""

    access_token: SecretStr
    refresh_token: SecretStr
    expires_in: int
