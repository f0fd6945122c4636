"""A backup of Vault is put back: what was done since is noticed, and nothing is done about it before a person asks."""

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.builders import DAY, ERP, HOUR, a_connector, some_facts
from tests.fakes.wire import When
from tests.fakes.world import World
from vault_pim.domain.connector import ConnectorId, Rotation
from vault_pim.domain.errors import Impossible, PimNoAnswer
from vault_pim.domain.generation import Stage, Step
from vault_pim.domain.outcomes import Alarm, Do, Mend, Part, Wait
from vault_pim.domain.reasons import Reason
from vault_pim.domain.state import ConnectorState
from vault_pim.engine import mends
from vault_pim.engine.reconcile import Pass

TAKEN_IN = Mend(part=Part.FORGOTTEN, reason=Reason.STATE_WENT_BACK, number=2)


@pytest.fixture
def older(provisioned: World) -> World:
    """Generation 2 was served and 1 is in its grace, when Vault is put back to the day before."""
    put_back = provisioned.back_up()
    provisioned.rotate()
    put_back()
    return provisioned


@pytest.fixture
def unaware(provisioned: World) -> World:
    """The connector was cut off, when Vault is put back to the day before."""
    put_back = provisioned.back_up()
    provisioned.revoke()
    put_back()
    provisioned.clock.forward(DAY)
    return provisioned


def alarm(passed: Pass) -> Alarm:
    """What the pass calls a person for, having done nothing."""
    assert passed.done == ()
    assert isinstance(passed.end, Alarm)
    assert passed.end.reason is Reason.STATE_WENT_BACK
    return passed.end


def test_set_made_after_the_backup_is_told_and_stays(older: World) -> None:
    """Also when a rotation is due: neither is it touched, nor is another made beside it."""
    older.clock.forward(40 * DAY)
    end = alarm(older.run())
    assert "generation 2 is at the PIM as vp_erp_2, the last known is 1" in end.detail
    assert "vault-pim rotate prod/erp" in end.advice
    assert older.pim.labels == {"vp_erp_1", "vp_erp_2"}
    assert older.connector_works()


def test_rotation_takes_the_forgotten_set_in_and_lets_it_end_after_its_grace(older: World) -> None:
    """A connector that still has it in memory goes on; its number is not used again."""
    assert older.rotate().done[0] == TAKEN_IN
    assert older.pim.labels == {"vp_erp_1", "vp_erp_2", "vp_erp_3"}
    assert {one.number: one.stage for one in older.state.live} == {1: Stage.GRACE, 2: Stage.GRACE, 3: Stage.CURRENT}
    older.clock.forward(DAY + timedelta(minutes=1))
    older.run()
    assert older.pim.labels == {"vp_erp_3"}
    assert older.leftovers() == []


def test_revocation_ends_the_forgotten_set_too(older: World) -> None:
    """What nobody has a copy of is deleted, and the proof covers its number."""
    assert TAKEN_IN in older.revoke().done
    assert older.pim.labels == set()
    assert older.state.revocation is not None
    assert (older.state.revocation.through, older.state.revocation.proven_at is None) == (2, False)


def test_revocation_of_what_is_no_longer_configured_ends_the_forgotten_set_too(older: World) -> None:
    """It needs no declaration."""
    older.connector = None
    older.revoke()
    assert older.pim.labels == set()


def test_several_forgotten_sets_are_taken_in_one_by_one(provisioned: World) -> None:
    """In the order of their numbers."""
    put_back = provisioned.back_up()
    provisioned.rotate()
    provisioned.rotate()
    put_back()
    done = provisioned.rotate().done
    assert [one.number for one in done if one.reason is Reason.STATE_WENT_BACK] == [2, 3]
    assert provisioned.state.current is not None
    assert provisioned.state.current.number == 4


def put_state_back(world: World, records: dict[ConnectorId, tuple[ConnectorState, int]]) -> None:
    """The record alone, as it was; the path and the PIM stay as they are."""
    world.states.records.clear()
    world.states.records.update(records)


