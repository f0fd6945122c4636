"""Bad input: each its exit code and one clear message, and nothing changed at the PIM or in Vault."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.cli.conftest import Arena, Command
from vault_pim.sandbox.akeneo.connections import create
from vault_pim.sandbox.faults import Fault


def connector(name: str, **changes: Any) -> Callable[[dict[str, Any]], None]:
    """A change of one connector's configuration."""
    return lambda document: document["connectors"][name].update(changes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (connector("erp", colour="red"), "connectors.erp.colour"),
        (connector("shop", label="ERP"), "another label"),
        (connector("shop", label="A label that is far too long"), "25"),
        (lambda document: document["policies"]["default"].update(grace="PT1S"), "grace"),
        (connector("erp", policy="weekly"), "weekly"),
    ],
    ids=["unknown key", "two connectors on one identity", "label too long", "grace too short", "unknown policy"],
)
def test_wrong_configuration_is_refused_by_name(
    arena: Arena, run: Command, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    """Exit code 3, the key named, before anything is asked of Vault or the PIM."""
    before, asked = arena.seen(), len(arena.pim.requests)
    arena.configure(change)
    for command in ("plan", "apply"):
        ran = run(command)
        assert ran.code == 3
        assert said in ran.err
    assert arena.seen() == before
    assert len(arena.pim.requests) == asked


def test_permission_the_pim_does_not_know(arena: Arena, run: Command) -> None:
    """A person is needed: exit code 2, the permission named, no role left behind."""
    before = arena.seen()
    arena.configure(connector("erp", permissions=["pim_api_overall_access", "pim_api_teleport"]))
    ran = run("apply", "erp")
    assert ran.code == 2
    assert "pim_api_teleport" in ran.out
    assert arena.seen() == before


def test_wrong_pim_password_is_asked_once(arena: Arena, run: Command) -> None:
    """Three connectors and two runs cost one login; the account is far from its lock at five."""
    (arena.directory / "pim_password").write_text("wrong\n")
    before = arena.seen()
    for _ in range(2):
        ran = run("apply")
        assert ran.code == 1
        assert "password" in ran.err
    logins = [path for method, path, _ in arena.pim.requests if (method, path) == ("POST", "/user/login-check")]
    assert len(logins) == 1
    assert arena.seen() == before


@pytest.mark.parametrize("command", ["plan", "apply", "status", "rotate"])
def test_pim_password_missing(arena: Arena, run: Command, command: str) -> None:
    """The file is named for every connector; what Vault knows is shown all the same, and exit code 0 is not."""
    (arena.directory / "pim_password").unlink()
    ran = run(command, *(("erp", "shop", "dam") if command == "rotate" else ()), "--json")
    assert ran.code == (2 if command == "status" else 3)
    errors = [one["error"] for one in json.loads(ran.out)["connectors"]]
    assert [(error["exit_code"], "pim_password" in error["what"]) for error in errors] == [(3, True)] * 3


def test_rotation_of_what_is_not_configured(arena: Arena, run: Command) -> None:
    """Exit code 3; nothing is asked that no pass could carry out, and no revocation is lifted."""
    run("apply", "erp")
    arena.configure(lambda document: document["connectors"].pop("erp"))
    before = arena.seen()
    ran = run("rotate", "erp")
    assert ran.code == 3
    assert "not in the configuration" in ran.err
    assert arena.seen() == before


def test_sealed_vault(arena: Arena, run: Command) -> None:
    """Exit code 4, and the word that it is sealed."""
    token = {"X-Vault-Token": arena.admin_token_file.read_text().strip()}
    asked = len(arena.pim.requests)
    arena.bao.call("POST", "sys/seal", {}, headers=token)
    ran = run("apply")
    assert ran.code == 4
    assert "sealed" in ran.err
    assert len(arena.pim.requests) == asked


def test_vault_away(arena: Arena, run: Command) -> None:
    """Exit code 4."""
    arena.bao.kill()
    assert run("apply").code == 4


def test_pim_away(arena: Arena, run: Command) -> None:
    """Exit code 4, the PIM named."""
    before = arena.seen()
    arena.pim.stop()
    ran = run("apply")
    assert ran.code == 4
    assert "sandbox" in ran.err
    assert arena.seen() == before


def test_pim_answers_html_500(arena: Arena, run: Command) -> None:
    """A page in place of an answer says nothing about the outcome: exit code 4."""
    before = arena.seen()
    arena.pim.faults.add(Fault(method="*", path="*", kind="html_500", times=None))
    assert run("apply").code == 4
    assert arena.seen() == before


def test_no_free_slot(arena: Arena, run: Command) -> None:
    """Exit code 2, and nothing is begun."""
    for number in range(50):
        create(arena.pim._pim, f"other_{number}", f"other {number}", "other")
    before = arena.seen()
    ran = run("apply", "erp")
    assert ran.code == 2
    assert "slot" in ran.out
    assert arena.seen() == before


def test_connection_of_the_same_code_that_is_not_ours(arena: Arena, run: Command) -> None:
    """Exit code 2, the stranger named and left alone."""
    create(arena.pim._pim, "vp_erp_1", "Somebody's own", "other")
    before = arena.seen()
    ran = run("apply", "erp")
    assert ran.code == 2
    assert "vp_erp_1" in ran.out
    assert arena.seen() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rotate", "epr"), "erp"),
        (("rotate",), "CONNECTOR"),
        (("revoke", "erp"), "--reason"),
        (("teleport",), "teleport"),
        (("get", "sandbox/nobody"), "nobody"),
    ],
)
def test_wrong_call(run: Command, arguments: tuple[str, ...], said: str) -> None:
    """Exit code 3 and what was wrong with the call."""
    ran = run(*arguments)
    assert ran.code == 3
    assert said in ran.err
