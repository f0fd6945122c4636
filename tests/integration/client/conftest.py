"""A connector's world: the playground with ERP and the web shop provisioned, their logins, and sources."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.conftest import Arena
from vault_pim.cli.main import main
from vault_pim.client import CredentialSource
from vault_pim.vault.address import AppRoleLogin, Login, TokenLogin, VaultAddress
from vault_pim.vault.session import VaultSession

ERP = "sandbox/erp"
CHANNELS = "/api/rest/v1/channels"
MakeSource = Callable[..., CredentialSource]


class Town:
    """An arena, seen from the connector's side."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena

    def run(self, *arguments: str) -> int:
        """Run a command of the operator."""
        return main(["--config", str(self.arena.config), *arguments])

    def login(self, name: str) -> AppRoleLogin:
        """A connector's own."""
        files = self.arena.login_of(name)
        mount = f"vault-pim/sandbox/{name}"
        return AppRoleLogin(role_id_file=files / "role_id", secret_id_file=files / "secret_id", mount=mount)

    def address(self, login: Login | None = None, **changes: Any) -> VaultAddress:
        """Vault, by ERP's login if by no other."""
        return replace(VaultAddress(url=self.arena.bao.url, login=login or self.login("erp")), **changes)

    def connector(self) -> VaultSession:
        """A session of ERP itself, to be closed."""
        return VaultSession(self.address())

    def admin(self) -> VaultSession:
        """A session with every right, to be closed."""
        return VaultSession(self.address(TokenLogin(token_file=self.arena.admin_token_file)))

    def served(self, name: str) -> dict[str, str]:
        """The document at a connector's path."""
        with self.admin() as admin:
            found: dict[str, str] = admin.request("GET", f"pim/data/connectors/sandbox/{name}").data["data"]
            return found

    def serve(self, name: str, document: dict[str, str]) -> None:
        """Write at a connector's path, as an administrator may."""
        path = f"pim/data/connectors/sandbox/{name}"
        with self.admin() as admin:
            version = admin.request("GET", path).data["metadata"]["version"]
            admin.request("POST", path, {"data": document, "options": {"cas": version}})

    def readers(self, name: str = "erp") -> dict[str, str]:
        """Which generation each reader of a connector says it uses."""
        folder = f"pim/metadata/readers/sandbox/{name}"
        with self.admin() as admin:
            found = admin.request("LIST", folder).data.get("keys", ())
            notes = {one: admin.request("GET", f"{folder}/{one}").data["custom_metadata"] for one in found}
        return {one: note["generation"] for one, note in notes.items()}

    def asked(self, path: str) -> int:
        """How often Vault was asked for a path so far."""
        return self.arena.bao.audit_path.read_text().count(f'"path":"{path}"')


def until(true: Callable[[], object], within: float = 60.0) -> None:
    """Wait until something is true that another thread or process brings about."""
    end = time.monotonic() + within
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)  # noqa: TID251


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One for the tests of a module; nobody has provisioned DAM."""
    directory: Path = tmp_path_factory.mktemp("town")
    with Arena(directory) as arena:
        arena.set_up()
        town = Town(arena)
        assert town.run("apply", "erp", "shop") == 0
        yield town


@pytest.fixture
def source(town: Town) -> Iterator[MakeSource]:
    """Makes a source of ERP that looks every second."""
    with ExitStack() as stack:

        def make(connector: str = ERP, login: Login | None = None, **settings: Any) -> CredentialSource:
            address = settings.pop("vault", None) or town.address(login)
            made = CredentialSource(connector, address, **({"refresh": timedelta(seconds=1)} | settings))
            return stack.enter_context(made)

        yield make
