"""`identify` on a real OpenBao and the sandbox PIM: what is found, what is told of it, and what bad input gets."""

import gzip
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from benchmarks.identify import identify_in_a_long_log
from tests.integration.cli.conftest import Arena, Command
from vault_pim.cli.main import main
from vault_pim.leaks.own_password import own_password
from vault_pim.sandbox.connector import Connector

FIELDS = {"client_secret", "password"}
pytestmark = pytest.mark.holds_secrets


@pytest.fixture
def leak(tmp_path: Path) -> Path:
    """A file in which something was found."""
    return tmp_path / "found.txt"


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """One playground for all tests of this page, provisioned."""
    with Arena(tmp_path_factory.mktemp("identify") / "arena") as world:
        world.set_up()
        assert main(["--config", str(world.config), "apply"]) == 0
        yield world


@pytest.fixture(scope="module")
def shop(arena: Arena) -> Connector:
    """A connector that has read its set and logged in at the PIM."""
    return logged_in(arena, "shop")


def logged_in(arena: Arena, name: str) -> Connector:
    """A connector of the playground with its set and its tokens."""
    connector = Connector(f"sandbox/{name}", arena.bao.url, arena.login_of(name))
    assert connector.log_in()
    connector.new_token()
    return connector


def told(run: Command, leak: Path, *arguments: str) -> dict[str, Any]:
    """What it says, and that it says it as a finding without repeating a value."""
    ran = run("identify", str(leak), "--json", *arguments)
    assert ran.code == 2, ran.err
    values = [word for word in leak.read_text().split('"') if re.fullmatch(r"(?=.*\d)[\w-]{9,}", word)]
    assert values
    assert all(value not in ran.out + ran.err for value in values)
    document: dict[str, Any] = json.loads(ran.out)
    return document


def test_values_of_many_connectors_hidden_in_a_long_log_are_all_found(arena: Arena) -> None:
    """Current and retired, in every way of writing, over the borders of stretches; and nothing else is told."""
    outcome = identify_in_a_long_log(arena, connectors=20, megabytes=10, hidden=16)
    assert (outcome.missed, outcome.false, outcome.exit_code) == (set(), set(), 2)
    assert outcome.memory < 300


def test_login_that_was_given_the_value_is_named(run: Command, shop: Connector, leak: Path) -> None:
    """By Vault's audit log; vault-pim's own reads are left out."""
    leak.write_text(f'"{shop.secret}"')
    (match,) = told(run, leak, "--who-read")["matches"]
    assert {reader["login"] for reader in match["readers"]} == {"vault-pim.sandbox.shop"}
    assert all(reader["accessor"] and reader["address"] == "127.0.0.1" for reader in match["readers"])
    shown = run("identify", str(leak), "--who-read")
    assert f"bao token revoke -accessor {match['readers'][0]['accessor']}" in shown.out


def test_access_token_names_those_with_the_same_rights(run: Command, shop: Connector, leak: Path) -> None:
    """The PIM does not tell whose it is."""
    leak.write_text(f'Bearer "{shop._token["access_token"]}"')
    (token,) = told(run, leak)["tokens"]
    assert (token["pim"], token["kind"], token["alive"]) == ("sandbox", "access", "live")
    assert "sandbox/shop" in token["connectors"]


def test_refresh_token_names_its_owner_only_when_it_is_used_up(run: Command, shop: Connector, leak: Path) -> None:
    """Which a person must ask for."""
    leak.write_text(f'"{shop._token["refresh_token"]}"')
    unasked = told(run, leak)
    assert (unasked["tokens"][0]["alive"], unasked["tokens_unknown"]) == ("unknown", 1)
    (token,) = told(run, leak, "--redeem-refresh-tokens")["tokens"]
    assert (token["kind"], token["connectors"], token["alive"]) == ("refresh", ["sandbox/shop"], "dead")
    again = run("identify", str(leak), "--redeem-refresh-tokens")
    assert (again.code, "Nothing that vault-pim issued is in it" in again.out) == (0, True)


def test_tokens_of_which_nobody_can_tell_are_no_good_news(run: Command, arena: Arena, leak: Path) -> None:
    """Neither those that a PIM does not know as access tokens, nor those that are too many to be asked about."""
    assert arena.config.exists()
    tokens = [b64encode(sha256(bytes([number])).hexdigest().encode()).decode().rstrip("=") for number in range(60)]
    leak.write_text("\n".join(f'"{token}"' for token in tokens))
    document = told(run, leak)
    assert (len(document["tokens"]), document["tokens_unknown"], document["tokens_not_asked"]) == (50, 50, 10)
    ran = run("identify", str(leak), "--redeem-refresh-tokens")
    assert (ran.code, "10 more of the shape of a token were not asked about" in ran.out) == (2, True)
    assert "Nothing that" not in ran.out


