"""A connector's identity in Vault: watched, cut off, restored. The `Access` of the engine.

Made by `setup` with an administrator's token, not here: who may make an alias may bind a login of his own to
anybody's entity. All that this module may change is whether the entity is disabled, which secret-ids exist, and the
tokens that the connector's own login mount gave out. Tokens from other auth methods are dead while the entity is
disabled, but live again after `restore`, until their TTL.
"""

from contextlib import suppress
from typing import Any

from vault_pim.domain.connector import AppRoleAccess, Connector, ConnectorId
from vault_pim.domain.errors import NotSetUp, VaultNoAnswer
from vault_pim.domain.facts import Presence
from vault_pim.vault.approle import connector_role, differing
from vault_pim.vault.layout import Layout, entity
from vault_pim.vault.session import VaultSession


class VaultAccess:
    """The connectors' entities, logins and tokens."""

    def __init__(self, session: VaultSession, layout: Layout) -> None:
        self._session = session
        self._layout = layout

    def presence(self, connector: Connector) -> Presence:
        """Whether entity, alias and login are there as declared; CUT while the entity is disabled."""
        found = self._read(entity(connector.id))
        if found is None:
            return Presence.ABSENT
        if found["disabled"]:
            return Presence.CUT
        if found["metadata"] != {"pim": connector.id.pim, "connector": connector.id.name} or found["policies"]:
            return Presence.DIFFERS
        if connector.approle is None:
            return Presence.AS_DECLARED
        return self._login_presence(connector.id, connector.approle, found["aliases"] or [])

    def cut(self, connector: ConnectorId) -> None:
        """Disable the entity, end the tokens, destroy the secret-ids; done already is fine.

        In this order: with the entity disabled every token is dead at once and no login makes a new one.
        """
        if self._read(entity(connector)) is not None:
            self._session.request("POST", entity(connector), {"disabled": True})
        self._end_tokens(connector)
        role = self._layout.connector_role(connector)
        for accessor in self._secret_ids(role):
            with suppress(VaultNoAnswer):  # 500 if it is gone already (contracts/openbao.md §B); looked at below
                self._session.request("POST", f"{role}/secret-id-accessor/destroy", {"secret_id_accessor": accessor})
        if left := self._secret_ids(role):
            raise VaultNoAnswer(f"{len(left)} secret-ids of {connector} are still there")

    def restore(self, connector: ConnectorId) -> None:
        """Enable the entity again; tokens from before stay dead.

        Raises:
            NotSetUp: there is no entity.
        """
        if self._read(entity(connector)) is None:
            raise NotSetUp(f"{connector} has no entity in Vault")
        self._end_tokens(connector)
        self._session.request("POST", entity(connector), {"disabled": False})

    def live_tokens(self, connector: ConnectorId) -> int:
        """How many Vault tokens of this connector still work."""
        path = f"sys/leases/lookup/{self._logins(connector)}/"
        return len(self._session.request("LIST", path).data.get("keys", ()))

    def _login_presence(
        self, connector: ConnectorId, declared: AppRoleAccess, aliases: list[dict[str, Any]]
    ) -> Presence:
        path = self._layout.connector_role(connector)
        role, role_id = self._read(path), self._read(f"{path}/role-id")
        if role is None or role_id is None:
            return Presence.ABSENT
        alias = (f"auth/{self._layout.connector_auth(connector)}/", role_id["role_id"])
        bound = alias in {(found["mount_path"], found["name"]) for found in aliases}
        return Presence.AS_DECLARED if bound and not differing(connector_role(declared), role) else Presence.DIFFERS

    def _end_tokens(self, connector: ConnectorId) -> None:
        self._session.request("POST", f"sys/leases/revoke-prefix/{self._logins(connector)}", {"sync": True})

    def _logins(self, connector: ConnectorId) -> str:
        return f"auth/{self._layout.connector_auth(connector)}/login"

    def _secret_ids(self, role: str) -> tuple[str, ...]:
        try:
            return tuple(self._session.request("LIST", f"{role}/secret-id/").data.get("keys", ()))
        except NotSetUp:  # no such login
            return ()

    def _read(self, path: str) -> dict[str, Any] | None:
        try:
            reply = self._session.request("GET", path)
        except NotSetUp:  # not even a mount
            return None
        return reply.data if reply.found else None
