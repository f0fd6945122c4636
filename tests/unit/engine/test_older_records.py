"""Every version of a record that was ever saved is put back, and a person does as told: nothing is lost over it.

The record alone goes back, or the held copies with it; the path, the PIM and the connectors stay as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.fakes.builders import DAY, ERP, HOUR, a_connector
from tests.fakes.wire import When
from tests.fakes.world import World
from vault_pim.domain.connector import Rotation
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.outcomes import Alarm
from vault_pim.domain.state import ConnectorState

PASSES = 4


def rotate(world: World) -> None:
    """A person asks for it."""
    world.rotate()


def age(world: World) -> None:
    """The schedule says so."""
    world.clock.forward(31 * DAY)
    world.run()


def retire(world: World) -> None:
    """The grace is over."""
    world.clock.forward(DAY + HOUR)
    world.run()


def replace_first(world: World) -> None:
    """A successor is served before the leaked set ends."""
    world.revoke(replace_first=True, reissue=True)


def cut_first(world: World) -> None:
    """The leaked set ends before a successor is made."""
    world.revoke(reissue=True)


HISTORIES: dict[str, tuple[Callable[[World], None], ...]] = {
    "rotated twice": (rotate, rotate),
    "rotated, retired, rotated": (rotate, retire, rotate),
    "rotated twice by schedule": (age, age),
    "replaced first": (replace_first,),
    "revoked and rotated": (cut_first, rotate),
    "rotated and replaced first": (rotate, replace_first),
}


@dataclass(frozen=True)
class Snapshot:
    """What stood in the mount of the state after one of its writes."""

    record: ConnectorState
    copies: dict[tuple[object, int], CredentialSet]
    dropped: set[tuple[object, int]]


def played(steps: tuple[Callable[[World], None], ...], rotation: Rotation) -> tuple[World, list[Snapshot]]:
    """The world after a history, and every version of the state on its way."""
    world, seen = World(), list[Snapshot]()

    def remember() -> None:
        store = world.credentials
        seen.append(Snapshot(world.state, dict(store.copies), set(store.dropped)))  # type: ignore[arg-type]

    world.wire.at("states.save", remember, when=When.AFTER, times=None)
    world.run()
    world.connector = a_connector(rotation=rotation)
    for step in steps:
        world.let_holds_expire()
        step(world)
    world.wire.heal()
    return world, seen


def put_back(world: World, snapshot: Snapshot, *, copies: bool) -> None:
    """The state goes back; versions of its record do not."""
    _, version = world.states.records[ERP]
    world.states.records[ERP] = (snapshot.record, version + 1)
    if copies:
        world.credentials.copies = dict(snapshot.copies)  # type: ignore[arg-type]
        world.credentials.dropped = set(snapshot.dropped)  # type: ignore[arg-type]


def watched(world: World) -> list[str]:
    """After which calls a connector that is let in reads a dead set, or nothing any more."""
    dead: list[str] = []
    had = False

    def look() -> None:
        nonlocal had
        read = world.credentials.reads(ERP)
        let_in = not (world.state.cut_off or world.access.entities[ERP].disabled)
        if let_in and not (world.pim.accepts(read) if read else not had):
            dead.append(world.wire.calls[-1])
        had = let_in and read is not None

    world.wire.at("*", look, when=When.AFTER, times=None)
    return dead


def as_told(world: World) -> None:
    """Ordinary passes, and what an alarm names first, once."""
    asked = False
    for _ in range(PASSES):
        world.let_holds_expire()
        end = world.run(impatient=True).end
        if isinstance(end, Alarm) and not asked:
            asked = True
            assert f"`vault-pim rotate {ERP}`" in end.advice
            world.let_holds_expire()
            world.rotate()
    world.clock.forward(DAY + HOUR)
    world.run(impatient=True)


@pytest.mark.parametrize("copies", [False, True], ids=["record", "record and copies"])
@pytest.mark.parametrize("rotation", Rotation)
@pytest.mark.parametrize("name", HISTORIES)
def test_connector_reads_what_works_and_nothing_is_left_over(name: str, rotation: Rotation, copies: bool) -> None:
    """At every moment, where sets are not made in place; and in the end, always."""
    count = len(played(HISTORIES[name], rotation)[1])
    assert count > 5
    for number in range(count):
        world, seen = played(HISTORIES[name], rotation)
        put_back(world, seen[number], copies=copies)
        dead = watched(world) if rotation is Rotation.OVERLAP else []
        as_told(world)
        assert (dead, world.connector_works(), world.leftovers()) == ([], True, []), seen[number]
