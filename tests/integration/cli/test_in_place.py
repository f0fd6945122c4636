"""A connection that must keep its code, rotated in place by commands, on the real Vault and the sandbox PIM."""

import json

from tests.integration.cli.conftest import Arena, Command

DUE = 2


def test_rotation_in_place_is_announced_measured_and_keeps_the_code(arena: Arena, run: Command) -> None:
    """`plan` says that calls will fail and how long, `rotate` and `status` how long they did; no connection is made."""
    run("apply", "shop")
    before = json.loads(run("get", "shop", "--format", "json").out)
    codes = set(arena.pim.world.connections)
    arena.configure(lambda document: document["connectors"]["shop"].update(rotation="in-place", label="Shop in place"))

    announced = run("plan", "shop")
    assert announced.code == DUE
    assert "issue generation 2 in place of 1" in announced.out
    assert "every call will fail for some seconds until the new set is served" in announced.out

    rotated = run("apply", "shop", "--json")
    outage = json.loads(rotated.out)["connectors"][0]["outage"]
    assert rotated.code == 0
    assert outage["until_served_seconds"] > 0
    after = json.loads(run("get", "shop", "--format", "json").out)
    assert set(arena.pim.world.connections) == codes
    assert (after["client_id"], after["username"]) == (before["client_id"], before["username"])
    assert (after["client_secret"] == before["client_secret"], after["password"] == before["password"]) == (
        False,
        False,
    )
    user = arena.pim.world.user_by_login(after["username"])
    assert user is not None
    assert [role.label for role in user.roles] == ["Shop in place"]

    standing = json.loads(run("status", "shop", "--json").out)["connectors"][0]
    stages = [(one["number"], one["stage"], one["replaces"]) for one in standing["generations"]]
    assert stages == [(1, "retired", None), (2, "current", 1)]
    assert standing["generations"][1]["outage_seconds"] == outage["until_served_seconds"]
    assert "without a set" in run("status", "shop").out

    revoked = json.loads(run("revoke", "shop", "--reason", "leaked", "--yes", "--json").out)
    assert revoked["proven"]
    assert "vp_shop_1" not in arena.pim.world.connections


def test_what_an_overlap_rotation_cannot_take_over_is_named_before_it_is_lost(arena: Arena, run: Command) -> None:
    """By `plan`, where another connection is about to be made; for the first one there is nothing to take over."""
    first = run("plan", "shop", "--json")
    run("apply", "shop")
    arena.configure(lambda document: document["connectors"]["shop"].update(label="Another shop"))
    assert json.loads(first.out)["connectors"][0]["left_behind"] == []
    assert json.loads(run("plan", "shop", "--json").out)["connectors"][0]["left_behind"] == [
        "image",
        "event subscriptions",
        "history",
    ]
    said = " ".join(run("plan", "shop").out.split())
    assert "does not take over from the former connection: image, event subscriptions, history." in said


def test_rotation_in_place_without_connections_is_refused(arena: Arena, run: Command) -> None:
    """In the configuration where that names the mechanism, and by an alarm where the PIM decides."""

    def change(document: dict[str, dict[str, dict[str, object]]]) -> None:
        document["connectors"]["shop"].update(rotation="in-place")
        document["pims"]["sandbox"].update(mechanism="user_and_client")

    arena.configure(change)
    refused = run("config", "check")
    assert refused.code == 3
    assert "needs connections, and pims.sandbox.mechanism is user_and_client" in refused.out + refused.err
