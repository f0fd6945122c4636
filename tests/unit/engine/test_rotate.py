"""A rotation serves a successor, keeps the former set through its grace, then ends it."""

from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.fakes.builders import DAY, ERP, HOUR, a_connector, a_policy
from tests.fakes.wire import When
from tests.fakes.world import World
from vault_pim.domain.errors import NotProven, PimNoAnswer, TakenOver
from vault_pim.domain.generation import Stage, Step
from vault_pim.domain.outcomes import Do, Wait
from vault_pim.domain.policy import Calendar
from vault_pim.domain.reasons import Reason


def stages(world: World) -> list[Stage]:
    """Where the generations stand, oldest first."""
    return [one.stage for one in world.state.generations]


def test_rotation_asked_for_serves_a_successor_and_keeps_the_former(provisioned: World) -> None:
    """Both sets open the PIM after a rotation."""
    former = provisioned.credentials.reads(ERP)
    provisioned.rotate()
    assert stages(provisioned) == [Stage.GRACE, Stage.CURRENT]
    assert provisioned.connector_works()
    assert former is not None
    assert provisioned.pim.accepts(former)
    assert provisioned.state.generations[1].reason == Reason.REQUESTED


def test_rotation_is_done_once(provisioned: World) -> None:
    """A second pass after a rotation finds nothing asked for."""
    provisioned.rotate()
    assert provisioned.state.rotation_asked_at is None
    assert provisioned.run().done == ()


def test_rotation_asked_by_a_clock_that_is_behind_is_done_all_the_same(world: World) -> None:
    """Who asks and who published may be two machines; their clocks are not compared."""
    world.run()
    world.clock.forward(-HOUR)
    world.rotate()
    assert stages(world) == [Stage.GRACE, Stage.CURRENT]


def test_rotation_asked_again_after_a_lost_reply_goes_on_with_the_one_begun(provisioned: World) -> None:
    """A person who repeats the command gets one new set, not two."""
    provisioned.wire.lose_reply("driver.verify")
    with pytest.raises(Exception, match="no answer"):
        provisioned.rotate()
    provisioned.rotate()
    assert stages(provisioned) == [Stage.GRACE, Stage.CURRENT]


def test_rotation_asked_for_survives_an_abandoned_try(provisioned: World) -> None:
    """A set that failed verification does not count as the rotation."""
    break_roles(provisioned)
    provisioned.rotate()
    provisioned.wire.heal()
    provisioned.clock.forward(HOUR)
    provisioned.run()
    assert stages(provisioned) == [Stage.GRACE, Stage.ABANDONED, Stage.CURRENT]


def test_former_set_ends_when_its_grace_is_over(provisioned: World) -> None:
    """Deleted at the PIM, and no copy left in Vault."""
    provisioned.rotate()
    provisioned.clock.forward(DAY - timedelta(seconds=1))
    waits = provisioned.run()
    assert waits.done == ()
    assert waits.end == Wait(until=provisioned.state.generations[0].retire_at, reason=Reason.IN_GRACE)
    provisioned.clock.forward(timedelta(seconds=1))
    provisioned.run()
    assert stages(provisioned) == [Stage.RETIRED, Stage.CURRENT]
    assert provisioned.leftovers() == []
    assert provisioned.connector_works()


def test_grace_counts_from_the_write_not_from_the_decision(provisioned: World) -> None:
    """A slow Vault does not shorten the grace."""
    slow = timedelta(minutes=2)
    provisioned.wire.at("credentials.publish", lambda: provisioned.clock.forward(slow))
    provisioned.rotate()
    former = provisioned.state.generations[0]
    assert former.retire_at == provisioned.clock.now() + DAY


