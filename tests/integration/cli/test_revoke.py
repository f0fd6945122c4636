"""`revoke` by its commands: in both orders, with a new set or without, several at once, and what bad calls get."""

import json
import os
import pty
import subprocess

import pytest

from tests.integration.cli.conftest import Arena, Command
from tests.integration.cli.test_people import program
from vault_pim.sandbox.connector import Connector
from vault_pim.sandbox.faults import Fault

OK, DEAD, REFUSED = 200, 401, 403
BECAUSE = ("--reason", "leaked")
NAMES = ("dam", "erp", "shop")


def connector(arena: Arena, name: str) -> Connector:
    """One that has logged in to Vault and read its set."""
    made = Connector(f"sandbox/{name}", arena.bao.url, arena.login_of(name))
    assert made.log_in()
    return made


def steps(arena: Arena, name: str) -> list[str]:
    """What was done for a connector since its revocation was asked for, by the audit log."""
    lines = [json.loads(line) for line in (arena.directory / "audit.jsonl").read_text().splitlines()]
    own = [one for one in lines if one.get("connector") == f"sandbox/{name}"]
    begin = max(index for index, one in enumerate(own) if one["tag"] == "revocation:asked")
    return [str(one["step"]) for one in own[begin:] if one["tag"].endswith(":done")]


@pytest.mark.parametrize(
    ("order", "did"),
    [
        ("--cut-first", ["access", "revoke", "proof", "issue", "verify", "access", "publish"]),
        ("--replace-first", ["issue", "verify", "publish", "access", "revoke", "proof", "access"]),
    ],
)
def test_connector_gets_a_new_set_and_a_new_way_in(arena: Arena, run: Command, order: str, did: list[str]) -> None:
    """The old set, token, Vault token and secret-id are dead in either order; `bootstrap` lets it in to the new set."""
    run("apply", "shop")
    shop = connector(arena, "shop")
    token = shop.new_token()
    ran = run("revoke", "shop", *BECAUSE, order, "--json")
    said = json.loads(ran.out)
    assert (ran.code, said["proven"], said["new_generation"], said["cut_off"]) == (0, True, 2, False)
    assert steps(arena, "shop") == did
    assert said["needs_bootstrap"]
    assert shop.status_of(token) == DEAD
    assert shop.reads("pim/data/connectors/sandbox/shop") == REFUSED
    assert sorted(arena.pim.world.connections) == ["vp_shop_2"]
    versions = arena.seen()["served"]["connectors/sandbox/shop"]
    assert [version["destroyed"] for version in versions.values()] == [True, False]
    with pytest.raises(Exception, match="400"):
        shop.log_in()
    wrapped = run("bootstrap", "shop").out.strip()
    opened = arena.bao.call("POST", "sys/wrapping/unwrap", {}, {"X-Vault-Token": wrapped})["data"]
    (arena.login_of("shop") / "secret_id").write_text(opened["secret_id"])
    anew = connector(arena, "shop")
    assert anew.status_of(anew.new_token()) == OK
    assert run("plan", "shop").code == 0


def test_people_are_told_what_is_left_to_do(arena: Arena, run: Command) -> None:
    """With a new set the login, without it the set; asked again, the stricter wish holds."""
    run("apply", "shop", "erp")
    told = run("revoke", "shop", *BECAUSE)
    assert "Generation 2 is served to it." in told.out
    assert "vault-pim bootstrap sandbox/shop" in told.out
    for extra in ("--no-reissue", "--cut-first"):
        cut = run("revoke", "erp", *BECAUSE, extra)
        assert (cut.code, "vault-pim rotate sandbox/erp" in cut.out) == (0, True)
        assert "is revoked, and proven so" in cut.out
    assert json.loads(run("status", "erp", "--json").out)["connectors"][0]["cut_off"]


def test_successor_that_cannot_be_made_leaves_the_old_set_until_it_is_cut_first(arena: Arena, run: Command) -> None:
    """Exit 5 both times, and it is said what lives and what does not; when there is a slot again it goes on."""
    run("apply", "shop")
    shop = connector(arena, "shop")
    arena.configure(lambda document: document["connectors"]["shop"]["permissions"].append("pim_api_no_such_thing"))
    ran = run("revoke", "shop", *BECAUSE, "--replace-first")
    assert (ran.code, "its old sets live on" in ran.err, "--cut-first" in ran.err) == (5, True, True)
    assert shop.status_of(shop.new_token()) == OK
    assert json.loads(run("status", "shop", "--json").out)["connectors"][0]["stage"] == "current + to be revoked"
    ran = run("revoke", "shop", *BECAUSE, "--json")
    said = json.loads(ran.out)
    assert (ran.code, said["proven"], said["new_generation"], said["error"]["exit_code"]) == (5, True, None, 5)
    assert "is revoked, and proven so, but no new set is served" in ran.err
    with pytest.raises(Exception, match="422"):
        shop.new_token()
    arena.configure(lambda document: document["connectors"]["shop"]["permissions"].pop())
    assert run("revoke", "shop", *BECAUSE).code == 0
    incidents = json.loads(run("incident", "list", "--json").out)["incidents"]
    assert [one["connector"] for one in incidents] == ["sandbox/shop"]
    assert incidents[0]["renewed_at"] is not None


