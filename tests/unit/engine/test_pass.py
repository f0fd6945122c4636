"""What holds for every pass: one holder, nothing unrecorded, a fresh look before an act, failures remembered."""

import logging
import threading
from datetime import timedelta

import pytest

from tests.fakes.builders import (
    DAY,
    ERP,
    HOUR,
    PERMISSIONS,
    SHOP,
    a_connector,
    a_generation,
    a_state,
    a_survey,
    silent,
    some_facts,
)
from tests.fakes.vault import Entity
from tests.fakes.wire import When
from tests.fakes.world import World
from vault_pim.domain.errors import AuditUnavailable, Impossible, PimNoAnswer, TakenOver, VaultNoAnswer
from vault_pim.domain.events import Event, Tag
from vault_pim.domain.generation import Stage, Step
from vault_pim.domain.outcomes import Do, Mend, Wait
from vault_pim.domain.reasons import Reason
from vault_pim.domain.state import Failures
from vault_pim.engine import effects
from vault_pim.engine.done import Effect
from vault_pim.engine.hold import Hold
from vault_pim.engine.reconcile import Reconciler


def test_plan_changes_nothing(world: World) -> None:
    """It says what would be done, and why."""
    planned = Reconciler(world.tools()).plan(ERP, world.connector)
    assert planned.decision == Do(step=Step.ISSUE, number=1, reason=Reason.NO_CURRENT)
    assert planned.findings == ()
    assert world.states.records == {}
    assert world.pim.labels == set()
    assert world.audit.events == []


def test_plan_of_a_silent_pim_says_so(provisioned: World) -> None:
    """A plan made without looking would be a guess."""
    provisioned.wire.silence("driver.*")
    with pytest.raises(PimNoAnswer):
        Reconciler(provisioned.tools()).plan(ERP, provisioned.connector)


def test_no_person_is_called_for_what_another_did_meanwhile(world: World) -> None:
    """The role seen at the PIM is ours, made after our state was read; nobody is told to delete it."""

    def another() -> None:
        world.run()

    world.wire.at("driver.survey", another)
    with pytest.raises(TakenOver):
        world.run()
    assert world.connector_works()


def test_pass_that_is_to_stop_ends_between_two_steps(provisioned: World) -> None:
    """The step in hand is finished and saved; the next pass goes on from there."""
    provisioned.clock.forward(30 * DAY)
    ran = Reconciler(provisioned.tools()).run(
        ERP, provisioned.connector, stop=lambda: provisioned.state.pending is not None
    )
    assert [one.step for one in ran.done if isinstance(one, Do)] == [Step.ISSUE]
    assert ran.end == Wait(until=provisioned.clock.now(), reason=Reason.STOPPING)
    assert provisioned.state.holder is None
    provisioned.run()
    assert provisioned.wire.count("driver.issue") == 2
    assert provisioned.connector_works()


def test_watcher_is_told_of_each_step_before_it_is_done(world: World) -> None:
    """That is what progress on a terminal is made of."""
    seen: list[tuple[Do | Mend, int]] = []
    Reconciler(world.tools()).run(
        ERP, world.connector, watch=lambda due: seen.append((due, world.wire.count("driver.issue")))
    )
    assert seen[0] == (Do(step=Step.ISSUE, number=1, reason=Reason.NO_CURRENT), 0)
    assert len(seen) == 3


def test_every_act_is_recorded_before_and_after(world: World) -> None:
    """With its generation, its reason, who did it and what came of it."""
    world.run(me="daemon")
    assert world.audit.tags == [
        Tag.STEP_BEGUN,
        Tag.MEND_BEGUN,
        Tag.MEND_DONE,
        Tag.STEP_DONE,
        Tag.STEP_BEGUN,
        Tag.STEP_DONE,
        Tag.STEP_BEGUN,
        Tag.STEP_DONE,
    ]
    assert world.audit.events[3] == Event(
        at=world.clock.now(),
        tag=Tag.STEP_DONE,
        by="daemon",
        connector=ERP,
        generation=1,
        step="issue",
        reason="no-current",
        detail={"client_id": "1_vp_erp_1", "username": "vp_erp_1_1001"},
    )
    assert world.audit.events[5].detail == {"allowed": "GET /allowed", "forbidden": "GET /forbidden"}


