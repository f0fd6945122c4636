"""Makes in Vault what vault-pim needs, with an administrator's token: planned, shown, then applied.

Called by the `setup` command, the sandbox and the tests. Idempotent: what is as declared gives no change. Makes the
entities, aliases and logins of all connectors, so that the daemon needs no right to make any. Removes logins of these
connectors that are no longer declared, since each opens their credential set; refuses to remove anything else, and to
touch a mount of another type.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from vault_pim.domain.access import AppRoleAccess
from vault_pim.domain.connector import Connector
from vault_pim.domain.errors import Impossible, NotSetUp, VaultRefusal
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import CONNECTOR_POLICY, DAEMON, FINGERPRINT_KEY, SIGNING_KEY, Layout, entity, transit_path
from vault_pim.vault.logins import LoginMount, daemon_role, differing, login_mount
from vault_pim.vault.policies import connector_policy, daemon_policy
from vault_pim.vault.session import VaultSession
from vault_pim.vault.transit import OPEN, TransitSeal

MAX_VERSIONS = 10
"""KV versions kept of each path; older ones vanish from Vault by themselves."""
DAEMON_LOGIN = AppRoleAccess(secret_id_ttl=timedelta(days=30))
_KV_SETTINGS = {"cas_required": True, "max_versions": MAX_VERSIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing to make or to change; holds no secret.

    Attributes:
        what: its kind, e.g. `policy`.
        where: its path in Vault.
        before, after: what is there and what shall be, None for nothing; only what differs.
    """

    what: str
    where: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    carry_out: Callable[[], None] = field(repr=False, compare=False)


def plan_setup(
    session: VaultSession,
    layout: Layout,
    connectors: Iterable[Connector],
    *,
    daemon: AppRoleAccess | None = DAEMON_LOGIN,
) -> list[Change]:
    """What has to change in Vault, in the order in which to change it; reads only.

    Args:
        session: with the rights of an administrator.
        daemon: its login by AppRole; None where it logs in by a role that the administrator makes.

    Raises:
        VaultRefusal: the login may not look, or a mount of another type is in the way.
    """
    return list(_Planner(session, layout).changes(connectors, daemon))


def apply_setup(changes: Iterable[Change]) -> None:
    """Carry out a plan. What was begun and not finished is planned again the next time."""
    for change in changes:
        change.carry_out()


class _Planner:
    def __init__(self, session: VaultSession, layout: Layout) -> None:
        self._session = session
        self._layout = layout

    def changes(self, connectors: Iterable[Connector], daemon: AppRoleAccess | None) -> Iterator[Change]:
        layout = self._layout
        mounts = self._session.request("GET", "sys/mounts").data
        for mount in (layout.credentials_mount, layout.state_mount):
            yield from self._kv_mount(mount, mounts.get(f"{mount}/"))
        yield from self._seal()
        for name, text in ((DAEMON, daemon_policy(layout)), (CONNECTOR_POLICY, connector_policy(layout))):
            yield from self._declared("policy", f"sys/policies/acl/{name}", {"policy": text})
        auths = self._session.request("GET", "sys/auth").data
        if daemon is not None:
            yield from self._auth_mount(layout.daemon_auth, "approle", auths)
            yield from self._declared("role", layout.daemon_role, daemon_role(daemon))
        for connector in connectors:
            yield from self._connector(connector, auths)

    def _seal(self) -> Iterator[Change]:
        """The Transit key, and keys that still lie open."""
        key, kv = self._layout.transit_key, KeyValue(self._session, self._layout.state_mount)
        if key is None:
            return
        yield from self._declared("Transit key", transit_path(key, "keys"), {})
        seal = TransitSeal(self._session, key)
        for path in (FINGERPRINT_KEY, SIGNING_KEY):
            where = f"{self._layout.state_mount}/data/{path}"
            if OPEN in ((self._read(where) or {}).get("data") or {}):
                yield Change(
                    what="sealed key",
                    where=where,
                    before={"sealed": False},
                    after={"sealed": True},
                    carry_out=partial(seal.seal_open_one, kv, path),
                )

    def _connector(self, connector: Connector, auths: dict[str, Any]) -> Iterator[Change]:
        metadata = {"pim": connector.id.pim, "connector": connector.id.name}
        yield from self._declared("entity", entity(connector.id), {"metadata": metadata, "policies": []})
        aliases = (self._read(entity(connector.id)) or {}).get("aliases") or ()
        bound = {alias.get("mount_path"): alias for alias in aliases}
        declared = [login_mount(self._layout, connector.id, login) for login in connector.logins]
        for login in declared:
            yield from self._login(connector, login, auths, bound.pop(f"auth/{login.mount}/", None))
        yield from (self._remove("alias", f"identity/entity-alias/id/{one['id']}", one) for one in bound.values())
        for mount in self._layout.login_mounts(connector.id):
            if mount not in {login.mount for login in declared} and f"{mount}/" in auths:
                yield self._remove("login mount", f"sys/auth/{mount}", auths[f"{mount}/"])

    def _login(
        self, connector: Connector, login: LoginMount, auths: dict[str, Any], bound: dict[str, Any] | None
    ) -> Iterator[Change]:
        yield from self._auth_mount(login.mount, login.type, auths)
        if login.config is not None:
            yield from self._declared("login configuration", f"auth/{login.mount}/config", login.config)
        role = list(self._declared("role", login.role_path, login.role))
        alias = list(self._alias(connector, login, bound))
        # whoever logs in before there is an alias gets an entity of his own, which then stands in our alias's way;
        # an AppRole's alias needs its role, and nobody has a secret-id before
        yield from (*role, *alias) if login.alias is None else (*alias, *role)

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

    def _auth_mount(self, mount: str, kind: str, found: dict[str, Any]) -> Iterator[Change]:
        there = found.get(f"{mount}/")
        if there is None:
            yield self._write("login mount", f"sys/auth/{mount}", {"type": kind, "description": "vault-pim"})
        elif there["type"] != kind:
            raise VaultRefusal(f"auth/{mount}/ is a mount of another type", advice="Choose another mount.")

    def _alias(self, connector: Connector, login: LoginMount, bound: dict[str, Any] | None) -> Iterator[Change]:
        name = login.alias or (self._read(f"{login.role_path}/role-id") or {}).get("role_id")
        if bound is not None and bound["name"] == name:
            return

        def bind() -> None:
            body = {
                "name": login.alias or self._must(f"{login.role_path}/role-id")["role_id"],
                "canonical_id": self._must(entity(connector.id))["id"],
                "mount_accessor": self._must("sys/auth")[f"{login.mount}/"]["accessor"],
            }
            # an entity has one alias for each mount
            self._send("identity/entity-alias" + (f"/id/{bound['id']}" if bound else ""), body)

        yield Change(
            what="alias",
            where=entity(connector.id),
            before={"login": login.mount, "name": bound["name"]} if bound else None,
            after={"login": login.mount, "name": name},
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

    def _remove(self, what: str, path: str, found: dict[str, Any]) -> Change:
        """Take away what nobody declared."""
        before = {key: found[key] for key in ("type", "name", "mount_path") if found.get(key)}

        def remove() -> None:
            self._session.request("DELETE", path)

        return Change(what=what, where=path, before=before, after=None, carry_out=remove)

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
