"""The main job by its commands with mechanism `user_and_client`, at PIM 1.7: by its forms and its console."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.canary import CANARY, canary_secret
from tests.integration.cli.conftest import MARKER, Arena, Command, rotate_under_load
from vault_pim.pim.console import Console
from vault_pim.playground import PIM_ACCOUNT, TOKEN_LIFETIME
from vault_pim.sandbox.akeneo import users
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


Breaking = Callable[[pytest.MonkeyPatch, ConsoleArena], None]


def missing(_: pytest.MonkeyPatch, arena: ConsoleArena) -> None:
    """A console that is not there."""
    arena.configure(console("/nowhere/console"))


def hanging(patch: pytest.MonkeyPatch, arena: ConsoleArena) -> None:
    """A console that says nothing, and a time limit that is not worth waiting for."""
    defaults = Console.__init__.__kwdefaults__
    assert defaults is not None
    patch.setitem(defaults, "timeout", timedelta(seconds=1))
    arena.configure(console("sh", "-c", "sleep 300"))


def console(*command: str) -> Callable[[dict[str, Any]], None]:
    """A change of the configuration."""
    return lambda document: document["pims"]["sandbox"]["console"].update(command=list(command))


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[ConsoleArena]:
    """Such a playground, set up, with nothing provisioned yet."""
    with ConsoleArena(tmp_path / "arena") as world:
        world.use_console()
        world.set_up()
        yield world


def test_user_name_of_a_person_is_left_to_him(arena: ConsoleArena, run: Command) -> None:
    """Exit 2, the name and the way out; his account is not touched, and no role is made."""
    named = {"username": "vp_erp_1", "first_name": "Jo", "last_name": "Miller", "email": "miller@example.com"}
    users.store(arena.pim._pim, users.new_user(arena.pim._pim, named))
    before, there = arena.seen(), len(arena.pim.world.users)
    ran = run("apply")
    assert ran.code == 2
    assert "Delete 'vp_erp_1' at the PIM if nobody needs it; vault-pim did not make it." in " ".join(ran.out.split())
    assert arena.seen() == before
    assert len(arena.pim.world.users) == there
    assert len(arena.pim.world.clients) == 0


def test_role_that_people_use_is_left_to_them(arena: ConsoleArena, run: Command) -> None:
    """Exit 2, the role named; its rights are what they were, also where the letters differ in case alone."""
    arena.configure(lambda document: document["connectors"]["erp"].update(label="catalog Manager"))
    theirs = next(one for one in arena.pim.world.roles.values() if one.label == "Catalog manager")
    before, rights = arena.seen(), set(theirs.privileges)
    ran = run("apply")
    assert ran.code == 2
    assert "Give sandbox/erp another label" in " ".join(ran.out.split())
    assert arena.seen() == before
    assert theirs.privileges == rights


def test_label_of_any_letters_is_served(arena: ConsoleArena, run: Command) -> None:
    """What a shell, a console or a table would take for its own is a name like any other."""
    label = "E|R <info>P'$(id)</info>"
    arena.configure(lambda document: document["connectors"]["erp"].update(label=label))
    assert run("apply").code == 0
    user = arena.pim.world.user_by_login("vp_erp_1")
    assert user is not None
    assert [role.label for role in user.roles] == [label]
    assert run("revoke", "erp", "--reason", "leaked", "--yes", "--no-reissue").code == 0
    assert len(arena.pim.world.clients) == 0


def test_permission_of_a_newer_release_leaves_no_role_behind(arena: ConsoleArena, run: Command) -> None:
    """The PIM would answer 500 and keep half a role: exit 2, the permission named, nothing posted."""
    before = arena.seen()
    more = ["pim_api_overall_access", "pim_api_catalog_list"]
    arena.configure(lambda document: document["connectors"]["erp"].update(permissions=more))
    ran = run("apply")
    assert ran.code == 2
    assert "pim_api_catalog_list" in ran.out
    assert "PIM 1.7 does not offer these" in " ".join(ran.out.split())
    assert arena.seen() == before


@pytest.mark.parametrize(
    ("release", "code", "said"),
    [
        ("8.0", 3, "pims.sandbox.release"),
        ("7.0", 1, "PIM sandbox is not of release 7.0 (by what it offers it is 1.7)"),
    ],
)
def test_release_that_is_unknown_or_another_is_refused(
    arena: ConsoleArena, run: Command, release: str, code: int, said: str
) -> None:
    """By the configuration, with file and line; or by the PIM, before anything is written."""
    before = arena.seen()
    arena.configure(lambda document: document["pims"]["sandbox"].update(release=release))
    ran = run("apply")
    assert ran.code == code
    assert said in " ".join(ran.err.split())
    assert arena.seen() == before


def test_connector_is_rotated_without_a_failed_call_and_revoked_with_proof(arena: ConsoleArena, run: Command) -> None:
    """Provision, rotate under load, retire, revoke: one set, then two, then one, then none; and no secret is told."""
    told = [run("apply")]
    assert told[0].code == 0
    erp = Connector("sandbox/erp", arena.bao.url, arena.login_of("erp"))
    assert erp.log_in()
    told.append(rotate_under_load(run, erp))
    assert erp.tally.failures == []
    assert len(arena.pim.world.clients) == 1
    told.append(run("revoke", "erp", "--reason", "leaked", "--no-reissue"))
    assert [one.code for one in told] == [0, 0, 0]
    assert len(arena.pim.world.clients) == 0
    assert [user.username for user in arena.pim.world.users.values()] == ["admin", PIM_ACCOUNT]
    audit = (arena.directory / "audit.jsonl").read_text()
    assert "401" in audit
    assert all(json.loads(line) for line in audit.splitlines())
    text = "".join(f"{one.out}{one.err}" for one in told) + audit
    assert CANARY not in text
    assert MARKER not in text


@pytest.mark.parametrize("away", [missing, hanging])
def test_console_that_is_away_keeps_no_set_alive(
    arena: ConsoleArena, run: Command, monkeypatch: pytest.MonkeyPatch, away: Breaking
) -> None:
    """Vault is cut, the user deleted over the web, the set proven dead; that its client is left is said, with exit 5.
    With the console back the same command ends it."""
    assert run("apply").code == 0
    erp = Connector("sandbox/erp", arena.bao.url, arena.login_of("erp"))
    assert erp.log_in()
    path, config = "pim/data/connectors/sandbox/erp", arena.config.read_text()
    assert erp.reads(path) == 200
    with monkeypatch.context() as patch:
        away(patch, arena)
        ran = run("revoke", "erp", "--reason", "leaked", "--yes")
    assert ran.code == 5
    assert "sandbox/erp opens nothing any more, but something of it is left at the PIM" in ran.err
    assert "the console of PIM sandbox" in ran.err
    assert "access token: 401" in ran.err
    assert erp.reads(path) == 403
    assert [user.username for user in arena.pim.world.users.values()] == ["admin", PIM_ACCOUNT]
    assert len(arena.pim.world.clients) == 1
    arena.config.write_text(config)
    assert run("revoke", "erp", "--reason", "leaked", "--yes", "--no-reissue").code == 0
    assert len(arena.pim.world.clients) == 0


@pytest.mark.parametrize(
    ("away", "code", "said"),
    [
        (missing, 3, ("cannot be started", "pims.sandbox.console.command")),
        (hanging, 4, ("did not answer pim:oauth-server:list-clients", "it was ended after 1 s")),
    ],
)
def test_console_that_is_away_makes_nothing(
    arena: ConsoleArena, run: Command, monkeypatch: pytest.MonkeyPatch, away: Breaking, code: int, said: tuple[str, ...]
) -> None:
    """One line of what, why and what to do; nothing is made at the PIM."""
    before, users = arena.seen(), len(arena.pim.world.users)
    away(monkeypatch, arena)
    ran = run("apply")
    assert ran.code == code
    assert [words for words in said if words not in " ".join(ran.err.split())] == []
    assert arena.seen() == before
    assert len(arena.pim.world.users) == users