def test_set_that_may_do_everything_is_recorded_as_such(world: World) -> None:
    """There is no call left that should be refused."""
    world.connector = a_connector(permissions=world.pim.offered)
    world.run()
    assert world.audit.events[5].detail["forbidden"] == "none left to try"


def test_failed_step_is_recorded_with_its_cause(provisioned: World) -> None:
    """The log says what was tried in vain."""
    provisioned.wire.silence("driver.issue")
    with pytest.raises(PimNoAnswer):
        provisioned.rotate()
    last = provisioned.audit.events[-1]
    assert (last.tag, last.detail) == (Tag.STEP_FAILED, {"what": "the PIM gave no answer", "why": ""})
    assert provisioned.state.failures == Failures(
        count=1, last_at=provisioned.clock.now(), what="the PIM gave no answer"
    )


def test_nothing_is_done_that_cannot_be_recorded(world: World) -> None:
    """Not even the intent is saved."""
    world.audit.full = True
    with pytest.raises(AuditUnavailable):
        world.run()
    assert world.pim.labels == set()
    assert world.pim.roles == {}
    assert world.state.generations == ()


def test_step_done_before_the_log_was_full_is_not_done_again(world: World) -> None:
    """What was recorded as begun is saved as done; the next pass goes on from there."""

    def fill() -> None:
        world.audit.full = True

    world.wire.at("driver.issue", fill)
    with pytest.raises(AuditUnavailable):
        world.run()
    assert [one.stage for one in world.state.generations] == [Stage.ISSUED]
    world.audit.full = False
    world.clock.forward(HOUR)
    world.run()
    assert world.wire.count("driver.issue") == 1
    assert world.connector_works()


def test_connector_held_by_another_is_left_alone(provisioned: World) -> None:
    """Until the hold of the other has expired, on Vault's clock."""
    tools = provisioned.tools("other")
    other = Hold(tools, ERP)
    other.save(other.state)
    provisioned.clock.forward(30 * DAY)
    provisioned.states.ahead = -30 * DAY
    ran = provisioned.run()
    assert ran.done == ()
    assert ran.end == Wait(until=provisioned.clock.now() + tools.hold, reason=Reason.HELD_BY_ANOTHER)
    provisioned.clock.forward(tools.hold)
    assert provisioned.run().done != ()


def test_hold_is_renewed_by_saves_and_let_go_at_the_end(provisioned: World) -> None:
    """Saving the same again soon writes nothing; half-way through the hold it writes."""
    tools = provisioned.tools("me")
    hold = Hold(tools, ERP)
    hold.save(hold.state)
    saves = provisioned.wire.count("states.save")
    hold.save(hold.state)
    assert provisioned.wire.count("states.save") == saves
    provisioned.clock.forward(timedelta(seconds=31))
    hold.save(hold.state)
    assert provisioned.wire.count("states.save") == saves + 1
    hold.release(hold.state)
    assert provisioned.state.holder is None
    hold.release(hold.state)
    assert provisioned.wire.count("states.save") == saves + 2


@pytest.mark.parametrize("at", range(8))
def test_pass_that_was_taken_over_stops_at_its_next_save(provisioned: World, at: int) -> None:
    """Whichever save it is, nothing is done at the PIM after it, and the other process finishes."""
    saves = iter(range(100))

    def take_over() -> None:
        if next(saves) == at:
            state, kv_version = provisioned.states.records[ERP]
            provisioned.states.records[ERP] = (state, kv_version + 1)

    provisioned.wire.at("states.save", take_over, times=None)
    try:
        provisioned.rotate()
    except TakenOver:
        stopped = provisioned.wire.calls[-1]
        assert stopped in ("states.save", "audit.record")
    provisioned.wire.heal()
    provisioned.let_holds_expire()
    provisioned.run(impatient=True)
    assert provisioned.leftovers() == []
    assert provisioned.connector_works()


