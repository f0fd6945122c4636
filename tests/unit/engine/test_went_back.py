"""A backup of Vault is put back: what was done since is noticed, and nothing is done about it before a person asks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.builders import DAY, ERP, a_connector, some_facts
from tests.fakes.wire import When
from tests.fakes.world import World
from vault_pim.domain.connector import ConnectorId, Rotation
from vault_pim.domain.errors import Impossible
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
