"""`prove --drill` on the whole program: a revocation rehearsed end to end, and nothing left of it."""

import json
from typing import Any

import pytest

from tests.docs.json_page import missing, surplus
from tests.integration.cli.conftest import MARKER, Arena, Command
from vault_pim.domain.errors import NotProven
from vault_pim.playground import READ

LABEL = "Drill"
PAGE = "prove --drill"


def declared(label: str, *more: str) -> dict[str, Any]:
    """A drill connector."""
    permissions = [READ, *more]
    return {"pim": "sandbox", "label": label, "permissions": permissions, "drill": True, "auth": {"approle": {}}}


@pytest.fixture
def rehearsed(arena: Arena, run: Command, monkeypatch: pytest.MonkeyPatch) -> Arena:
    """An installation at work, with a drill connector."""

    arena.configure(lambda document: document["connectors"].update(rehearsal=declared(LABEL)))
    monkeypatch.setenv("VAULT_TOKEN", arena.admin_token_file.read_text().strip())
    assert run("setup", "--yes").code == 0
    assert run("apply").code == 0
    return arena


def test_drill_revokes_with_proof_leaves_nothing_and_touches_nobody(rehearsed: Arena, run: Command) -> None:
    """Twice: the second begins where the first ended. Its time is told, and stands in the audit log."""
    before, users = rehearsed.seen(), len(rehearsed.pim.world.users)
    for generation in 1, 2:
        ran = run("prove", "--drill", "--json")
        document = json.loads(ran.out)
        assert (surplus(PAGE, document), missing(PAGE, [document])) == (set(), set())
        [drill] = document["drills"]
        assert (ran.code, drill["connector"], drill["generation"]) == (0, "sandbox/rehearsal", generation)
        assert 0 < drill["time_to_revoke_seconds"] < 20
        assert any("401" in line for line in drill["evidence"])
        assert drill["evidence"][-1] == "PIM and Vault: nothing of it is left"
        assert MARKER not in ran.out + ran.err
    after = rehearsed.seen()
    assert (after["connections"], after["served"], after["state"]) == tuple(
        before[key] for key in ("connections", "served", "state")
    )
    assert set(after["roles"]) - set(before["roles"]) == {LABEL}
    assert len(rehearsed.pim.world.users) == users
    assert len(rehearsed.pim.world.clients) == 3
    audit = [json.loads(line) for line in (rehearsed.directory / "audit.jsonl").read_text().splitlines()]
    assert [line["detail"].keys() for line in audit if line["tag"] == "drill:done"] == [{"time_to_revoke_seconds"}] * 2
    assert run("status").code == 0
    assert run("plan").code == 0
    assert json.loads(run("prove", "--json").out)["pairs"]["total"] == 6


def test_drill_is_refused_where_it_must_be_and_cleans_up_after_one_that_was_broken_off(
    rehearsed: Arena, run: Command
) -> None:
    """No connector in use is drilled; what a killed drill left ends first; a set that cannot be made is said."""
    before = rehearsed.seen()
    ran = run("prove", "--drill", "erp")
    assert (ran.code, "sandbox/erp is in use" in ran.err) == (3, True)
    assert rehearsed.seen() == before
    assert run("rotate", "rehearsal").code == 0
    assert "vp_rehearsal_1" in rehearsed.pim.world.connections
    ran = run("prove", "--drill", "rehearsal")
    assert ran.code == 0
    assert "cleaning up after a drill that was broken off" in ran.err
    assert sorted(rehearsed.pim.world.connections) == ["vp_dam_1", "vp_erp_1", "vp_shop_1"]
    rehearsed.configure(
        lambda document: document["connectors"]["rehearsal"].update(permissions=[READ, "pim_api_nonsense"])
    )
    ran = run("prove", "--drill")
    assert (ran.code, "pim_api_nonsense" in ran.err) == (5, True)
    rehearsed.configure(lambda document: document["connectors"].pop("rehearsal"))
    ran = run("prove", "--drill")
    assert (ran.code, "drill: true" in ran.err) == (3, True)


@pytest.mark.parametrize(("failure", "code"), [(KeyboardInterrupt(), 130), (NotProven("it does not work"), 5)])
def test_drill_that_is_broken_off_leaves_no_live_set(
    rehearsed: Arena, run: Command, monkeypatch: pytest.MonkeyPatch, failure: BaseException, code: int
) -> None:
    """Whoever breaks it off between the two looks."""
    before = rehearsed.seen()["connections"]

    def fail(*_: object) -> None:
        assert "vp_rehearsal_1" in rehearsed.pim.world.connections
        raise failure

    monkeypatch.setattr("vault_pim.cli.drill.witness", fail)
    assert run("prove", "--drill").code == code
    assert rehearsed.seen()["connections"] == before


def test_drill_that_fails_keeps_no_other_from_being_made(rehearsed: Arena, run: Command) -> None:
    """Each is told, and the worst is the exit code."""
    broken = declared("Broken", "pim_api_nonsense")
    rehearsed.configure(lambda document: document["connectors"].update(broken=broken))
    assert run("setup", "--yes").code == 0
    ran = run("prove", "--drill", "--json")
    document = json.loads(ran.out)
    assert (surplus(PAGE, document), missing(PAGE, [document])) == (set(), set())
    first, second = document["drills"]
    assert (ran.code, first["connector"], second["connector"]) == (5, "sandbox/broken", "sandbox/rehearsal")
    assert "pim_api_nonsense" in first["error"]["why"]
    assert (second["error"], second["evidence"][-1]) == (None, "PIM and Vault: nothing of it is left")
    assert "pim_api_nonsense" in ran.err