def test_what_is_read_though_its_state_went_back_is_read_until_a_new_set_is_served(provisioned: World) -> None:
    """The current set of the older record is dead, and its copy is back: it must not be served."""
    records, copies = dict(provisioned.states.records), dict(provisioned.credentials.copies)
    provisioned.rotate()
    provisioned.clock.forward(DAY)
    provisioned.run()
    put_state_back(provisioned, records)
    provisioned.credentials.copies.update(copies)
    alarm(provisioned.run())
    working: list[bool] = []
    provisioned.wire.at("*", lambda: working.append(provisioned.connector_works()), when=When.AFTER, times=None)
    assert provisioned.rotate().done[0] == TAKEN_IN
    assert set(working) == {True}
    stages = [one.stage for one in provisioned.state.live]
    assert stages == [Stage.GRACE, Stage.GRACE, Stage.CURRENT]


@pytest.mark.parametrize("deed", [World.rotate, World.revoke])
def test_path_tells_of_a_set_that_is_no_longer_at_the_pim(provisioned: World, deed: Callable[[World], object]) -> None:
    """The number it has is not given out again, and nobody is left with it."""
    records = dict(provisioned.states.records)
    provisioned.rotate()
    put_state_back(provisioned, records)
    provisioned.pim.remove("vp_erp_2")
    stranger = provisioned.pim.add("vp_erp_2", "by hand")
    assert "generation 2 is served at its path, the last known is 1" in alarm(provisioned.run()).detail
    deed(provisioned)
    provisioned.clock.forward(DAY)
    provisioned.run()
    assert provisioned.pim.connections["vp_erp_2"] is stranger
    assert 2 not in provisioned.credentials.readable_generations(ERP)
    assert provisioned.connector_works() is not provisioned.state.cut_off


def test_state_that_is_gone_altogether_is_no_beginning(provisioned: World) -> None:
    """An empty Vault makes nothing at a PIM where sets of ours stand."""
    provisioned.states.records.clear()
    assert "the last known is 0" in alarm(provisioned.run()).detail
    assert provisioned.pim.labels == {"vp_erp_1"}


def test_proven_revocation_of_the_backup_does_not_end_what_was_made_since(provisioned: World) -> None:
    """A person let the connector in again after the backup; a person decides once more."""
    provisioned.revoke()
    put_back = provisioned.back_up()
    provisioned.rotate()
    put_back()
    alarm(provisioned.run())
    assert provisioned.pim.labels == {"vp_erp_2"}
    provisioned.rotate()
    assert provisioned.connector_works()


def test_set_made_in_place_after_the_backup_is_told_and_replaced_when_asked(world: World) -> None:
    """What the path serves is dead, though its connection is there; the label text tells."""
    world.connector = a_connector(rotation=Rotation.IN_PLACE)
    world.run()
    put_back = world.back_up()
    world.rotate()
    put_back()
    assert "generation 2 is at the PIM as vp_erp_1" in alarm(world.run()).detail
    world.rotate()
    assert world.connector_works()
    assert world.state.current is not None
    assert world.state.current.number == 3


def test_revocation_after_the_backup_is_not_forgotten(unaware: World) -> None:
    """Nothing stands at the PIM; without the record on this machine a new set would be made and served."""
    assert "revocation asked for at 2026-" in alarm(unaware.run()).detail
    assert unaware.pim.labels == set()


def test_revocation_asked_for_again_after_the_backup_is_proven(unaware: World) -> None:
    """It is a new one; the record of the former one says nothing any more."""
    end = unaware.revoke().end
    assert isinstance(end, Wait)
    assert unaware.state.revocation is not None
    assert unaware.state.revocation.proven_at is not None


def test_rotation_asked_for_after_the_backup_lets_the_connector_in(unaware: World) -> None:
    """And every later pass is an ordinary one."""
    unaware.rotate()
    assert unaware.connector_works()
    assert isinstance(unaware.run().end, Wait)


