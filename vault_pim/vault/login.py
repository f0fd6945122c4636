"""How a token is got: by AppRole, JSON web token or certificate, or from whoever made it.

Called by `session` alone. Refuses to look anywhere but where the configuration says.
"""

import os
from dataclasses import dataclass
from typing import Self, assert_never

from vault_pim.domain.errors import ConfigurationError, NotSetUp, VaultLoginRefused, VaultRefusal
from vault_pim.domain.secret import SecretStr
from vault_pim.reveal import reveal
from vault_pim.secret_files import read_secret
from vault_pim.vault.address import AppRoleLogin, CertificateLogin, JwtLogin, Login, TokenLogin
from vault_pim.vault.answers import BadRequest, Reply
from vault_pim.vault.secret_id_file import open_first
from vault_pim.vault.transport import Transport

VARIABLE = "VAULT_TOKEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A token.

    Attributes:
        ttl: its remaining life in seconds, 0 for a root token, which has no end.
        approle: the AppRole it was got by, None where it was another login.
    """

    secret: SecretStr
    ttl: int
    renewable: bool
    approle: str | None = None

    @classmethod
    def of(cls, reply: Reply) -> Self:
        """The token in the answer to a login or a renewal."""
        auth = reply.body["auth"]
        return cls(
            secret=SecretStr(auth["client_token"]),
            ttl=auth["lease_duration"],
            renewable=auth["renewable"],
            approle=(auth.get("metadata") or {}).get("role_name"),
        )


def log_in(transport: Transport, login: Login) -> Issued:
    """Get a token.

    Raises:
        ConfigurationError: a file or the variable is missing, empty, unreadable, or a file is open to others.
        VaultLoginRefused: Vault does not accept the login; nobody else's login is tried.
        Intercepted: the one-time token for the first secret-id was opened by somebody else.
        VaultNoAnswer: Vault was not reached, or is sealed.
    """
    match login:
        case AppRoleLogin():
            return _by_approle(transport, login)
        case JwtLogin():
            token = read_secret(login.token_file)
            return _exchanged(
                transport,
                login.mount,
                {"role": login.role, "jwt": reveal(token, to="vault")},
                advice=f"See who issued the token in {login.token_file}, to whom, and until when.",
            )
        case CertificateLogin():
            transport.present(login.cert_file, login.key_file)
            advice = f"See who issued {login.cert_file}, to whom, and until when."
            return _exchanged(transport, login.mount, {"name": login.role}, advice=advice)
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
    open_first(transport, login)
    role_id, secret_id = read_secret(login.role_id_file), read_secret(login.secret_id_file)
    return _exchanged(
        transport,
        login.mount,
        {"role_id": reveal(role_id, to="vault"), "secret_id": reveal(secret_id, to="vault")},
        advice=f"Put a valid secret-id into {login.secret_id_file}.",
    )


def _exchanged(transport: Transport, mount: str, sent: dict[str, str], *, advice: str) -> Issued:
    path = f"auth/{mount}/login"
    try:
        return Issued.of(transport.exchange("POST", path, sent, token=None))
    except NotSetUp:
        raise
    except VaultRefusal as error:
        why = (
            error.why if isinstance(error, BadRequest) else "it does not take what we showed, or our entity is disabled"
        )
        raise VaultLoginRefused(f"Vault refused the login at {path}", why=why, advice=advice) from error
