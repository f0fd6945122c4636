"""The rules of tokens: granting, refreshing, authenticating a call.

Asked by the token endpoint and by every call of the web API. Client and user are not bound to each other: any valid
client works with any valid user, and a connection used with a foreign user is noted (observed.md §14).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from vault_pim.sandbox.akeneo import clients
from vault_pim.sandbox.akeneo.pim import Pim
from vault_pim.sandbox.akeneo.refusals import ImpossibleError
from vault_pim.sandbox.akeneo.world import Client, Token, User

REFRESH_LIFETIME: Final = timedelta(days=14)
WRONG_CREDENTIALS_KEPT: Final = timedelta(days=7)

_KNOWN_GRANTS: Final = ("password", "refresh_token", "client_credentials", "authorization_code", "token")
_BAD_REQUEST: Final = 'Parameter "grant_type", "username" or "password" is missing, empty or invalid'
_BAD_REFRESH_REQUEST: Final = 'Parameter "grant_type" or "refresh_token" is missing or empty'
_BAD_CLIENT: Final = 'Parameter "client_id" is missing or does not match any client, or secret is invalid'
_BAD_GRANT: Final = "This grant type is not authorized for this client"
_BAD_USER: Final = "No user found for the given username and password"
_BAD_REFRESH: Final = "Refresh token is invalid or has expired"
_BAD_SCOPE: Final = "An unsupported scope was requested."


@dataclass(frozen=True, slots=True)
class Pair:
    """What a grant gives."""

    access: Token
    refresh: Token


def grant(pim: Pim, parameters: Mapping[str, object], client_id: str, client_secret: str) -> Pair:
    """Answer a request to the token endpoint; the checks come in the order of the PIM's library.

    Raises:
        ImpossibleError: refused, with the PIM's sentence.
    """
    grant_type = parameters.get("grant_type")
    if grant_type not in _KNOWN_GRANTS:
        raise ImpossibleError(_BAD_REQUEST)
    client = _client(pim, client_id, client_secret)
    if grant_type not in client.grant_types or grant_type not in ("password", "refresh_token"):
        raise ImpossibleError(_BAD_GRANT)
    spent = None
    if grant_type == "password":
        user, login = _user(pim, parameters)
    else:
        spent = _refresh_token(pim, client, parameters)
        user, login = spent.user, ""
    if parameters.get("scope"):
        raise ImpossibleError(_BAD_SCOPE)
    if spent is not None:
        del pim.world.refresh_tokens[spent.value]
    else:
        _note_foreign_user(pim, client, login)
    return _issue(pim, client, user)


def live_token(pim: Pim, value: str) -> Token:
    """The access token of a call.

    Raises:
        ImpossibleError: unknown or expired, with the PIM's sentence.
    """
    token = pim.world.access_tokens.get(value)
    if token is None:
        raise ImpossibleError("The access token provided is invalid.")
    if token.expires <= pim.clock.now():
        raise ImpossibleError("The access token provided has expired.")
    return token


def note_call(pim: Pim, token: Token) -> None:
    """Note a call whose client is a connection's and whose user is not."""
    _note_foreign_user(pim, token.client, token.user.username)


def wrong_credentials(pim: Pim) -> dict[str, list[tuple[str, str]]]:
    """Connection code -> (user name, date) of foreign users in the last seven days."""
    listed: dict[str, list[tuple[str, str]]] = {}
    since = pim.clock.now() - WRONG_CREDENTIALS_KEPT
    for (code, username), date in pim.world.wrong_credentials.items():
        if date >= since:
            listed.setdefault(code, []).append((username, date.isoformat(timespec="seconds")))
    return listed


def delete_expired(pim: Pim) -> None:
    """Delete the rows of expired tokens; live ones are not touched."""
    for table in (pim.world.access_tokens, pim.world.refresh_tokens):
        for value in [one.value for one in table.values() if one.expires <= pim.clock.now()]:
            del table[value]


def _client(pim: Pim, client_id: str, client_secret: str) -> Client:
    client = clients.named(pim, client_id)
    if client is None:
        raise ImpossibleError(_BAD_CLIENT)
    if not secrets.compare_digest(client.secret.encode(), client_secret.encode()):
        raise ImpossibleError(_BAD_CLIENT)
    return client


def _user(pim: Pim, parameters: Mapping[str, object]) -> tuple[User, str]:
    login, password = parameters.get("username"), parameters.get("password")
    if not (isinstance(login, str) and isinstance(password, str) and login and password):
        raise ImpossibleError(_BAD_REQUEST)
    user = pim.world.user_by_login(login)
    grants_disabled = pim.release.api.grants_disabled
    if user is None or not (user.enabled or grants_disabled) or not user.has_password(password):
        raise ImpossibleError(_BAD_USER)
    return user, login


def _refresh_token(pim: Pim, client: Client, parameters: Mapping[str, object]) -> Token:
    value = parameters.get("refresh_token")
    if not isinstance(value, str) or not value:
        raise ImpossibleError(_BAD_REFRESH_REQUEST)
    token = pim.world.refresh_tokens.get(value)
    if token is None or token.client is not client or token.expires <= pim.clock.now():
        raise ImpossibleError(_BAD_REFRESH)
    return token


def _note_foreign_user(pim: Pim, client: Client, login: str) -> None:
    connection = pim.world.connection_of(client)
    # The name is compared as it was typed, so a connection's own user who logs in by e-mail counts as foreign.
    if connection is not None and connection.user.username != login:
        pim.world.wrong_credentials[connection.code, login] = pim.clock.now()


def _issue(pim: Pim, client: Client, user: User) -> Pair:
    now = pim.clock.now()
    access = Token(value=pim.mint.token(), client=client, user=user, expires=now + pim.access_token_lifetime)
    refresh = Token(value=pim.mint.token(), client=client, user=user, expires=now + REFRESH_LIFETIME)
    pim.world.access_tokens[access.value] = access
    pim.world.refresh_tokens[refresh.value] = refresh
    return Pair(access, refresh)
