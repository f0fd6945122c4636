"""A connector's identity in Vault: watched, cut off, restored. The `Access` of the engine.

Made by `setup` with an administrator's token, not here: who may make an alias may bind a login of his own to
anybody's entity. All that this module may change is whether the entity is disabled, which secret-ids exist, and the
tokens that the connector's own login mounts gave out. Tokens from other auth methods are dead while the entity is
disabled, but live again after `restore`, until their TTL.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from vault_pim.domain.access import DeclaredLogin
from vault_pim.domain.connector import Connector, ConnectorId
from vault_pim.domain.errors import NotSetUp, VaultNoAnswer
from vault_pim.domain.facts import AccessSight, Presence
from vault_pim.domain.identity import Method
from vault_pim.domain.outcomes import Refused
from vault_pim.domain.separation import Reach
from vault_pim.vault.layout import Layout, entity
from vault_pim.vault.logins import differing, login_mount
from vault_pim.vault.reach import reach
from vault_pim.vault.session import VaultSession

MISSING = "missing"


class VaultAccess:
    """The connectors' entities, logins and tokens."""

    def __init__(self, session: VaultSession, layout: Layout) -> None:
        self._session = session
        self._layout = layout

    def look(self, connector: Connector) -> AccessSight:
        """Whether entity, aliases and logins are there as declared, and no others; what is not; when secret-ids end."""
        by_approle = any(login.method is Method.APPROLE for login in connector.logins)
        secret_ids = self._secret_id_ends(connector.id) if by_approle else None
        found = self._read(entity(connector.id))
        if found is None:
            return AccessSight(presence=Presence.ABSENT, drift=(f"entity: {MISSING}",), secret_ids=secret_ids)
        if found["disabled"]:
            return AccessSight(presence=Presence.CUT, secret_ids=secret_ids)
        drift = tuple(self._drift(connector, found))
        presence = Presence.AS_DECLARED
        if drift:
            presence = Presence.ABSENT if any(one.endswith(MISSING) for one in drift) else Presence.DIFFERS
        return AccessSight(presence=presence, drift=drift, secret_ids=secret_ids)

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
        """How many Vault tokens of this connector still work, by whatever login it got them."""
        paths = [f"sys/leases/lookup/auth/{mount}/login/" for mount in self._layout.login_mounts(connector)]
        return sum(len(self._session.request("LIST", path).data.get("keys", ())) for path in paths)

    def reach(self, connector: Connector, others: Mapping[ConnectorId, Collection[int]]) -> Reach | Refused:
        """What the connector's own login opens; see `reach`."""
        return reach(self._session, self._layout, connector, others)

    def _drift(self, connector: Connector, found: dict[str, Any]) -> Iterator[str]:
        if found["metadata"] != {"pim": connector.id.pim, "connector": connector.id.name}:
            yield "entity: metadata"
        if found["policies"]:
            yield "entity: policies"
        # a mount that is gone leaves its alias behind, without a path
        aliases = {str(one.get("mount_path")): one["name"] for one in found["aliases"] or () if one.get("mount_path")}
        for login in connector.logins:
            yield from (f"{login.method}: {what}" for what in self._login_drift(connector.id, login, aliases))
        declared = {f"auth/{mount}/" for mount in self._declared_mounts(connector)}
        yield from (f"entity: an alias at {where} that nobody declared" for where in sorted(aliases.keys() - declared))

    def _login_drift(self, connector: ConnectorId, login: DeclaredLogin, aliases: dict[str, str]) -> Iterator[str]:
        declared = login_mount(self._layout, connector, login)
        role = self._read(declared.role_path)
        name = declared.alias or ((role and self._read(f"{declared.role_path}/role-id")) or {}).get("role_id")
        if role is None:
            yield MISSING
            return
        yield from differing(declared.role, role)
        if declared.config is not None:
            yield from differing(declared.config, self._read(f"auth/{declared.mount}/config") or {})
        if aliases.get(f"auth/{declared.mount}/") != name:
            yield "alias"

    def _declared_mounts(self, connector: Connector) -> tuple[str, ...]:
        return tuple(self._layout.login_mount(connector.id, login.method) for login in connector.logins)

    def _end_tokens(self, connector: ConnectorId) -> None:
        for mount in self._layout.login_mounts(connector):
            self._session.request("POST", f"sys/leases/revoke-prefix/auth/{mount}/login", {"sync": True})

    def _secret_id_ends(self, connector: ConnectorId) -> tuple[datetime | None, ...]:
        role, ends = self._layout.connector_role(connector), []
        for accessor in self._secret_ids(role):
            asked = {"secret_id_accessor": accessor}
            found = self._session.request("POST", f"{role}/secret-id-accessor/lookup", asked).data
            if "secret_id_ttl" in found:  # else it is gone since
                life = timedelta(seconds=found["secret_id_ttl"])
                ends.append(datetime.fromisoformat(found["creation_time"]) + life if life else None)
        return tuple(ends)

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
