"""A pass looks who reads where that counts, ends a set by it, and keeps on record who was late."""

from dataclasses import replace

from tests.fakes.builders import DAY, ERP, HOUR, a_connector, a_policy, a_reader
from tests.fakes.world import World
from vault_pim.domain.generation import Stage
from vault_pim.domain.policy import LateReaders, Retire
from vault_pim.domain.readers import ReadersSight
from vault_pim.domain.reasons import Reason

EARLY = a_policy(retire=Retire.PICKED_UP)
PATIENT = a_policy(late_readers=LateReaders.WAIT)


def rotated(world: World, policy: object) -> World:
    """Generation 1 in grace, 2 served, under that policy."""
    world.connector = a_connector(policy=policy)
    world.rotate()
    return world


def test_former_set_ends_as_soon_as_all_have_moved_on(provisioned: World) -> None:
    """Long before its grace does."""
    world = rotated(provisioned, EARLY)
    world.readers.sight = ReadersSight(readers=(a_reader("one", 2), a_reader("two", 1)))
    world.clock.forward(HOUR)
    assert world.run().done == ()
    world.readers.sight = ReadersSight(readers=(a_reader("one", 2), a_reader("two", 2)))
    (done,) = world.run().done
    assert done.reason is Reason.PICKED_UP
    assert [one.stage for one in world.state.generations] == [Stage.RETIRED, Stage.CURRENT]
    assert world.connector_works()
    assert world.leftovers() == []


def test_ordinary_rotation_asks_nobody_who_reads(provisioned: World) -> None:
    """So that it costs nothing."""
    rotated(provisioned, a_policy())
    assert not [call for call in provisioned.wire.calls if call.startswith("readers.")]


def test_late_readers_stand_in_the_record_of_the_retirement(provisioned: World) -> None:
    """And those who were not heard of for long are forgotten."""
    world = rotated(provisioned, a_policy())
    world.readers.sight = ReadersSight(readers=(a_reader("app1", 1), a_reader("app2", 2)))
    world.clock.forward(DAY)
    passed = world.run()
    (retired,) = [event for event in world.audit.events if event.detail.get("late_readers")]
    assert (retired.generation, retired.detail["late_readers"]) == (1, "app1")
    assert world.readers.forgotten == [(ERP, {2})]
    assert [one.reason for one in passed.findings] == [Reason.LATE_READER]


def test_late_reader_keeps_its_set_for_as_long_as_the_policy_waits(provisioned: World) -> None:
    """Until the former set is past its max age."""
    world = rotated(provisioned, replace(PATIENT, max_age=40 * DAY))
    world.readers.sight = ReadersSight(readers=(a_reader("app1", 1),))
    world.clock.forward(2 * DAY)
    passed = world.run()
    assert passed.done == ()
    assert passed.end.reason is Reason.READERS_LATE
    world.clock.forward(39 * DAY)
    world.run()
    assert world.state.generations[0].stage is Stage.RETIRED


def test_revocation_asks_nobody_who_reads(provisioned: World) -> None:
    """What a connector writes of itself can hold up nothing then."""
    world = rotated(provisioned, EARLY)
    before = len(world.wire.calls)
    world.revoke()
    assert not [call for call in world.wire.calls[before:] if call.startswith("readers.")]


def test_reader_that_cannot_be_forgotten_holds_up_no_retirement(provisioned: World) -> None:
    """That tidies up, and is no part of the step."""
    world = rotated(provisioned, a_policy())
    world.readers.sight = ReadersSight(readers=(a_reader("app1", 1),))
    world.clock.forward(DAY)
    world.wire.lose_reply("readers.forget")
    world.run()
    assert [one.stage for one in world.state.generations] == [Stage.RETIRED, Stage.CURRENT]


def test_set_that_late_readers_use_is_revoked_all_the_same(provisioned: World) -> None:
    """Nobody is waited for in an incident."""
    world = rotated(provisioned, PATIENT)
    world.readers.sight = ReadersSight(readers=(a_reader("app1", 1),))
    world.clock.forward(DAY + HOUR)
    world.revoke()
    assert {one.stage for one in world.state.generations} == {Stage.REVOKED}
