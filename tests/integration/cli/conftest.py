"""The whole program in its playground: a real OpenBao, the sandbox PIM, and commands run as a person runs them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.canary import CANARY
from vault_pim.cli.main import main
from vault_pim.playground import TOKEN_LIFETIME, Playground
from vault_pim.sandbox.connector import Connector
from vault_pim.sandbox.pim_server import SandboxPim

MARKER = CANARY[:6]  # what fits into a connection's password beside its random digits


class Arena(Playground):
    """A playground whose PIM puts the canary into every secret it makes."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, "7.0")
        self.pim = SandboxPim(release="7.0", access_token_lifetime=TOKEN_LIFETIME, secret_marker=MARKER)

    def configure(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the configuration file."""
        document = yaml.safe_load(self.config.read_text())
        change(document)
        self.config.write_text(yaml.safe_dump(document))

    def seen(self) -> dict[str, Any]:
        """Everything that a refused command must not have changed, at the PIM and in Vault."""
        token = {"X-Vault-Token": self.admin_token_file.read_text().strip()}

        def versions(mount: str) -> dict[str, Any]:
            names = [f"connectors/sandbox/{name}" for name in ("dam", "erp", "shop")]
            return {name: self._status(f"{mount}/metadata/{name}", token) for name in names}

        return {
            "connections": sorted(self.pim.world.connections),
            "roles": sorted(role.label for role in self.pim.world.roles.values()),
            "served": versions("pim"),
            "state": versions("pim-state"),
        }

    def _status(self, path: str, token: dict[str, str]) -> Any:
        try:
            return self.bao.call("GET", path, headers=token)["data"]["versions"]
        except RuntimeError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


Command = Callable[..., Ran]


def rotate_under_load(run: Command, erp: Connector) -> Ran:
    """Rotate ERP while it calls the PIM without pause, until its old set is retired and it has called on after that."""
    erp.start()
    try:
        rotated = run("rotate", "erp")
        while len(erp.tally.generations) < 2:
            erp.wait()
        while run("status", "erp", "--json").out.count('"retired"') == 0:
            run("apply", "erp")
            erp.wait()
        calls = erp.tally.calls
        while erp.tally.calls < calls + 20:
            erp.wait()
    finally:
        erp.stop()
    return rotated


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[Arena]:
    """A playground, set up, with nothing provisioned yet."""
    with Arena(tmp_path / "arena") as world:
        world.set_up()
        yield world


@pytest.fixture
def run(arena: Arena, capfd: pytest.CaptureFixture[str]) -> Command:
    """Runs `vault-pim` on the arena's configuration."""

    def run_command(*arguments: str) -> Ran:
        capfd.readouterr()
        code = main(["--config", str(arena.config), *arguments])
        out, err = capfd.readouterr()
        return Ran(code=code, out=out, err=err)

    return run_command