def test_record_of_a_revocation_that_lies_ahead_says_nothing(unaware: World) -> None:
    """The clock was wrong then, or is wrong now: a pass goes by what it knows."""
    unaware.clock.forward(-3 * DAY)
    assert unaware.run().done[0] == Do(step=Step.ISSUE, number=2, reason=Reason.GONE_AT_PIM)


def test_label_like_ours_without_our_description_is_a_stranger_as_ever(provisioned: World) -> None:
    """People may call things as they like."""
    provisioned.pim.add("vp_erp_7", "by hand, deadbeef too")
    ran = provisioned.run()
    assert isinstance(ran.end, Wait)
    assert [one.reason for one in ran.findings] == [Reason.STRANGER]


def test_set_that_is_not_there_cannot_be_taken_in(provisioned: World) -> None:
    """A decision of somebody else's facts is a bug."""
    facts = some_facts(provisioned.state)
    with pytest.raises(Impossible):
        mends.forgotten(provisioned.tools(), facts, 2)
    blind = replace(facts, observation=replace(facts.observation, pim=None))
    with pytest.raises(Impossible):
        mends.forgotten(provisioned.tools(), blind, 2)


def test_machine_remembers_the_last_revocation_of_each_connector(unaware: World) -> None:
    """To the millisecond, by the name of its incident."""
    seen = unaware.audit.revoked_at(ERP)
    assert seen is not None
    assert unaware.audit.revoked_at(replace(ERP, name="shop")) is None


def test_forgotten_set_that_ends_takes_nothing_from_the_path(older: World) -> None:
    """Its number is higher than that of the current set, which cannot be replaced yet."""
    older.pim.slots = 2
    older.rotate()
    assert TAKEN_IN.number in {one.number for one in older.state.in_grace}
    older.clock.forward(DAY + HOUR)
    older.pim.slots = 1
    older.run()
    assert older.pim.labels == {"vp_erp_1"}
    assert older.connector_works()


def test_set_on_its_way_in_a_state_that_went_back_gives_way_to_what_is_read(provisioned: World) -> None:
    """It was published and superseded since; it can never be served again."""
    provisioned.wire.fail("credentials.publish", PimNoAnswer("no answer"))
    provisioned.clock.forward(31 * DAY)
    with pytest.raises(PimNoAnswer):
        provisioned.run()
    provisioned.let_holds_expire()
    records = dict(provisioned.states.records)
    provisioned.run(impatient=True)
    provisioned.rotate()
    put_state_back(provisioned, records)
    provisioned.let_holds_expire()
    alarm(provisioned.run(impatient=True))
    provisioned.let_holds_expire()
    provisioned.rotate()
    assert provisioned.connector_works()
    assert provisioned.state.current is not None
    assert provisioned.state.current.number == 4


def test_set_that_is_read_and_only_planned_in_the_state_is_not_abandoned(provisioned: World) -> None:
    """Nobody publishes what is planned: the state went back."""
    provisioned.wire.at("driver.issue", lambda: records.update(provisioned.states.records))
    records: dict[ConnectorId, tuple[ConnectorState, int]] = {}
    provisioned.clock.forward(31 * DAY)
    provisioned.run()
    put_state_back(provisioned, records)
    provisioned.let_holds_expire()
    assert "generation 2 is served at its path, the last known is 1" in alarm(provisioned.run()).detail
    provisioned.let_holds_expire()
    provisioned.rotate()
    assert provisioned.connector_works()
    assert {one.number: one.stage for one in provisioned.state.live} == {
        1: Stage.GRACE,
        2: Stage.GRACE,
        3: Stage.CURRENT,
    }


def test_rotation_that_was_asked_for_long_ago_is_no_word_on_a_later_revocation(provisioned: World) -> None:
    """It waited for a free slot when the backup was made."""
    provisioned.pim.slots = 1
    provisioned.rotate()
    put_back = provisioned.back_up()
    provisioned.clock.forward(DAY)
    provisioned.pim.slots = 50
    provisioned.revoke()
    put_back()
    provisioned.clock.forward(DAY)
    alarm(provisioned.run())