def test_set_that_lives_on_at_the_pim_is_not_retired(provisioned: World) -> None:
    """What cannot be proven dead stays in grace, its copy is kept, and the failure is remembered."""
    provisioned.rotate()
    provisioned.clock.forward(DAY)
    provisioned.pim.undead = True
    (trouble,) = provisioned.run().troubles
    assert isinstance(trouble, NotProven)
    assert stages(provisioned) == [Stage.GRACE, Stage.CURRENT]
    assert (ERP, 1) in provisioned.credentials.copies
    assert provisioned.state.fault("retire generation 1") is not None


def test_former_set_whose_label_a_stranger_took_is_retired_once_proven_dead(provisioned: World) -> None:
    """Somebody deleted it and made his own under that name: ours is dead, his is not touched."""
    provisioned.rotate()
    provisioned.clock.forward(DAY)
    provisioned.pim.remove("vp_erp_1")
    provisioned.pim.add("vp_erp_1")
    ran = provisioned.run()
    assert stages(provisioned) == [Stage.RETIRED, Stage.CURRENT]
    assert "vp_erp_1" in provisioned.pim.labels
    assert [(one.reason, one.detail) for one in provisioned.run().findings] == [(Reason.STRANGER, "vp_erp_1")]
    assert ran.done == (Do(step=Step.RETIRE, number=1, reason=Reason.GRACE_OVER),)


def test_former_set_that_the_path_serves_again_outlives_its_grace(provisioned: World) -> None:
    """While its successor's copy is lost, the set that connectors read is not ended under their feet."""
    former = provisioned.credentials.reads(ERP)
    assert former is not None
    provisioned.rotate()
    provisioned.clock.forward(DAY)
    provisioned.credentials.write(ERP, 1, former)
    provisioned.credentials.copies.pop((ERP, 2))
    worked: list[bool] = []
    provisioned.wire.at(
        "driver.delete", lambda: worked.append(provisioned.connector_works()), when=When.AFTER, times=None
    )
    provisioned.run()
    provisioned.clock.forward(HOUR)
    provisioned.run()
    assert stages(provisioned) == [Stage.RETIRED, Stage.GRACE, Stage.CURRENT]
    assert worked == [True]


def test_set_reaching_its_age_is_replaced(provisioned: World) -> None:
    """Nobody has to ask."""
    provisioned.clock.forward(30 * DAY)
    provisioned.run()
    assert provisioned.state.generations[1].reason == Reason.AGE


def test_successor_failing_verification_leaves_current_served(provisioned: World) -> None:
    """The pass ends backing off, and the current set stays."""
    before = provisioned.credentials.reads(ERP)
    break_roles(provisioned)
    ran = provisioned.rotate()
    assert isinstance(ran.end, Wait)
    assert ran.end.reason is Reason.BACKING_OFF
    assert provisioned.credentials.reads(ERP) == before


def test_each_refused_verification_waits_longer_than_the_one_before(provisioned: World) -> None:
    """Refused sets are abandoned, and the next is tried after 10 s, 20 s, 40 s, ... up to an hour."""
    break_roles(provisioned)
    provisioned.rotate()
    waits: list[timedelta] = []
    for _ in range(12):
        end = provisioned.run().end
        assert isinstance(end, Wait)
        assert end.until is not None
        waits.append(end.until - provisioned.clock.now())
        provisioned.clock.forward(waits[-1])
    doubled = [pair[1] / pair[0] for pair in pairwise(waits)]
    assert doubled[:8] == pytest.approx([2.0] * 8)
    assert waits[-1] == waits[-2] >= HOUR
    assert provisioned.pim.labels == {"vp_erp_1", f"vp_erp_{provisioned.state.next_number - 1}"}


