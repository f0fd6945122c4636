"""Makes in Vault what vault-pim needs, with an administrator's token: planned, shown, then applied.

Called by the `setup` command, the sandbox and the tests. Idempotent: what is as declared gives no change. Makes the
entities, aliases and roles of all connectors, so that the daemon needs no right to make any. Refuses to remove
anything, and to touch a mount of another type.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from vault_pim.domain.connector import Connector
from vault_pim.domain.errors import Impossible, NotSetUp, VaultRefusal
from vault_pim.vault.approle import connector_role, daemon_role, differing
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import CONNECTOR_POLICY, DAEMON, Layout, entity
from vault_pim.vault.policies import connector_policy, daemon_policy
from vault_pim.vault.session import VaultSession

MAX_VERSIONS = 10
"""KV versions kept of each path; older ones vanish from Vault by themselves."""
_KV_SETTINGS = {"cas_required": True, "max_versions": MAX_VERSIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing to make or to change; holds no secret.

    Attributes:
        what: its kind, e.g. `policy`.
        where: its path in Vault.
        before, after: what is there, None for nothing, and what shall be; only what differs.
    """

    what: str
    where: str
    before: dict[str, Any] | None
    after: dict[str, Any]
    carry_out: Callable[[], None] = field(repr=False, compare=False)


def plan_setup(session: VaultSession, layout: Layout, connectors: Iterable[Connector]) -> list[Change]:
    """What has to change in Vault, in the order in which to change it; reads only.

    Args:
        session: with the rights of an administrator.

    Raises:
        VaultRefusal: the login may not look, or a mount of another type is in the way.
    """
    return list(_Planner(session, layout).changes(connectors))


def apply_setup(changes: Iterable[Change]) -> None:
    """Carry out a plan. What was begun and not finished is planned again the next time."""
    for change in changes:
        change.carry_out()


class _Planner:
    def __init__(self, session: VaultSession, layout: Layout) -> None:
        self._session = session
        self._layout = layout

    def changes(self, connectors: Iterable[Connector]) -> Iterator[Change]:
        layout = self._layout
        mounts = self._session.request("GET", "sys/mounts").data
        for mount in (layout.credentials_mount, layout.state_mount):
            yield from self._kv_mount(mount, mounts.get(f"{mount}/"))
        for name, text in ((DAEMON, daemon_policy(layout)), (CONNECTOR_POLICY, connector_policy(layout))):
            yield from self._declared("policy", f"sys/policies/acl/{name}", {"policy": text})
        auths = self._session.request("GET", "sys/auth").data
        yield from self._auth_mount(layout.daemon_auth, auths)
        yield from self._declared("role", layout.daemon_role, daemon_role())
        for connector in connectors:
            yield from self._connector(connector, auths)

    def _connector(self, connector: Connector, auths: dict[str, Any]) -> Iterator[Change]:
        metadata = {"pim": connector.id.pim, "connector": connector.id.name}
        yield from self._declared("entity", entity(connector.id), {"metadata": metadata, "policies": []})
        if connector.approle is not None:
            yield from self._auth_mount(self._layout.connector_auth(connector.id), auths)
            role = self._layout.connector_role(connector.id)
            yield from self._declared("role", role, connector_role(connector.approle))
            yield from self._alias(connector, role)

    def _kv_mount(self, mount: str, found: dict[str, Any] | None) -> Iterator[Change]:
        if found is None:
            body = {"type": "kv", "options": {"version": "2"}, "description": "vault-pim"}
            yield self._write("KV v2 mount", f"sys/mounts/{mount}", body)
        elif (found["type"], (found["options"] or {}).get("version")) != ("kv", "2"):
            raise VaultRefusal(
                f"{mount}/ is a mount of another type",
                advice="Choose another credentials_mount or state_mount in the configuration.",
            )
        kv = KeyValue(self._session, mount)
        settings = kv.settings() if found is not None else None
        keys = differing(_KV_SETTINGS, settings or {})
        if keys:
            yield Change(
                what="KV settings",
                where=f"{mount}/config",
                before={key: settings[key] for key in keys} if settings else None,
                after={key: _KV_SETTINGS[key] for key in keys},
                carry_out=lambda: kv.configure(_KV_SETTINGS),
            )

    def _auth_mount(self, mount: str, found: dict[str, Any]) -> Iterator[Change]:
        there = found.get(f"{mount}/")
        if there is None:
            yield self._write("login mount", f"sys/auth/{mount}", {"type": "approle", "description": "vault-pim"})
        elif there["type"] != "approle":
            raise VaultRefusal(f"auth/{mount}/ is a mount of another type", advice="Choose another mount.")

    def _alias(self, connector: Connector, role: str) -> Iterator[Change]:
        mount = self._layout.connector_auth(connector.id)
        aliases = (self._read(entity(connector.id)) or {}).get("aliases") or ()
        bound = next((alias for alias in aliases if alias["mount_path"] == f"auth/{mount}/"), None)
        role_id = (self._read(f"{role}/role-id") or {}).get("role_id")
        if bound is not None and bound["name"] == role_id:
            return

        def bind() -> None:
            body = {
                "name": self._must(f"{role}/role-id")["role_id"],
                "canonical_id": self._must(entity(connector.id))["id"],
                "mount_accessor": self._must("sys/auth")[f"{mount}/"]["accessor"],
            }
            # an entity has one alias for each mount
            self._send("identity/entity-alias" + (f"/id/{bound['id']}" if bound else ""), body)

        yield Change(
            what="alias",
            where=entity(connector.id),
            before={"login": mount, "role_id": bound["name"]} if bound else None,
            after={"login": mount, "role_id": role_id},
            carry_out=bind,
        )

    def _declared(self, what: str, path: str, declared: dict[str, Any]) -> Iterator[Change]:
        """A change if what is at the path is absent or differs from what is declared."""
        found = self._read(path)
        if found is None:
            yield self._write(what, path, declared)
        elif keys := differing(declared, found):
            yield Change(
                what=what,
                where=path,
                before={key: found.get(key) for key in keys},
                after={key: declared[key] for key in keys},
                carry_out=lambda: self._send(path, declared),
            )

    def _write(self, what: str, path: str, body: dict[str, Any]) -> Change:
        """Make something that is not there."""
        return Change(what=what, where=path, before=None, after=body, carry_out=lambda: self._send(path, body))

    def _send(self, path: str, body: dict[str, Any]) -> None:
        self._session.request("POST", path, body)

    def _read(self, path: str) -> dict[str, Any] | None:
        try:
            reply = self._session.request("GET", path)
        except NotSetUp:  # the mount is not made yet
            return None
        return reply.data if reply.found else None

    def _must(self, path: str) -> dict[str, Any]:
        found = self._read(path)
        if found is None:
            raise Impossible(f"{path} was just made and is not there")
        return found