def test_rotation_that_was_asked_for_says_nothing_once_the_connector_is_not_configured(provisioned: World) -> None:
    """What it uses would end without a grace."""
    provisioned.pim.slots = 1
    provisioned.rotate()
    put_back = provisioned.back_up()
    provisioned.pim.slots = 50
    provisioned.clock.forward(HOUR)
    provisioned.run()
    put_back()
    provisioned.connector = None
    provisioned.let_holds_expire()
    advice = alarm(provisioned.run()).advice
    assert "revoke prod/erp --reason" in advice
    assert "rotate" not in advice
    assert provisioned.pim.labels == {"vp_erp_1", "vp_erp_2"}


def test_revocation_that_is_over_is_no_word_on_what_was_made_since(provisioned: World) -> None:
    """The record was saved before the PIM was looked at; the set that is read stays."""
    provisioned.revoke(reissue=True)
    records = {
        id_: (replace(state, revocation=replace(state.revocation, looked_at=None)), version)
        for id_, (state, version) in provisioned.states.records.items()
        if state.revocation
    }
    provisioned.rotate()
    put_state_back(provisioned, records)
    provisioned.let_holds_expire()
    alarm(provisioned.run())
    assert provisioned.connector_works()


def test_role_of_a_person_is_not_taken_for_that_of_a_forgotten_set(older: World) -> None:
    """The connector got another label since, and a role of that name is there."""
    older.pim.roles["Editors"] = older.pim.offered
    older.connector = a_connector(label="Editors")
    older.rotate()
    assert older.pim.roles["Editors"] == older.pim.offered


def test_successor_that_was_to_be_served_first_is_made_anew_after_a_forgotten_one(provisioned: World) -> None:
    """The connector was not configured when the forgotten set was found."""
    provisioned.wire.silence("driver.delete")
    with pytest.raises(PimNoAnswer):
        provisioned.revoke(replace_first=True, reissue=True)
    provisioned.wire.heal()
    put_back = provisioned.back_up()
    provisioned.let_holds_expire()
    provisioned.run(impatient=True)
    provisioned.rotate()
    put_back()
    provisioned.connector = None
    provisioned.let_holds_expire()
    provisioned.run(impatient=True)
    provisioned.connector = a_connector()
    provisioned.let_holds_expire()
    provisioned.run(impatient=True)
    assert provisioned.connector_works()
    assert provisioned.state.incident is None
    assert provisioned.leftovers() == []


def test_copy_of_a_forgotten_set_made_in_place_is_dropped(world: World) -> None:
    """Nobody ends what is taken in as broken off."""
    world.connector = a_connector(rotation=Rotation.IN_PLACE)
    world.run()
    records = dict(world.states.records)
    world.rotate()
    put_state_back(world, records)
    world.let_holds_expire()
    world.rotate()
    assert world.connector_works()
    assert {number for _, number in world.credentials.copies} <= {one.number for one in world.state.live}


def test_connection_put_back_to_before_its_set_was_made_in_place_gets_another_one(world: World) -> None:
    """It stands there, and what the path serves is dead; its label text tells."""
    world.connector = a_connector(rotation=Rotation.IN_PLACE)
    world.run()
    older = copy(world.pim.connections["vp_erp_1"])
    world.rotate()
    world.pim.restore(older)
    world.let_holds_expire()
    assert world.run().done[0] == Do(step=Step.ISSUE, number=3, reason=Reason.GONE_AT_PIM, replaces=2)
    assert world.connector_works()


def test_description_of_a_person_that_ends_like_ours_is_no_generation(provisioned: World) -> None:
    """A connection of ours names its generation."""
    provisioned.pim.add("vp_erp_7", "stock-20260228")
    assert isinstance(provisioned.run().end, Wait)