def test_connector_is_served_at_every_moment_of_rotations_good_and_bad(provisioned: World) -> None:
    """Not one read between two calls of the engine gives nothing or a dead set, also while a try is abandoned."""
    broken: set[str] = set()

    def look() -> None:
        if not provisioned.connector_works():
            broken.add(provisioned.wire.calls[-1])

    provisioned.wire.at("*", look, when=When.AFTER, times=None)
    provisioned.wire.fail("driver.verify", PimNoAnswer("no answer"))
    with pytest.raises(PimNoAnswer):
        provisioned.rotate()
    provisioned.pim.remove("vp_erp_2")
    provisioned.run(impatient=True)
    provisioned.clock.forward(2 * DAY)
    provisioned.run()
    assert [one.stage for one in provisioned.state.generations] == [Stage.RETIRED, Stage.ABANDONED, Stage.CURRENT]
    assert broken == set()


def test_wait_after_a_refusal_counts_from_its_end(provisioned: World) -> None:
    """A PIM that takes a minute to refuse is not asked again at once."""
    break_roles(provisioned)
    provisioned.wire.at("driver.verify", lambda: provisioned.clock.forward(timedelta(minutes=1)))
    ran = provisioned.rotate()
    assert provisioned.wire.count("driver.verify") == 2
    assert isinstance(ran.end, Wait)
    assert ran.end.until is not None
    assert ran.end.until > provisioned.clock.now()


def test_impatient_pass_does_not_wait_for_an_earlier_failure(provisioned: World) -> None:
    """A person is not kept waiting by the back-off."""
    provisioned.wire.silence("driver.issue")
    with pytest.raises(Exception, match="no answer"):
        provisioned.rotate()
    provisioned.wire.heal()
    assert provisioned.run().done == ()
    assert provisioned.run(impatient=True).done != ()


def test_pending_set_gone_at_the_pim_is_never_served(provisioned: World) -> None:
    """Verified yesterday says nothing about a set that somebody deleted today."""
    provisioned.wire.fail("credentials.publish", TakenOver("somebody wrote the path"))
    with pytest.raises(TakenOver):
        provisioned.rotate()
    assert stages(provisioned) == [Stage.CURRENT, Stage.VERIFIED]
    provisioned.pim.remove("vp_erp_2")
    provisioned.let_holds_expire()
    served: list[bool] = []
    provisioned.wire.at(
        "credentials.publish", lambda: served.append(provisioned.connector_works()), when=When.AFTER, times=None
    )
    provisioned.run()
    assert stages(provisioned) == [Stage.GRACE, Stage.ABANDONED, Stage.CURRENT]
    assert served == [True]


def test_held_copy_of_another_try_is_not_served(provisioned: World) -> None:
    """Somebody slow wrote his dead set over the copy of the verified one: it is not what was verified."""
    provisioned.wire.fail("credentials.publish", TakenOver("somebody wrote the path"))
    with pytest.raises(TakenOver):
        provisioned.rotate()
    dead = provisioned.pim.add("elsewhere").credentials
    provisioned.pim.remove("elsewhere")
    provisioned.credentials.copies[ERP, 2] = dead
    provisioned.let_holds_expire()
    provisioned.run()
    assert provisioned.credentials.reads(ERP) != dead
    assert provisioned.connector_works()


def test_calendar_rotation_happens_once_in_its_window(world: World) -> None:
    """After the rotation its own window counts no more."""
    weekly = Calendar(cron="0 3 * * SUN", timezone=ZoneInfo("Europe/Paris"), window=2 * HOUR)
    world.connector = a_connector(policy=a_policy(schedule=weekly, max_age=10 * DAY, grace=2 * HOUR))
    world.run()
    for _ in range(7 * 24):
        world.clock.forward(HOUR)
        world.run()
    assert world.state.current is not None
    assert (world.state.current.number, world.state.current.reason) == (2, Reason.CALENDAR)


def break_roles(world: World) -> None:
    """From now on somebody widens the role just before each verification."""

    def widen() -> None:
        world.pim.roles["ERP"] = world.pim.offered

    def narrow() -> None:
        assert world.connector is not None
        world.pim.roles["ERP"] = world.connector.permissions

    world.wire.at("driver.verify", widen, times=None)
    world.wire.at("driver.verify", narrow, when=When.AFTER, times=None)
