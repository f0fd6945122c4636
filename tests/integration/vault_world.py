"""A Vault as a customer would have it after `setup`: a namespace of its own, a daemon, some connectors."""

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from vault_pim.domain.connector import OVERALL_ACCESS, AppRoleAccess, Connector, ConnectorId, FlowType
from vault_pim.domain.policy import Period, Policy
from vault_pim.reveal import reveal
from vault_pim.sandbox.openbao import SandboxBao
from vault_pim.vault.layout import Layout
from vault_pim.vault.secret_ids import write_login
from vault_pim.vault.session import AppRoleLogin, TokenLogin, VaultAddress, VaultSession
from vault_pim.vault.setup import apply_setup, plan_setup

DAILY = Policy(
    name="daily",
    schedule=Period(every=timedelta(days=1)),
    max_age=timedelta(days=2),
    grace=timedelta(hours=2),
    refresh_interval=timedelta(minutes=1),
)
_numbers = itertools.count(1)


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
        "approle": AppRoleAccess(secret_id_ttl=timedelta(days=7)),
    }
    return Connector(**(declared | changes))  # type: ignore[arg-type]


@dataclass(kw_only=True)
class VaultWorld:
    """One namespace of the running OpenBao, with vault-pim set up in it for `connectors`.

    Attributes:
        admin: a session with every right.
        daemon: a session with the daemon's rights, and no others.
    """

    bao: SandboxBao
    directory: Path
    connectors: tuple[Connector, ...]
    layout: Layout = field(default_factory=Layout)
    namespace: str = field(default_factory=lambda: f"test-{os.getpid()}-{next(_numbers)}")

    def __post_init__(self) -> None:
        token_file = self.directory / "admin-token"
        token_file.touch(mode=0o600)
        token_file.write_text(reveal(self.bao.admin_token(), to="vault"))
        self._open: list[VaultSession] = []
        with VaultSession(VaultAddress(url=self.bao.url, login=TokenLogin(token_file=token_file))) as root:
            root.request("POST", f"sys/namespaces/{self.namespace}", {})
        self.admin = self.session(TokenLogin(token_file=token_file))
        apply_setup(plan_setup(self.admin, self.layout, self.connectors))
        self.daemon_login = write_login(
            self.admin, self.layout.daemon_role, self.directory / "daemon", self.layout.daemon_auth
        )
        self.daemon = self.session(self.daemon_login)

    def address(self, login: AppRoleLogin | TokenLogin) -> VaultAddress:
        """This namespace, with that login."""
        return VaultAddress(url=self.bao.url, namespace=self.namespace, ca_cert=self.bao.ca_cert, login=login)

    def session(
        self, login: AppRoleLogin | TokenLogin, *, monotonic: Callable[[], float] | None = None
    ) -> VaultSession:
        """A session in this namespace; closed with the world."""
        clock = {} if monotonic is None else {"monotonic": monotonic}
        opened = VaultSession(self.address(login), **clock)
        self._open.append(opened)
        return opened

    def login_of(self, connector: Connector) -> AppRoleLogin:
        """A new AppRole login for a connector, made by the administrator."""
        directory = self.directory / connector.id.pim / connector.id.name
        return write_login(
            self.admin, self.layout.connector_role(connector.id), directory, self.layout.connector_auth(connector.id)
        )

    def as_connector(self, connector: Connector) -> VaultSession:
        """A session as the connector itself would have it."""
        return self.session(self.login_of(connector))

    def close(self) -> None:
        """Close all sessions."""
        for one in self._open:
            one.close()
