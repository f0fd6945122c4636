"""What a connector's own login opens in Vault, seen by logging in as the connector, once. Called by `access`.

By a secret-id that is made wrapped, used and destroyed at once; the token is revoked. Reads no credential set: that of
the connector itself is asked for by its capability and its metadata, since a read of it would pass for the connector's
own, and those of others are to be refused.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress

from vault_pim.domain.access import AppRoleAccess
from vault_pim.domain.connector import Connector, ConnectorId
from vault_pim.domain.errors import NoAnswer, VaultNoAnswer, VaultRefusal
from vault_pim.domain.outcomes import Refused
from vault_pim.domain.secret import SecretStr
from vault_pim.domain.separation import Reach
from vault_pim.reveal import reveal
from vault_pim.vault.answers import DeadToken
from vault_pim.vault.layout import FINGERPRINT_KEY, FOLDER, SIGNING_KEY, Layout, held, record
from vault_pim.vault.secret_ids import WrappedSecretId, unwrap_secret_id, wrap_secret_id
from vault_pim.vault.session import VaultSession

TRIED_AT_MOST = 100
"""How many foreign paths are really read for each connector; Vault is asked about all of them."""
ASKED_AT_ONCE = 400
"""Paths in one question: OpenBao refuses a request with more than 1,000 strings."""

Others = Mapping[ConnectorId, Collection[int]]
"""Other connectors, with the numbers of their live sets."""


def reach(session: VaultSession, layout: Layout, connector: Connector, others: Others) -> Reach | Refused:
    """What the connector's own login opens.

    Args:
        session: with the daemon's rights.
        others: whose paths must refuse it.

    Returns:
        Refused only where Vault refuses the login itself, or there is none to be tried.

    Raises:
        VaultNoAnswer, VaultRefusal: nothing is known of the login.
        Intercepted: somebody else opened the secret-id that was made for this.
    """
    approle = next((one for one in connector.logins if isinstance(one, AppRoleAccess)), None)
    if approle is None:
        return Refused(reason="it does not log in by AppRole, so nobody else can log in as it")
    role = layout.connector_role(connector.id)
    wrapped = wrap_secret_id(session, role)
    try:
        token = _log_in(session, wrapped)
        if isinstance(token, Refused):
            why = ", from this machine its networks may not allow it" if approle.bound_cidrs else ""
            return Refused(reason=token.reason + why)
        try:
            return _reach(session, layout, connector.id, others, token)
        finally:
            with suppress(NoAnswer):  # it ends with its TTL
                session.request_as(token, "POST", "auth/token/revoke-self")
    finally:
        _destroy(session, role, wrapped.accessor)


def _destroy(session: VaultSession, role: str, accessor: str) -> None:
    """Destroy the secret-id; one that was good for a single login is gone by now, which Vault answers with a 500."""
    try:
        session.request("POST", f"{role}/secret-id-accessor/destroy", {"secret_id_accessor": accessor})
    except VaultNoAnswer:
        if accessor in session.request("LIST", f"{role}/secret-id/").data.get("keys", ()):
            raise


def _log_in(session: VaultSession, wrapped: WrappedSecretId) -> SecretStr | Refused:
    """The connector's token, or that Vault refuses the login; nothing else is taken for that."""
    secret_id = unwrap_secret_id(session, wrapped)
    login = {"role_id": wrapped.role_id, "secret_id": reveal(secret_id, to="vault")}
    try:
        answer = session.request_as(None, "POST", f"auth/{wrapped.mount}/login", login)
    except VaultRefusal as refusal:
        return Refused(reason=f"logging in as it failed: {refusal.what}")
    return SecretStr(answer.body["auth"]["client_token"])


def _reach(session: VaultSession, layout: Layout, own: ConnectorId, others: Others, token: SecretStr) -> Reach:
    mount, state = layout.credentials_mount, layout.state_mount
    own_path = f"{mount}/data/{record(own)}"
    foreign = {one: _paths(layout, one, numbers) for one, numbers in others.items()}
    beyond = [
        f"{mount}/metadata/{FOLDER}/",
        f"{state}/data/{record(own)}",
        *(f"{state}/data/{key}" for key in (FINGERPRINT_KEY, SIGNING_KEY)),
        f"{layout.daemon_role}/secret-id",
    ]
    rights = _capabilities(session, token, [own_path, *beyond, *(path for paths in foreign.values() for path in paths)])
    opened = {path for path, found in rights.items() if path != own_path and found != {"deny"}}
    tried = list(others)[:: max(1, -(-len(others) // TRIED_AT_MOST))]
    opened |= {path for one in tried if _lets_in(session, token, path := foreign[one][0])}
    return Reach(
        own=rights[own_path] == {"read"} and _lets_in(session, token, f"{mount}/metadata/{record(own)}"),
        opened=tuple(sorted(opened)),
        refused=frozenset(one for one, paths in foreign.items() if opened.isdisjoint(paths)),
        tried=len(tried),
    )


def _paths(layout: Layout, other: ConnectorId, numbers: Collection[int]) -> tuple[str, ...]:
    """Where another connector's sets lie, served and held, and what makes a login as it."""
    return (
        f"{layout.credentials_mount}/data/{record(other)}",
        f"{layout.credentials_mount}/metadata/{record(other)}",
        f"{layout.connector_role(other)}/secret-id",
        *(f"{layout.state_mount}/data/{held(other, number)}" for number in numbers),
    )


def _capabilities(session: VaultSession, token: SecretStr, paths: list[str]) -> dict[str, set[str]]:
    """What Vault says the token may do, by path."""
    found: dict[str, set[str]] = {}
    for begin in range(0, len(paths), ASKED_AT_ONCE):
        asked = paths[begin : begin + ASKED_AT_ONCE]
        data = session.request_as(token, "POST", "sys/capabilities-self", {"paths": asked}).data
        found |= {path: set(data[path]) for path in asked}
    return found


def _lets_in(session: VaultSession, token: SecretStr, path: str) -> bool:
    """Whether a path answers at all, be it that nothing is there.

    Raises:
        DeadToken: it says nothing about the path.
    """
    try:
        session.request_as(token, "GET", path)
    except DeadToken:
        raise
    except VaultRefusal:
        return False
    return True
