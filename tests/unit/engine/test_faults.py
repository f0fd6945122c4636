"""What fails for ever holds up nothing but itself: tried less and less, told to a person, while the rest goes on."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.fakes.builders import DAY, HOUR, PERMISSIONS
from tests.fakes.world import World
from vault_pim.domain.errors import PimNoAnswer, PimRefusal, UnknownShape, VaultNoAnswer
from vault_pim.domain.generation import Stage
from vault_pim.domain.outcomes import Wait
from vault_pim.domain.reasons import Reason
from vault_pim.lifecycle.faults import TRIES_PER_HOUR


def retire_fails(world: World) -> str:
    """A former set cannot be proven dead."""
    world.rotate()
    world.clock.forward(DAY)
    world.wire.fail("driver.prove_dead", UnknownShape("a page we do not know"), times=None)
    return "driver.prove_dead"


def orphan_fails(world: World) -> str:
    """A backup brought a set back, and the PIM does not delete it."""
    former = world.pim.connections["vp_erp_1"]
    world.rotate()
    world.clock.forward(DAY)
    world.run()
    world.pim.restore(former)
    world.wire.fail("driver.delete", PimNoAnswer("no answer"), times=None)
    return "driver.delete"


def role_fails(world: World) -> str:
    """Somebody widened the role, and the PIM does not take it back."""
    world.pim.roles["ERP"] = world.pim.offered
    world.wire.fail("driver.put_role", PimRefusal("refused"), times=None)
    return "driver.put_role"


def path_fails(world: World) -> str:
    """Somebody deleted the path, and what is held cannot be read as a set."""
    world.credentials.lose_path(next(iter(world.credentials.paths)))
    world.wire.fail("credentials.held", PimRefusal("no set"), times=None)
    return "credentials.held"


FAULTS = [retire_fails, orphan_fails, role_fails, path_fails]


@pytest.mark.parametrize("fault", FAULTS)
def test_task_beside_that_fails_is_said_and_waits_alone(provisioned: World, fault: Callable[[World], str]) -> None:
    """The pass comes to its end; the next one has something to wait for, and says what."""
    call = fault(provisioned)
    tried = provisioned.wire.count(call)
    ran = provisioned.run()
    assert len(ran.troubles) == 1
    assert isinstance(ran.end, Wait)
    assert ran.end.reason is Reason.TRIED_LATER
    assert ran.end.until is not None
    assert timedelta(seconds=10) <= ran.end.until - provisioned.clock.now() <= timedelta(seconds=12)
    assert provisioned.run().troubles == ()
    assert provisioned.wire.count(call) == tried + 1
    assert provisioned.state.failures is None


@pytest.mark.parametrize("fault", [retire_fails, orphan_fails])
@pytest.mark.parametrize("impatient", [True, False])
def test_task_that_fails_for_ever_holds_up_no_rotation(
    provisioned: World, fault: Callable[[World], str], impatient: bool
) -> None:
    """Neither by schedule nor when a person asks."""
    fault(provisioned)
    for _ in range(3):
        provisioned.run()
        provisioned.clock.forward(30 * DAY)
        ran = provisioned.run(impatient=impatient)
        current = provisioned.state.current
        assert current is not None
        assert current.published_at == provisioned.clock.now()
        assert len(ran.troubles) >= 1
    assert provisioned.connector_works()


def test_one_former_set_that_cannot_be_retired_keeps_no_other(provisioned: World) -> None:
    """Each is a task of its own."""
    provisioned.rotate()
    provisioned.rotate()
    provisioned.clock.forward(DAY)
    provisioned.wire.fail("driver.delete", PimRefusal("refused"), times=1)
    provisioned.run()
    assert [one.stage for one in provisioned.state.generations] == [Stage.GRACE, Stage.RETIRED, Stage.CURRENT]


def test_failing_role_holds_up_no_revocation(provisioned: World) -> None:
    """Nor does anything else that fails beside it."""
    role_fails(provisioned)
    provisioned.run()
    provisioned.revoke()
    assert provisioned.state.revocation is not None
    assert provisioned.state.revocation.proven_at is not None


def test_role_that_cannot_be_mended_keeps_a_pending_set_waiting(provisioned: World) -> None:
    """It cannot be verified without; nothing second is planned meanwhile."""
    provisioned.wire.fail("driver.verify", PimNoAnswer("no answer"))
    with pytest.raises(PimNoAnswer):
        provisioned.rotate()
    role_fails(provisioned)
    provisioned.clock.forward(HOUR)
    ran = provisioned.run()
    assert isinstance(ran.end, Wait)
    assert ran.end.reason is Reason.TRIED_LATER
    assert [one.stage for one in provisioned.state.generations] == [Stage.CURRENT, Stage.ISSUED]


def test_tries_are_limited_by_the_hour_and_a_person_is_told(provisioned: World) -> None:
    """Woken every minute for a day; once it has been tried as often as an hour allows, it is a finding."""
    call = role_fails(provisioned)
    tries: list[int] = []
    for minute in range(24 * 60):
        before = provisioned.wire.count(call)
        ran = provisioned.run()
        tries += [minute] * (provisioned.wire.count(call) - before)
        told = [one.about for one in ran.findings if one.reason is Reason.KEEPS_FAILING]
        assert told == (["role"] if len(tries) >= TRIES_PER_HOUR else [])
        provisioned.clock.forward(timedelta(minutes=1))
    assert max(sum(start <= minute < start + 60 for minute in tries) for start in tries) <= TRIES_PER_HOUR
    assert len(tries) < TRIES_PER_HOUR + 24


def test_rotation_that_fails_for_ever_is_told_too(provisioned: World) -> None:
    """What holds up everything after it is tried no more often."""
    provisioned.wire.fail("driver.issue", PimRefusal("refused"), times=None)
    provisioned.clock.forward(40 * DAY)
    tries, told = 0, set()
    for _ in range(120):
        try:
            told |= {one.reason for one in provisioned.run().findings}
        except PimRefusal:
            tries += 1
        provisioned.clock.forward(timedelta(minutes=1))
    assert tries <= TRIES_PER_HOUR + 1
    assert Reason.KEEPS_FAILING in told


def test_task_that_succeeds_again_is_forgotten(provisioned: World) -> None:
    """The next failure waits ten seconds again."""
    role_fails(provisioned)
    provisioned.run()
    provisioned.wire.heal()
    provisioned.clock.forward(HOUR)
    ran = provisioned.run()
    assert ran.troubles == ()
    assert provisioned.state.faults == ()
    assert provisioned.pim.roles["ERP"] == PERMISSIONS


def test_task_that_is_not_due_any_more_is_forgotten(provisioned: World) -> None:
    """Somebody put it right by hand."""
    role_fails(provisioned)
    provisioned.run()
    provisioned.pim.roles["ERP"] = PERMISSIONS
    provisioned.clock.forward(HOUR)
    provisioned.run()
    assert provisioned.state.faults == ()


def test_pim_that_falls_silent_in_such_a_task_is_no_fault_of_the_rest(provisioned: World) -> None:
    """Nothing is known any more, and that is said."""
    provisioned.pim.roles["ERP"] = provisioned.pim.offered
    provisioned.wire.at("driver.put_role", lambda: provisioned.wire.silence("driver.*"))
    provisioned.wire.fail("driver.put_role", PimNoAnswer("no answer"))
    with pytest.raises(PimNoAnswer):
        provisioned.run()


def test_vault_that_falls_silent_ends_the_pass(provisioned: World) -> None:
    """There is nothing that could go on without it."""
    provisioned.credentials.lose_path(next(iter(provisioned.credentials.paths)))
    provisioned.wire.fail("credentials.held", VaultNoAnswer("no answer"))
    with pytest.raises(VaultNoAnswer):
        provisioned.run()
