"""How a token is got: by AppRole, or from whoever made it.

Called by `session` alone. Refuses to look anywhere but where the configuration says.
"""

import os
from dataclasses import dataclass
from typing import Self, assert_never

from pydantic import SecretStr

from vault_pim.domain.errors import ConfigurationError, VaultRefusal
from vault_pim.reveal import reveal
from vault_pim.secret_files import read_secret
from vault_pim.vault.address import AppRoleLogin, TokenLogin
from vault_pim.vault.answers import BadRequest, DeadToken, Reply
from vault_pim.vault.transport import Transport

VARIABLE = "VAULT_TOKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A token; `ttl` is its remaining life in seconds, 0 for a root token, which has no end."""

    secret: SecretStr
    ttl: int
    renewable: bool

    @classmethod
    def of(cls, reply: Reply) -> Self:
        """The token in the answer to a login or a renewal."""
        auth = reply.body["auth"]
        return cls(secret=SecretStr(auth["client_token"]), ttl=auth["lease_duration"], renewable=auth["renewable"])


def log_in(transport: Transport, login: AppRoleLogin | TokenLogin) -> Issued:
    """Get a token.

    Raises:
        ConfigurationError: a file or the variable is missing, empty, unreadable, or a file is open to others.
        VaultRefusal: Vault does not accept the login; nobody else's login is tried.
        VaultNoAnswer: Vault was not reached, or is sealed.
    """
    match login:
        case AppRoleLogin():
            return _by_approle(transport, login)
        case TokenLogin():
            token = read_token(login)
            data = transport.exchange("GET", "auth/token/lookup-self", token=token).data
            return Issued(secret=token, ttl=data["ttl"], renewable=bool(data.get("renewable")))
        case _:
            assert_never(login)


def read_token(login: TokenLogin) -> SecretStr:
    """The token as it stands in the file or the environment now.

    Raises:
        ConfigurationError: it is not there.
    """
    if login.token_file is not None:
        return read_secret(login.token_file)
    if not os.environ.get(VARIABLE):
        raise ConfigurationError(f"{VARIABLE} is not set", advice=f"Set {VARIABLE}, or name a file with the token.")
    return SecretStr(os.environ[VARIABLE].strip())


def _by_approle(transport: Transport, login: AppRoleLogin) -> Issued:
    role_id, secret_id = read_secret(login.role_id_file), read_secret(login.secret_id_file)
    path = f"auth/{login.mount}/login"
    try:
        reply = transport.exchange(
            "POST",
            path,
            {"role_id": reveal(role_id, to="vault"), "secret_id": reveal(secret_id, to="vault")},
            token=None,
        )
    except (BadRequest, DeadToken) as error:
        raise VaultRefusal(
            f"Vault refused the login by AppRole at {path}",
            why=error.why,
            advice=f"Put a valid secret-id into {login.secret_id_file}.",
        ) from error
    return Issued.of(reply)
