"""`prove` by its command, on the whole program: what is proven, what is not, and that looking changes nothing."""

import json
from pathlib import Path

from tests.integration.cli.conftest import MARKER, Arena, Command
from vault_pim.playground import READ
from vault_pim.sandbox.akeneo.world import User

NO_APPROLE = "it does not log in by AppRole, so nobody else can log in as it"


def role_of(arena: Arena, connector: str) -> set[str]:
    """The privileges of a connector's role, to be changed as a person at the PIM may."""
    [user] = users_of(arena, connector)
    return user.roles[0].privileges


def users_of(arena: Arena, connector: str) -> list[User]:
    """The users of a connector's sets."""
    return [user for user in arena.pim.world.users.values() if user.username.startswith(f"vp_{connector}_")]


def test_each_set_opens_its_own_door_alone(arena: Arena, run: Command, tmp_path: Path) -> None:
    """Proven, signed, written, and genuine; nothing is left of it in Vault, and no PIM takes it for a foreign user."""
    nowhere = run("prove", "--out", str(tmp_path / "nowhere"))
    assert (nowhere.code, "is not a folder" in nowhere.err) == (3, True)
    assert run("apply").code == 0
    before, folder = arena.seen(), tmp_path / "proofs"
    folder.mkdir()
    ran = run("prove", "--json", "--out", str(folder))
    proof = json.loads(ran.out)
    assert (ran.code, proof["verdict"]) == (0, "proven")
    assert {check["verdict"] for one in proof["connectors"] for check in one["checks"]} == {"proven"}
    assert [len(one["checks"]) for one in proof["connectors"]] == [11, 11, 11]
    assert proof["pairs"] == {"total": 6, "proven": 6, "not_proven": []}
    assert [limit["bits"] for limit in proof["limits"]] == [None, 17, 30, None]
    assert proof["pims"] == [{"name": "sandbox", "url": arena.pim.url, "release": "7.0"}]
    assert (proof["vault"], proof["at"] < proof["ended_at"]) == (arena.bao.url, True)
    page, document = sorted(folder.iterdir())
    assert json.loads(document.read_text()) == proof
    assert run("audit", "verify", str(document)).code == 0
    assert proof["signature"]["key_id"] in page.read_text()
    document.write_text(document.read_text().replace('"proven": 6', '"proven": 7'))
    assert run("audit", "verify", str(document)).code == 2
    assert arena.seen() == before
    assert run("status").code == 0
    assert arena.pim.world.wrong_credentials == {}
    assert MARKER not in ran.out + ran.err + page.read_text()


def test_whatever_opens_too_much_is_a_finding(arena: Arena, run: Command) -> None:
    """A right that was added by hand, where it is looked at; a password that is another's; what could not be tried."""
    ran = run("prove", "erp")
    assert (ran.code, "sandbox/erp is unproven: no credential set is served yet" in ran.out) == (2, True)
    arena.configure(lambda document: document["connectors"]["dam"].update(permissions=[READ]))
    run("apply")
    role_of(arena, "erp").add("pim_api_locale_list")
    ran = run("prove", "dam")
    assert (ran.code, "4 of 4 pairs proven" in ran.out) == (0, True)
    ran = run("prove")
    assert ran.code == 2
    assert "sandbox/erp: permissions-as-declared is broken: +pim_api_locale_list" in ran.out
    assert "sandbox/erp: opens-own-door-at-the-pim is broken: it has a right that is not declared" in ran.out
    assert "6 of 6 pairs proven" in ran.out
    arena.configure(lambda document: document["connectors"]["dam"].pop("auth"))
    [erp], [shop] = users_of(arena, "erp"), users_of(arena, "shop")
    shop.password_hash, shop.salt = erp.password_hash, erp.salt
    proof = json.loads(run("prove", "--json").out)
    [dam] = [one for one in proof["connectors"] if one["connector"] == "sandbox/dam"]
    told = {check["claim"]: check["verdict"] for check in dam["checks"]}
    assert (told["opens-own-path"], told["refused-on-other-paths"]) == ("unproven", "unproven")
    assert {(pair["of"], pair["to"], pair["verdict"], pair["why"]) for pair in proof["pairs"]["not_proven"]} == {
        ("sandbox/erp", "sandbox/shop", "broken", "its user"),
        *(("sandbox/dam", f"sandbox/{one}", "unproven", NO_APPROLE) for one in ("erp", "shop")),
    }


def test_connector_that_is_not_tried_is_not_passed_over(arena: Arena, run: Command) -> None:
    """One that was never served has nothing to prove, unless it is named; a live set that was not tried is unproven."""
    assert run("apply", "erp", "shop").code == 0
    ran = run("prove")
    assert (ran.code, "sandbox/dam has nothing to prove" in ran.out) == (0, True)
    assert (run("prove", "erp").code, run("prove", "erp", "dam").code) == (0, 2)
    arena.configure(lambda document: document["connectors"].pop("shop"))
    proof = json.loads((ran := run("prove", "--json")).out)
    assert (ran.code, proof["verdict"]) == (2, "unproven")
    assert [(one["connector"], one["verdict"]) for one in proof["skipped"]] == [
        ("sandbox/dam", None),
        ("sandbox/shop", "unproven"),
    ]
    told = {check["claim"]: check["said"] for one in proof["connectors"] for check in one["checks"]}
    assert told["refused-on-other-paths"].startswith("2 other paths refuse it")
