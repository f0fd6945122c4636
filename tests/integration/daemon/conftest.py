"""The daemon as a process of its own, over a real OpenBao and sandbox PIMs."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.canary import CANARY
from tests.integration.conftest import MakeWorld
from tests.integration.vault_world import VaultWorld
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.state import ConnectorState
from vault_pim.sandbox.openbao import SandboxBao
from vault_pim.sandbox.pim_server import SandboxPim
from vault_pim.settings import Settings
from vault_pim.vault.setup import apply_setup, plan_setup
from vault_pim.vault.state import VaultStateStore

MARKER = CANARY[:6]  # what fits into a connection's password beside its random digits
PATIENCE = 15.0
PROGRAM = "import sys; from vault_pim.cli.main import main; sys.exit(main())"


def until(what: Callable[[], Any], *, within: float = PATIENCE) -> float:
    """Wait until something is true.

    Returns:
        The seconds it took.
    """
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < within, "it did not come true"
        time.sleep(0.02)  # noqa: TID251 - waiting for another process
    return time.monotonic() - began


class Child:
    """One daemon process."""

    def __init__(self, config: Path, log: Path) -> None:
        self._log = log
        self.began = time.monotonic()
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, "--config", str(config), "daemon"],
                stderr=stderr,
                stdout=subprocess.PIPE,
            )
        until(lambda: self.process.poll() is not None or self.lines("listening"))
        assert self.process.poll() is None, self.log
        self.url = self.lines("listening")[0]["address"]

    @property
    def log(self) -> str:
        """Everything it said."""
        return self._log.read_text()

    def lines(self, message: str) -> list[dict[str, str]]:
        """Its log lines whose message begins so."""
        whole = [line for line in self.log.splitlines(keepends=True) if line.endswith("}\n")]
        return [line for line in map(json.loads, whole) if line["message"].startswith(message)]

    def get(self, path: str) -> requests.Response:
        """Ask it."""
        return requests.get(self.url + path, timeout=5)

    @property
    def ready(self) -> bool:
        """What `/readyz` says."""
        return self.get("/readyz").status_code == 200

    def end(self, number: int) -> tuple[int, float]:
        """Send a signal and wait for the end: exit code, and seconds it took."""
        self.process.send_signal(number)
        began = time.monotonic()
        return self.process.wait(PATIENCE), time.monotonic() - began


class Station:
    """A namespace in Vault, PIMs, a configuration that fits, and the daemons started over it."""

    def __init__(self, world: VaultWorld, stack: ExitStack) -> None:
        self.world = world
        self._stack = stack
        self.pims: dict[str, SandboxPim] = {}
        self.config = world.directory / "vault-pim.yaml"
        self.children: list[Child] = []
        self.document: dict[str, Any] = {
            "vault": {
                "url": world.bao.url,
                "namespace": world.namespace,
                "auth": {
                    "method": "approle",
                    "role_id_file": str(world.daemon_login.role_id_file),
                    "secret_id_file": str(world.daemon_login.secret_id_file),
                },
            },
            "pims": {},
            "policies": {
                "default": {"rotate_every": "P30D", "max_age": "P45D", "grace": "PT3S", "refresh_interval": "PT1S"},
                "fast": {
                    "rotate_every": "PT2S",
                    "jitter": 0,
                    "max_age": "P1D",
                    "grace": "PT2S",
                    "refresh_interval": "PT1S",
                },
            },
            "connectors": {},
            "daemon": {"listen": "127.0.0.1:0", "check_every": "PT1S", "survey_every": "PT1M"},
            "audit": {"path": str(world.directory / "audit.jsonl")},
        }

    def add_pim(self, name: str, *connectors: str, **connector: Any) -> SandboxPim:
        """A PIM with its connectors."""
        pim = SandboxPim(access_token_lifetime=timedelta(seconds=1), secret_marker=MARKER)
        self._stack.enter_context(pim)
        self.pims[name] = pim
        password = self.world.directory / f"{name}-password"
        password.touch(mode=0o600)
        password.write_text(pim.admin_password)
        web = {"username": pim.admin_username, "password_file": str(password)}
        self.document["pims"][name] = {"url": pim.url, "web": web, "access_token_lifetime": "PT1S"}
        for one in connectors:
            permissions = ["pim_api_overall_access", "pim_api_channel_list"]
            declared = {"pim": name, "label": one.upper(), "permissions": permissions} | connector
            self.document["connectors"][f"{name}/{one}"] = declared
        return pim

    def write(self) -> None:
        """Write the configuration, and set Vault up for it."""
        self.config.write_text(yaml.safe_dump(self.document))
        apply_setup(plan_setup(self.world.admin, self.world.layout, Settings.load(self.config).connectors()))

    def daemon(self) -> Child:
        """Start one more."""
        if not self.config.exists():
            self.write()
        child = Child(self.config, self.world.directory / f"daemon-{len(self.children)}.log")
        self.children.append(child)
        return child

    def state(self, name: str) -> ConnectorState:
        """A connector's record."""
        store = VaultStateStore(self.world.admin, self.world.layout)
        return store.load(ConnectorId.parse(name)).state

    def generation(self, name: str) -> int:
        """The generation that is current, 0 if none is."""
        current = self.state(name).current
        return current.number if current else 0

    def works(self, name: str) -> bool:
        """Whether what the connector's path serves is taken by its PIM, now."""
        path = f"{self.world.layout.credentials_mount}/data/connectors/{name}"
        served = self.world.admin.request("GET", path).data["data"]
        answer = requests.post(
            served["base_url"] + "/api/oauth/v1/token",
            auth=(served["client_id"], served["client_secret"]),
            json={"grant_type": "password", "username": served["username"], "password": served["password"]},
            timeout=5,
        )
        return answer.status_code == 200

    def labels(self, pim: str) -> set[str]:
        """Every connection at a PIM."""
        return set(self.pims[pim].world.connections)

    def leave(self) -> None:
        """End every daemon that still runs, and see that none of them told a secret."""
        for child in self.children:
            if child.process.poll() is None:
                child.process.kill()
            stdout, _ = child.process.communicate()
            assert stdout == b""
            assert MARKER not in child.log
        audit = self.world.directory / "audit.jsonl"
        assert not audit.exists() or MARKER not in audit.read_text()


@pytest.fixture
def station(vault_world: MakeWorld) -> Iterator[Callable[..., Station]]:
    """Makes a station, in the shared OpenBao or in one that the test may kill."""
    with ExitStack() as stack:
        made: list[Station] = []

        def make(server: SandboxBao | None = None) -> Station:
            given = {"server": server} if server else {}
            made.append(Station(vault_world(**given), stack))
            return made[-1]

        yield make
        for one in made:
            one.leave()