def test_several_are_revoked_at_once_and_one_that_fails_holds_up_no_other(arena: Arena, run: Command) -> None:
    """By pattern and by name; what failed is said, with its exit code."""
    run("apply")
    three = {name: connector(arena, name) for name in NAMES}
    tokens = {name: one.new_token() for name, one in three.items()}
    arena.pim.faults.add(Fault(kind="html_500", method="DELETE", path="/rest/connections/vp_erp_1", times=None))
    ran = run("revoke", "sandbox/*", *BECAUSE, "--no-reissue", "--json")
    said = {one["connector"]: one for one in json.loads(ran.out)["connectors"]}
    assert ran.code == 4
    assert {name: said[f"sandbox/{name}"]["proven"] for name in NAMES} == {"dam": True, "erp": False, "shop": True}
    assert said["sandbox/erp"]["error"]["exit_code"] == 4
    assert "Revoking [3/3]" in ran.err
    assert [three[name].status_of(tokens[name]) for name in NAMES] == [DEAD, OK, DEAD]
    assert three["erp"].reads("pim/data/connectors/sandbox/erp") == REFUSED
    arena.pim.faults.clear()
    ran = run("revoke", "e*", "shop", *BECAUSE)
    assert (ran.code, "vault-pim rotate CONNECTOR" in ran.out) == (0, True)
    assert three["erp"].status_of(tokens["erp"]) == DEAD


def answered(arena: Arena, answer: str, *arguments: str) -> tuple[int, str]:
    """A command at a terminal, where a person answers its question; its exit code and all it showed."""
    ours, theirs = pty.openpty()
    terminal = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    with subprocess.Popen(program(arena, *arguments), stdin=theirs, stdout=theirs, stderr=theirs, env=terminal) as one:
        os.close(theirs)
        os.write(ours, answer.encode())
        shown = b""
        try:
            while piece := os.read(ours, 4096):
                shown += piece
        except OSError:  # the terminal is closed from the other side
            pass
        one.wait()
    os.close(ours)
    return one.returncode, shown.decode()


def test_person_at_a_terminal_is_asked_once_for_all_by_name(arena: Arena, run: Command) -> None:
    """No changes nothing; yes shows a bar."""
    run("apply")
    before = arena.seen()
    code, shown = answered(arena, "n\n", "revoke", "sandbox/*", *BECAUSE)
    assert code == 130
    assert "Revoke every credential set of sandbox/dam, sandbox/erp, sandbox/shop?" in shown
    assert arena.seen() == before
    code, shown = answered(arena, "y\n", "revoke", "sandbox/*", *BECAUSE)
    assert code == 0
    assert "3/3" in shown
    assert "generation 2 is served" in shown


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("nobody",), "nobody"),
        (("x*",), "no connector is named like x*"),
        (("shop", "--replace-first", "--no-reissue"), "forbids one"),
        (("shop", "erp", "--breakglass", "bundle.age"), "cuts one connector"),
        (("shop", "--replace-first", "--breakglass", "bundle.age"), "cuts one connector"),
    ],
)
def test_wrong_call_changes_nothing(arena: Arena, run: Command, call: tuple[str, ...], said: str) -> None:
    """Exit 3, by name."""
    before = arena.seen()
    ran = run("revoke", *call, *BECAUSE, "--yes")
    assert (ran.code, said in ran.err) == (3, True), ran.err
    assert arena.seen() == before


def test_connector_that_is_not_configured_any_more_can_only_be_cut(arena: Arena, run: Command) -> None:
    """It cannot have a successor."""
    run("apply", "shop")
    arena.configure(lambda document: document["connectors"].pop("shop"))
    refused = run("revoke", "sandbox/shop", *BECAUSE, "--replace-first")
    assert (refused.code, "can have no successor" in refused.err) == (3, True)
    cut = json.loads(run("revoke", "sandbox/shop", *BECAUSE, "--json").out)
    assert (cut["proven"], cut["new_generation"], cut["cut_off"]) == (True, None, True)
