"""A world to try vault-pim in: OpenBao, a sandbox PIM, a configuration that fits, and everything `setup` makes.

Used by `sandbox up`, by `demo`, and by the test kit for connectors. Everything lies in one directory and listens on
loopback.
"""

import os
import secrets
import socket
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from vault_pim.assembly import address, layout
from vault_pim.domain.connector import Mechanism
from vault_pim.domain.errors import ConfigurationError
from vault_pim.domain.wording import format_duration
from vault_pim.pim.account import needed
from vault_pim.pim.releases import RELEASES, Release
from vault_pim.settings import Settings
from vault_pim.vault.address import TokenLogin, VaultAddress
from vault_pim.vault.secret_ids import write_login
from vault_pim.vault.session import VaultSession
from vault_pim.vault.setup import Change, apply_setup, plan_setup

TOKEN_LIFETIME = timedelta(seconds=8)
"""Short, so that a grace can be waited for; a real PIM has an hour."""
REFRESH = timedelta(seconds=1)
"""How soon a connector of this world must notice a new set."""
PIM = "sandbox"
"""The name of the one PIM in the configuration."""
READ = "pim_api_overall_access"
"""The permission every connector needs; all of these are offered by every release."""
PIM_ACCOUNT = "vault-pim-admin"
"""vault-pim's own account at the PIM: it may do what it must, and nothing else."""
CONNECTORS: dict[str, dict[str, Any]] = {
    "erp": {
        "label": "ERP",
        "flow_type": "data_source",
        "permissions": [READ, "pim_api_channel_list", "pim_api_family_list", "pim_api_attribute_edit"],
        "owner": "erp-team@example.com",
    },
    "shop": {
        "label": "Web shop",
        "flow_type": "data_destination",
        "permissions": [READ, "pim_api_channel_list", "pim_api_family_list", "pim_api_category_list"],
        "owner": "shop-team@example.com",
    },
    "dam": {
        "label": "DAM",
        "flow_type": "other",
        "permissions": [READ, "pim_api_channel_list", "pim_api_attribute_list"],
        "owner": "media-team@example.com",
    },
}


class Playground:
    """OpenBao and a sandbox PIM, ready for vault-pim; started on entering, ended on leaving.

    Args:
        directory: where everything is put; made if it is not there.
        pim_release: release that the sandbox PIM behaves as.
        mechanism: how credential sets are made; by default what suits the release.
        token_lifetime: of the PIM's access tokens. The grace of the policy covers it.
        connectors: what is declared, by name.
    """

    def __init__(
        self,
        directory: Path,
        pim_release: str,
        *,
        mechanism: Mechanism | None = None,
        token_lifetime: timedelta = TOKEN_LIFETIME,
        connectors: Mapping[str, dict[str, Any]] = CONNECTORS,
    ) -> None:
        try:
            from vault_pim.sandbox.openbao import SandboxBao  # noqa: PLC0415 - an extra
            from vault_pim.sandbox.pim_server import SandboxPim  # noqa: PLC0415
        except ImportError as error:
            raise ConfigurationError(
                "the sandbox is not installed", advice="Run: pip install 'vault-pim[sandbox]'"
            ) from error
        self.directory = directory.absolute()
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.config = self.directory / "vault-pim.yaml"
        self.bao = SandboxBao(self.directory / "openbao")
        self._control_token = secrets.token_hex(16)
        self.pim = SandboxPim(
            release=pim_release, access_token_lifetime=token_lifetime, control_token=self._control_token
        )
        self._token_lifetime = token_lifetime
        self._mechanism = mechanism
        self._connectors = connectors
        self.admin_token_file = Path()
        self.listen = f"127.0.0.1:{_free_port()}"
        self._running = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            starting.enter_context(self.bao)
            starting.enter_context(self.pim)
            self._write_configuration()
            self._running = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.__exit__(kind, error, trace)

    def set_up(self) -> list[Change]:
        """What `vault-pim setup` does, and a login for the daemon and for each connector."""
        settings = Settings.load(self.config)
        where, there = layout(settings.vault), address(settings.vault)
        self.admin_token_file = self.bao.admin_token_file()
        admin = VaultAddress(url=there.url, login=TokenLogin(token_file=self.admin_token_file))
        with VaultSession(admin) as session:
            changes = plan_setup(session, where, settings.connectors())
            apply_setup(changes)
            write_login(session, where.daemon_role, self.directory / "login" / "daemon", where.daemon_auth)
            for connector in settings.connectors():
                mount = where.connector_auth(connector.id)
                write_login(session, where.connector_role(connector.id), self.login_of(connector.id.name), mount)
        return changes

    def login_of(self, connector: str) -> Path:
        """Directory with the connector's role_id and secret_id."""
        return self.directory / "login" / connector

    def _write_configuration(self) -> None:
        password_file = self.directory / "pim_password"
        release, mechanism = self._shape()
        _write(password_file, self.pim.add_account(PIM_ACCOUNT, needed(release, mechanism, console=True)))
        _write(self.directory / "pim_admin_password", self.pim.admin_password)
        login = self.directory / "login" / "daemon"
        files = {"role_id_file": str(login / "role_id"), "secret_id_file": str(login / "secret_id")}
        lifetime, grace = (format_duration(one) for one in (self._token_lifetime, self._token_lifetime + REFRESH))
        web = {"username": PIM_ACCOUNT, "password_file": str(password_file)}
        mechanism_ = self._mechanism.value if self._mechanism else "auto"
        pim = {"url": self.pim.url, "mechanism": mechanism_, "web": web, "access_token_lifetime": lifetime}
        refresh = format_duration(REFRESH)
        policy = {"rotate_every": "P30D", "max_age": "P45D", "grace": grace, "refresh_interval": refresh}
        document = {
            "vault": {
                "url": self.bao.url,
                "auth": {"method": "approle", **files},
                "audit_device": self.bao.audit_device,
                "audit_log": str(self.bao.audit_path),
            },
            "pims": {PIM: pim | self._console()},
            "policies": {"default": policy},
            "connectors": {name: declaration(one) for name, one in self._connectors.items()},
            "daemon": {"listen": self.listen, "check_every": "PT1S", "survey_every": "PT1M"},
            "audit": {"path": str(self.directory / "audit.jsonl")},
        }
        _write(self.config, yaml.safe_dump(document, sort_keys=False))

    def _shape(self) -> tuple[Release, Mechanism]:
        """What the PIM is to its driver."""
        release = next(one for one in RELEASES if one.name == self.pim.pim.release.name)
        usual = Mechanism.USER_AND_CLIENT if release.connection_limit is None else Mechanism.CONNECTIONS
        return release, self._mechanism or usual

    def _console(self) -> dict[str, Any]:
        """The PIM's console, where there is no other way to make a client."""
        if self._shape()[1] is Mechanism.CONNECTIONS:
            return {}
        token_file = self.directory / "control_token"
        _write(token_file, self._control_token)
        own = ["--url", self.pim.url, "--control-token-file", str(token_file)]
        return {"console": {"command": [sys.executable, "-m", "vault_pim.sandbox.pim_console", *own]}}


def declaration(connector: Mapping[str, Any]) -> dict[str, Any]:
    """How the configuration declares a connector of the playground."""
    return {"pim": PIM, **connector, "auth": {"approle": {}}}


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text + "\n")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
