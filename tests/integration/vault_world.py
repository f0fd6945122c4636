"""A Vault as a customer would have it after `setup`: a namespace of its own, a daemon, some connectors."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from vault_pim.domain.access import AppRoleAccess
from vault_pim.domain.connector import OVERALL_ACCESS, Connector, ConnectorId, FlowType
from vault_pim.domain.policy import Period, Policy
from vault_pim.sandbox.openbao import SandboxBao
from vault_pim.vault.layout import Layout
from vault_pim.vault.secret_ids import write_login
from vault_pim.vault.session import AppRoleLogin, Login, TokenLogin, VaultAddress, VaultSession
from vault_pim.vault.setup import apply_setup, plan_setup

DAILY = Policy(
    name="daily",
    schedule=Period(every=timedelta(days=1)),
    max_age=timedelta(days=2),
    grace=timedelta(hours=2),
    refresh_interval=timedelta(minutes=1),
)
_numbers = itertools.count(1)


def write_private(path: Path, text: str) -> None:
    """Write a secret file as its owner should."""
    path.touch(mode=0o600)
    path.write_text(text)


def fresh_namespace() -> str:
    """A name that no other test uses."""
    return f"test-{next(_numbers)}"


def a_connector(name: str, pim: str = "prod", **changes: object) -> Connector:
    """A declared connector with nothing special about it."""
    declared: dict[str, object] = {
        "id": ConnectorId(pim=pim, name=name),
        "label": name.upper(),
        "flow_type": FlowType.OTHER,
        "permissions": frozenset({OVERALL_ACCESS}),
        "user_group": None,
        "policy": DAILY,
        "owner": f"{name}-team@example.com",
        "logins": (AppRoleAccess(secret_id_ttl=timedelta(days=7)),),
    }
    return Connector(**(declared | changes))  # type: ignore[arg-type]


THREE = tuple(a_connector(name) for name in ("erp", "web", "dam"))


@dataclass(kw_only=True)
class VaultWorld:
    """One namespace of a running OpenBao, with vault-pim set up in it for `connectors`.

    Attributes:
        namespace: None for the root namespace, which only one world of a server can have.
        admin: a session with every right.
        daemon: a session with the daemon's rights, and no others.
    """

    bao: SandboxBao
    directory: Path
    connectors: tuple[Connector, ...]
    namespace: str | None
    layout: Layout = field(default_factory=Layout)

    def __post_init__(self) -> None:
        token_file = self.directory / "admin-token"
        write_private(token_file, self.bao.admin_token())
        self._open: list[VaultSession] = []
        self.admin = self.session(TokenLogin(token_file=token_file))
        if self.namespace is not None:
            with VaultSession(replace(self.address(TokenLogin(token_file=token_file)), namespace=None)) as root:
                root.request("POST", f"sys/namespaces/{self.namespace}", {})
        apply_setup(plan_setup(self.admin, self.layout, self.connectors))
        self.daemon_login = self.write_login(self.layout.daemon_role, self.layout.daemon_auth)
        self.daemon = self.session(self.daemon_login)

    def address(self, login: Login) -> VaultAddress:
        """This namespace, with that login."""
        return VaultAddress(url=self.bao.url, namespace=self.namespace, ca_cert=self.bao.ca_cert, login=login)

    def session(self, login: Login, *, monotonic: Callable[[], float] | None = None) -> VaultSession:
        """A session in this namespace; closed with the world."""
        clock = {} if monotonic is None else {"monotonic": monotonic}
        opened = VaultSession(self.address(login), **clock)
        self._open.append(opened)
        return opened

    def login_of(self, connector: Connector) -> AppRoleLogin:
        """A new AppRole login for a connector, made by the administrator."""
        return self.write_login(self.layout.connector_role(connector.id), self.layout.connector_auth(connector.id))

    def write_login(self, role: str, mount: str) -> AppRoleLogin:
        """A new login by that AppRole, made by the administrator, in a directory of its own."""
        return write_login(self.admin, role, self.directory / f"login-{next(_numbers)}", mount)

    def as_connector(self, connector: Connector) -> VaultSession:
        """A session as the connector itself would have it."""
        return self.session(self.login_of(connector))

    def token(self, login: AppRoleLogin) -> str:
        """A token by that login, for a session that cannot make another."""
        body = {
            "role_id": login.role_id_file.read_text().strip(),
            "secret_id": login.secret_id_file.read_text().strip(),
        }
        return str(self.admin.request("POST", f"auth/{login.mount}/login", body).body["auth"]["client_token"])

    def close(self) -> None:
        """Close all sessions."""
        for one in self._open:
            one.close()
