"""The record of a connector keeps its invariants, whatever is put into it."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.fakes.builders import DAY, ERP, a_generation, a_revocation, a_state
from tests.fakes.clock import START
from vault_pim.domain.errors import Impossible
from vault_pim.domain.generation import Stage, Step
from vault_pim.domain.state import FINAL_KEPT, ConnectorState
from vault_pim.lifecycle.transitions import TRANSITIONS


def test_new_record_is_empty() -> None:
    """And the first number is 1."""
    state = ConnectorState(connector=ERP)
    assert (state.next_number, state.live, state.current, state.pending, state.in_grace) == (1, (), None, None, ())
    assert not state.cut_off


def test_generations_are_found_by_what_they_are() -> None:
    """One of each kind."""
    state = a_state(
        a_generation(1, Stage.RETIRED),
        a_generation(2, Stage.GRACE),
        a_generation(3),
        a_generation(4, Stage.ISSUED, role="New"),
    )
    assert state.find(1) == a_generation(1, Stage.RETIRED)
    assert state.find(9) is None
    assert [one.number for one in state.live] == [2, 3, 4]
    assert state.current == a_generation(3)
    assert state.pending is not None
    assert state.pending.number == 4
    assert [one.number for one in state.in_grace] == [2]
    assert state.roles == {"ERP", "New"}
    assert state.next_number == 5


@pytest.mark.parametrize("stage", [Stage.PLANNED, Stage.ISSUED, Stage.VERIFIED, Stage.CURRENT])
def test_second_generation_of_a_kind_that_is_single_is_a_bug(stage: Stage) -> None:
    """One current, one pending."""
    with pytest.raises(Impossible, match="two generations"):
        a_state(a_generation(1, stage), a_generation(2, stage))


def test_putting_a_generation_again_replaces_it() -> None:
    """By its number."""
    state = a_state(a_generation(1, Stage.PLANNED), a_generation(2)).put(a_generation(1, Stage.ABANDONED))
    assert [(one.number, one.stage) for one in state.generations] == [(1, Stage.ABANDONED), (2, Stage.CURRENT)]
    assert state.next_number == 3


def test_oldest_ended_generations_are_dropped_and_live_ones_never() -> None:
    """Their numbers are not used again."""
    ended = [a_generation(number, Stage.ABANDONED) for number in range(2, FINAL_KEPT + 4)]
    state = a_state(a_generation(1), *ended)
    assert len(state.generations) == FINAL_KEPT + 1
    assert [one.number for one in state.generations[:2]] == [1, 4]
    assert state.next_number == FINAL_KEPT + 4


def test_publishing_serves_one_and_puts_the_former_into_grace() -> None:
    """In the same write, and it is what was asked for."""
    state = a_state(a_generation(1), a_generation(2, Stage.VERIFIED), rotation_asked_at=START)
    published = state.publish(2, at=START + DAY, grace=DAY, kv_version=2)
    assert published.generations == (
        replace(a_generation(1), stage=Stage.GRACE, retire_at=START + 2 * DAY),
        replace(a_generation(2, Stage.VERIFIED), stage=Stage.CURRENT, published_at=START + DAY, kv_version=2),
    )
    assert published.rotation_asked_at is None


def test_publishing_what_is_not_there_is_a_bug() -> None:
    """Nothing is served by guess."""
    with pytest.raises(Impossible, match="generation 2"):
        a_state(a_generation(1)).publish(2, at=START, grace=DAY, kv_version=2)


def test_connector_is_cut_off_until_a_person_lifts_it() -> None:
    """Proven or not."""
    assert a_state(revocation=a_revocation()).cut_off
    assert a_state(revocation=a_revocation(proven_at=START)).cut_off
    assert not a_state(revocation=a_revocation(proven_at=START, lifted_at=START)).cut_off


class Record(RuleBasedStateMachine):
    """Plans and moves generations as the table allows, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.state = ConnectorState(connector=ERP)
        self.numbers: list[int] = []

    @precondition(lambda self: self.state.pending is None)
    @rule()
    def plan(self) -> None:
        """A new one, under the next number."""
        number = self.state.next_number
        self.numbers.append(number)
        self.state = self.state.put(a_generation(number, Stage.PLANNED))

    @precondition(lambda self: self.state.live)
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        """Any live one by any step it may take."""
        one = data.draw(st.sampled_from(self.state.live))
        step = data.draw(st.sampled_from(sorted(TRANSITIONS[one.stage])))
        if step is Step.PUBLISH:
            self.state = self.state.publish(one.number, at=START, grace=DAY, kv_version=2)
        else:
            self.state = self.state.put(replace(one, stage=TRANSITIONS[one.stage][step]))

    @invariant()
    def holds(self) -> None:
        """One current, one pending, in order, no number twice, none lost that lives."""
        stages = [one.stage for one in self.state.generations]
        numbers = [one.number for one in self.state.generations]
        assert stages.count(Stage.CURRENT) <= 1
        assert sum(stage.pending for stage in stages) <= 1
        assert sum(stage.final for stage in stages) <= FINAL_KEPT
        assert numbers == sorted(set(numbers))
        assert self.numbers == sorted(set(self.numbers))
        assert all(number < self.state.next_number for number in numbers)
        assert all(one.retire_at is not None for one in self.state.in_grace)


Record.TestCase.settings = settings(max_examples=25, stateful_step_count=60)
TestRecord = Record.TestCase


def test_incident_is_named_alike_by_whoever_works_on_it() -> None:
    """By connector and instant of the wish alone, whatever time zone that is told in."""
    asked = a_revocation(1)
    elsewhere = replace(asked, asked_at=asked.asked_at.astimezone(timezone(timedelta(hours=5))))
    named = a_state(revocation=asked).incident
    assert named == f"{asked.asked_at:%Y%m%dT%H%M%S}000Z.prod.erp"
    assert a_state(revocation=elsewhere).incident == named


def test_incident_ends_when_a_set_issued_after_the_proof_is_served() -> None:
    """Not with the proof: the new set belongs to it. The old one that is served does not end it."""
    asked = replace(a_revocation(1), proven_at=None)
    proven = replace(asked, proven_at=asked.asked_at)
    lifted = replace(proven, lifted_at=asked.asked_at)
    assert a_state().incident is None
    assert a_state(revocation=proven).incident is not None
    assert a_state(a_generation(1), revocation=proven).incident is not None
    assert a_state(a_generation(2), revocation=asked).incident is not None
    assert a_state(a_generation(2), revocation=proven).incident is not None
    assert a_state(a_generation(2), revocation=lifted).incident is None