def test_password_of_another_installation_is_recognised(run: Command, arena: Arena, leak: Path) -> None:
    """By its checksum; its owner should hear of it."""
    assert arena.config.exists()
    leak.write_text('"' + own_password("0123456789abcdefghijABCDEFGHIJ01") + '"')
    assert told(run, leak)["passwords_of_others"] == 1


def test_packed_log_is_searched(run: Command, shop: Connector, leak: Path) -> None:
    """As logrotate leaves them."""
    leak.write_bytes(gzip.compress(f"a\n{shop.secret}\n".encode()))
    found = run("identify", str(leak), "--audit-log", str(leak.with_name("none.log")))
    assert (found.code, "is not there" in found.err) == (3, True)
    assert run("identify", str(leak)).code == 2
    leak.write_bytes(leak.read_bytes()[:-12])
    cut = run("identify", str(leak))
    assert (cut.code, "cannot be read" in cut.err) == (3, True)


def test_bad_input_gets_a_clear_answer(run: Command, arena: Arena, leak: Path) -> None:
    """Nothing there, nothing in it, no text at all, nobody's value."""
    assert arena.config.exists()
    for path in (leak, leak.parent):
        ran = run("identify", str(path))
        assert (ran.code, "cannot be read" in ran.err) == (3, True)
    leak.write_bytes(b"")
    ran = run("identify", str(leak))
    assert (ran.code, "the text is empty" in ran.err) == (3, True)
    for content in (bytes(range(256)) * 999, b"4f0c2a91b", b"\0" * 9999, "ünïcode".encode("utf-16")):
        leak.write_bytes(content)
        ran = run("identify", str(leak))
        assert (ran.code, "Nothing that vault-pim issued is in it" in ran.out) == (0, True)


def test_generation_from_before_the_index_is_found(run: Command, arena: Arena, shop: Connector, leak: Path) -> None:
    """As after an upgrade: the index is empty, the records are not."""
    leak.write_text(f'"{shop.secret}"')
    token = {"X-Vault-Token": arena.admin_token_file.read_text().strip()}
    _delete_all(arena, "fingerprints/", token)
    (match,) = told(run, leak)["matches"]
    assert (match["connector"], match["alive"]) == ("sandbox/shop", "live")


def test_whole_set_is_told_field_by_field_live_and_then_dead(arena: Arena, run: Command, leak: Path) -> None:
    """Each value is asked about by itself; where the PIM is silent, nothing is known."""
    leak.write_text(json.dumps({key: value for key, value in logged_in(arena, "dam")._set.items() if key in FIELDS}))
    told_before = told(run, leak)["matches"]
    assert [(one["field"], one["alive"], one["stage"]) for one in told_before] == [
        ("client_secret", "live", "current"),
        ("password", "live", "current"),
    ]
    run("revoke", "dam", "--reason", "leaked", "--no-reissue")
    assert [(one["alive"], one["stage"]) for one in told(run, leak)["matches"]] == [("dead", "revoked")] * 2
    assert "its set was proven dead" in told(run, leak)["matches"][1]["why"]
    for command in ("rotate",), ("revoke", "--reason", "again", "--no-reissue"):
        assert run(command[0], "dam", *command[1:]).code == 0
    token = logged_in(arena, "erp")._token["access_token"]
    arena.pim.stop()
    secret, password = told(run, leak)["matches"]
    assert secret["alive"] == "unknown"
    assert (password["alive"], password["why"][:17]) == ("dead", "its set has ended")
    leak.write_text(f'"{token}"')
    ran = run("identify", str(leak))
    assert (ran.code, "it is not known whether a PIM issued it" in ran.out, "Nothing" in ran.out) == (4, True, False)


def _delete_all(arena: Arena, folder: str, token: dict[str, str]) -> None:
    for name in arena.bao.call("LIST", f"pim-state/metadata/{folder}", headers=token)["data"]["keys"]:
        if name.endswith("/"):
            _delete_all(arena, folder + name, token)
        else:
            arena.bao.call("DELETE", f"pim-state/metadata/{folder}{name}", headers=token)
