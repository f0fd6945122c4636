"""The main job by its commands with mechanism `user_and_client`, at PIM 1.7: by its forms and its console."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.canary import CANARY, canary_secret
from tests.integration.cli.conftest import MARKER, Arena, Command, rotate_under_load
from vault_pim.playground import PIM_ACCOUNT, TOKEN_LIFETIME
from vault_pim.sandbox.connector import Connector
from vault_pim.sandbox.pim_server import SandboxPim


class ConsoleArena(Arena):
    """A playground whose PIM has a console."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.token_file = self.directory / "control-token"
        self.token_file.write_text(canary_secret())
        self.token_file.chmod(0o600)
        self.pim = SandboxPim(
            "1.7",
            access_token_lifetime=TOKEN_LIFETIME,
            secret_marker=MARKER,
            control_token=self.token_file.read_text(),
        )

    def use_console(self) -> None:
        """Configure it, and one connector with permissions that every PIM knows."""
        own = ["--url", self.pim.url, "--control-token-file", str(self.token_file)]

        def change(document: dict[str, Any]) -> None:
            command = [sys.executable, "-m", "vault_pim.sandbox.pim_console", *own]
            document["pims"]["sandbox"] |= {"mechanism": "user_and_client", "console": {"command": command}}
            erp = document["connectors"]["erp"]
            erp["permissions"] = ["pim_api_overall_access", "pim_api_channel_list"]
            document["connectors"] = {"erp": erp}

        self.configure(change)


def without_console(document: dict[str, Any]) -> None:
    """Configure one that is not there."""
    document["pims"]["sandbox"]["console"]["command"] = ["/nowhere/console"]


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[ConsoleArena]:
    """Such a playground, set up, with nothing provisioned yet."""
    with ConsoleArena(tmp_path / "arena") as world:
        world.use_console()
        world.set_up()
        yield world


def test_connector_is_rotated_without_a_failed_call_and_revoked_with_proof(arena: ConsoleArena, run: Command) -> None:
    """Provision, rotate under load, retire, revoke: one set, then two, then one, then none; and no secret is told."""
    told = [run("apply")]
    assert told[0].code == 0
    erp = Connector("sandbox/erp", arena.bao.url, arena.login_of("erp"))
    assert erp.log_in()
    told.append(rotate_under_load(run, erp))
    assert erp.tally.failures == []
    assert len(arena.pim.world.clients) == 1
    told.append(run("revoke", "erp", "--reason", "leaked"))
    assert [one.code for one in told] == [0, 0, 0]
    assert len(arena.pim.world.clients) == 0
    assert [user.username for user in arena.pim.world.users.values()] == ["admin", PIM_ACCOUNT]
    audit = (arena.directory / "audit.jsonl").read_text()
    assert "401" in audit
    assert all(json.loads(line) for line in audit.splitlines())
    text = "".join(f"{one.out}{one.err}" for one in told) + audit
    assert CANARY not in text
    assert MARKER not in text


def test_missing_console_does_not_keep_vault_from_being_cut(arena: ConsoleArena, run: Command) -> None:
    """A revocation cannot be carried out at the PIM: said, with exit 3; the connector reads nothing any more."""
    assert run("apply").code == 0
    erp = Connector("sandbox/erp", arena.bao.url, arena.login_of("erp"))
    assert erp.log_in()
    path = "pim/data/connectors/sandbox/erp"
    assert erp.reads(path) == 200
    arena.configure(without_console)
    assert run("revoke", "erp", "--reason", "leaked").code == 3
    assert erp.reads(path) == 403


def test_console_that_is_missing_is_the_configurations_fault(arena: ConsoleArena, run: Command) -> None:
    """Exit 3, one line of what, why and what to do; nothing is made at the PIM."""

    arena.configure(without_console)
    before = arena.seen()
    ran = run("apply")
    assert ran.code == 3
    assert "cannot be started" in ran.err
    assert "pims.sandbox.console.command" in ran.err
    assert arena.seen() == before