def test_two_processes_at_once_make_one_rotation(provisioned: World) -> None:
    """Whoever loses the check-and-set stops; nobody issues twice."""
    provisioned.clock.forward(30 * DAY)
    for _ in range(20):
        ready = threading.Barrier(4)
        crashed: list[BaseException] = []

        def work(ready: threading.Barrier = ready, crashed: list[BaseException] = crashed) -> None:
            ready.wait()
            try:
                provisioned.run()
            except TakenOver:
                pass
            except BaseException as error:  # noqa: BLE001 - shown below
                crashed.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert crashed == []
        provisioned.let_holds_expire()
    provisioned.run()
    assert [one.stage for one in provisioned.state.generations] == [Stage.GRACE, Stage.CURRENT]
    assert provisioned.wire.count("driver.issue") == 2
    assert provisioned.leftovers() == []
    assert provisioned.connector_works()


def test_process_that_slept_in_the_middle_of_issuing_harms_nobody(provisioned: World) -> None:
    """Another one took over and finished meanwhile; the sleeper's set is dead, its copy is not served."""

    def sleep() -> None:
        provisioned.let_holds_expire()
        provisioned.run(impatient=True)

    provisioned.wire.at("driver.issue", sleep, when=When.AFTER)
    with pytest.raises(TakenOver):
        provisioned.rotate()
    provisioned.let_holds_expire()
    provisioned.run()
    provisioned.credentials.lose_path(ERP)
    provisioned.run()
    provisioned.clock.forward(HOUR)
    provisioned.run()
    assert provisioned.connector_works()
    assert provisioned.leftovers() == []


def test_process_that_slept_just_before_issuing_harms_nobody(provisioned: World) -> None:
    """Another one took over and serves its own set; the sleeper's belated one has another label, and is deleted."""
    served: list[bool] = []

    def sleep() -> None:
        provisioned.let_holds_expire()
        provisioned.run(impatient=True)
        assert provisioned.state.current is not None
        assert provisioned.state.current.number == 3

    provisioned.wire.at("driver.issue", sleep)
    provisioned.wire.at("*", lambda: served.append(provisioned.connector_works()), when=When.AFTER, times=None)
    with pytest.raises(TakenOver):
        provisioned.rotate()
    provisioned.let_holds_expire()
    provisioned.run()
    assert all(served)
    assert provisioned.leftovers() == []


def test_process_overtaken_by_a_revocation_leaves_no_copy(provisioned: World) -> None:
    """Its set was issued when the revocation came; nothing of it is held once that is proven."""

    def revoke() -> None:
        provisioned.revoke()

    provisioned.wire.at("driver.issue", revoke, when=When.AFTER)
    with pytest.raises(TakenOver):
        provisioned.rotate()
    assert provisioned.leftovers() == []
    assert provisioned.pim.labels == set()


def test_process_that_slept_in_the_middle_of_publishing_harms_nobody(provisioned: World) -> None:
    """Another one took over and published; the sleeper writes the same set again, or is refused."""

    def sleep() -> None:
        provisioned.let_holds_expire()
        provisioned.run(impatient=True)

    provisioned.wire.at("credentials.publish", sleep)
    with pytest.raises(TakenOver):
        provisioned.rotate()
    assert provisioned.connector_works()
    assert [one.stage for one in provisioned.state.generations] == [Stage.GRACE, Stage.CURRENT]


def test_look_shared_among_connectors_is_not_acted_upon(provisioned: World) -> None:
    """Another process rotated since it was taken: the new set is not in it, and all the same not gone."""
    reconciler = Reconciler(provisioned.tools())
    shared = reconciler.survey()
    provisioned.rotate()
    ran = reconciler.run(ERP, provisioned.connector, survey=shared)
    assert ran.done == ()
    assert isinstance(ran.end, Wait)


def test_shared_look_is_enough_where_nothing_is_due(provisioned: World) -> None:
    """A hundred connectors of one PIM need one look."""
    reconciler = Reconciler(provisioned.tools())
    shared = reconciler.survey()
    looks = provisioned.wire.count("driver.survey")
    reconciler.run(ERP, provisioned.connector, survey=shared)
    assert provisioned.wire.count("driver.survey") == looks


def test_shared_look_that_shows_something_due_is_taken_again(world: World) -> None:
    """And then it is done."""
    reconciler = Reconciler(world.tools())
    reconciler.run(ERP, world.connector, survey=reconciler.survey())
    assert world.connector_works()
    assert world.wire.count("driver.survey") == 2


def test_connectors_of_one_pim_do_not_touch_each_other(provisioned: World) -> None:
    """Revoking one leaves every byte of the other as it was."""
    shop = a_connector(id=SHOP, label="Shop")
    provisioned.access.entities[SHOP] = Entity()
    Reconciler(provisioned.tools()).run(SHOP, shop)
    before = (provisioned.credentials.reads(SHOP), provisioned.states.records[SHOP], provisioned.pim.roles["Shop"])
    provisioned.revoke()
    assert provisioned.connector_works(SHOP)
    assert before == (
        provisioned.credentials.reads(SHOP),
        provisioned.states.records[SHOP],
        provisioned.pim.roles["Shop"],
    )
    assert provisioned.pim.roles["Shop"] == PERMISSIONS
    assert set(provisioned.tools().states.known()) == {ERP, SHOP}


def test_silent_pim_is_said_and_is_no_failure_of_the_connector(provisioned: World) -> None:
    """Its connectors are looked at again as soon as it answers."""
    provisioned.wire.silence("driver.survey")
    with pytest.raises(PimNoAnswer):
        provisioned.run()
    assert provisioned.state.failures is None
    assert provisioned.connector_works()


def test_silent_vault_ends_the_pass(provisioned: World) -> None:
    """Also where the failure itself cannot be saved."""
    provisioned.clock.forward(30 * DAY)
    provisioned.wire.silence("states.save")
    with pytest.raises(VaultNoAnswer):
        provisioned.run()
    assert provisioned.pim.labels == {"vp_erp_1"}


def test_finished_pass_forgets_earlier_failures(provisioned: World) -> None:
    """The next failure waits ten seconds again."""
    provisioned.wire.silence("driver.issue")
    with pytest.raises(PimNoAnswer):
        provisioned.rotate()
    provisioned.wire.heal()
    provisioned.clock.forward(HOUR)
    provisioned.run()
    assert provisioned.state.failures is None


@pytest.mark.parametrize("step", [effects.issue, effects.verify, effects.publish, effects.retire, effects.abandon])
def test_step_of_an_unknown_generation_is_a_bug(world: World, step: Effect) -> None:
    """Nothing is done at the PIM."""
    with pytest.raises(Impossible):
        step(world.tools(), some_facts(a_state()), 7)
    assert world.wire.calls == []


def test_step_that_needs_a_declaration_without_one_is_a_bug(world: World) -> None:
    """Likewise."""
    facts = some_facts(a_state(a_generation(stage=Stage.PLANNED)), connector=None)
    with pytest.raises(Impossible):
        effects.issue(world.tools(), facts, 1)


def test_issue_and_retire_know_nothing_of_a_pim_that_was_not_seen(world: World) -> None:
    """What was not observed is not made up."""
    world.pim.roles["ERP"] = PERMISSIONS
    planned = silent(some_facts(a_state(a_generation(stage=Stage.PLANNED))))
    issued = effects.issue(world.tools(), planned, 1)
    assert issued.observation.pim is None
    assert issued.state.generations[0].pim_release is None
    grace = silent(some_facts(a_state(a_generation(2, stage=Stage.GRACE))))
    assert effects.retire(world.tools(), grace, 2).observation.pim is None


def test_slots_of_a_pim_without_limit_stay_without_limit(world: World) -> None:
    """No limit less one is no limit."""
    world.pim.roles["ERP"] = PERMISSIONS
    planned = some_facts(a_state(a_generation(stage=Stage.PLANNED)), survey=a_survey(free_slots=None))
    issued = effects.issue(world.tools(), planned, 1)
    assert issued.observation.pim is not None
    assert issued.observation.pim.survey.free_slots is None


def test_passes_log_no_secret(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Nor does anything they give back show one (the canary looks at all output)."""
    with caplog.at_level(logging.DEBUG):
        ran = world.run()
    assert world.credentials.reads(ERP) is not None
    print(ran, world.audit.events, world.credentials.reads(ERP))  # noqa: T201 - for the canary to look at
