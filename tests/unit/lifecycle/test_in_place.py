"""Decisions about sets that are made of one another in one connection."""

from datetime import UTC, timedelta
from typing import Any

import pytest

from tests.fakes.builders import (
    DAY,
    HOUR,
    a_connector,
    a_generation,
    a_policy,
    a_revocation,
    a_state,
    a_survey,
    seen,
    some_facts,
)
from tests.fakes.clock import START
from vault_pim.domain.connector import Connector, Mechanism, Rotation
from vault_pim.domain.facts import Facts
from vault_pim.domain.generation import Generation, Stage, Step
from vault_pim.domain.outcomes import Alarm, Do, Mend, Part, Wait
from vault_pim.domain.policy import Calendar
from vault_pim.domain.reasons import Reason
from vault_pim.domain.state import ConnectorState
from vault_pim.lifecycle.decide import decide
from vault_pim.lifecycle.findings import findings
from vault_pim.lifecycle.outage import last_measured, measured

IN_PLACE = a_connector(rotation=Rotation.IN_PLACE)


def made_of(former: int, number: int, stage: Stage, **given: Any) -> Generation:
    """A generation in the connection of generation 1."""
    names = {"label": a_generation(1).label, "marker": a_generation(1).marker, "client_id": "1_id"}
    return a_generation(number, stage, **{**names, "username": "user_1", "replaces": former, **given})


def facts(state: ConnectorState, connector: Connector | None = IN_PLACE, **given: Any) -> Facts:
    """Facts about a connector that is rotated in place."""
    return some_facts(state, connector=connector, **given)


ASKED = a_state(a_generation(1), rotation_asked_at=START)
BROKEN = a_state(a_generation(1), made_of(1, 2, Stage.ABANDONED))


def test_successor_takes_over_the_connection() -> None:
    """The current one is named, so that the intent knows what will die."""
    assert decide(facts(ASKED)) == Do(step=Step.ISSUE, number=2, reason=Reason.REQUESTED, replaces=1)


@pytest.mark.parametrize(
    "state",
    [a_state(), a_state(a_generation(1, Stage.REVOKED), revocation=a_revocation(proven_at=START, lifted_at=START))],
    ids=["first", "after a revocation"],
)
def test_set_without_a_predecessor_gets_a_connection_of_its_own(state: ConnectorState) -> None:
    """There is nothing to be taken over."""
    decision = decide(facts(state))
    assert isinstance(decision, Do)
    assert (decision.step, decision.replaces) == (Step.ISSUE, None)


def test_connection_that_is_gone_is_not_taken_over() -> None:
    """Another one is made in its stead."""
    decision = decide(facts(a_state(a_generation(1)), survey=a_survey()))
    assert decision == Do(step=Step.ISSUE, number=2, reason=Reason.GONE_AT_PIM)


def test_set_of_another_mechanism_is_not_taken_over() -> None:
    """It has no connection."""
    decision = decide(facts(a_state(a_generation(1, mechanism=Mechanism.USER_AND_CLIENT))))
    assert decision == Do(step=Step.ISSUE, number=2, reason=Reason.MECHANISM_CHANGED)


def test_rotation_in_place_needs_neither_a_slot_nor_a_label() -> None:
    """Nothing is made; a stranger under the label that it does not use is in nobody's way."""
    survey = a_survey(seen(a_generation(1)), seen(a_generation(2, marker="theirs")), free_slots=0)
    decision = decide(facts(ASKED, survey=survey))
    assert isinstance(decision, Do)
    assert decision.replaces == 1


def test_rotation_in_place_without_connections_needs_a_person() -> None:
    """A password of an API user ends no token: that would be no rotation (contracts/akeneo/observed.md §2 row h)."""
    decision = decide(facts(ASKED, mechanism=Mechanism.USER_AND_CLIENT))
    assert isinstance(decision, Alarm)
    assert decision.reason is Reason.IN_PLACE_IMPOSSIBLE


def test_replacement_that_was_broken_off_is_made_at_once_whatever_the_window() -> None:
    """The served set may be dead: an hour after it was served, in no window, far from its age."""
    nightly = a_policy(schedule=Calendar(cron="0 3 * * SUN", timezone=UTC, window=HOUR))
    for policy in a_policy(), nightly:
        decision = decide(facts(BROKEN, a_connector(rotation=Rotation.IN_PLACE, policy=policy)))
        assert decision == Do(step=Step.ISSUE, number=3, reason=Reason.HALF_REPLACED, replaces=1)


def test_replacement_that_was_broken_off_is_made_though_the_connector_goes_over_to_overlap() -> None:
    """By a connection of its own then."""
    assert decide(facts(BROKEN, a_connector())) == Do(step=Step.ISSUE, number=3, reason=Reason.HALF_REPLACED)


def test_replacement_that_was_broken_off_is_told_where_nobody_may_repeat_it() -> None:
    """A connector that is not configured any more gets no set; what it reads may be dead."""
    seen_so = facts(BROKEN, None)
    assert decide(seen_so) == Wait(until=None, reason=Reason.NOT_CONFIGURED)
    assert findings(seen_so)[0].reason is Reason.HALF_REPLACED


def test_planned_replacement_is_abandoned_like_any() -> None:
    """Whoever planned it may only be slow."""
    decision = decide(facts(a_state(a_generation(1), made_of(1, 2, Stage.PLANNED))))
    assert decision == Do(step=Step.ABANDON, number=2, reason=Reason.BROKEN_OFF)


@pytest.mark.parametrize("changed", [{"label": "ERP two"}, {"rotation": Rotation.OVERLAP}], ids=["label", "rotation"])
def test_issued_replacement_is_carried_on_whatever_is_configured_now(changed: dict[str, Any]) -> None:
    """What is served is dead; the change comes with the next rotation."""
    state = a_state(a_generation(1), made_of(1, 2, Stage.VERIFIED))
    decision = decide(facts(state, a_connector(**{"rotation": Rotation.IN_PLACE} | changed)))
    assert decision == Do(step=Step.PUBLISH, number=2, reason=Reason.VERIFIED)


def test_issued_replacement_waits_for_its_connector_to_be_configured_again() -> None:
    """It is the only set that works."""
    state = a_state(a_generation(1), made_of(1, 2, Stage.ISSUED))
    assert decide(facts(state, None)) == Wait(until=None, reason=Reason.NOT_CONFIGURED)


def test_former_set_has_no_grace() -> None:
    """It died when its successor was made."""
    state = a_state(a_generation(1), made_of(1, 2, Stage.VERIFIED)).publish(2, at=START, grace=DAY, kv_version=2)
    assert decide(facts(state)) == Do(step=Step.RETIRE, number=1, reason=Reason.GRACE_OVER)


def test_former_set_of_another_connection_keeps_its_grace() -> None:
    """An overlap before a rotation in place."""
    state = a_state(a_generation(1, Stage.GRACE, retire_at=START + DAY), a_generation(3), made_of(3, 4, Stage.VERIFIED))
    graces = {one.number: one.retire_at for one in state.publish(4, at=START, grace=DAY, kv_version=2).in_grace}
    assert graces == {1: START + DAY, 3: START}


def test_ended_set_whose_connection_lives_on_is_no_orphan() -> None:
    """Deleting it would delete the current one."""
    state = a_state(a_generation(1, Stage.RETIRED), made_of(1, 2, Stage.CURRENT))
    assert decide(facts(state)).reason is Reason.NOT_DUE
    assert findings(facts(state)) == ()


def test_ended_sets_of_a_connection_that_is_there_again_are_an_orphan() -> None:
    """Once no live one is made of it."""
    state = a_state(a_generation(1, Stage.RETIRED), made_of(1, 2, Stage.RETIRED), a_generation(3))
    decision = decide(facts(state, survey=a_survey(seen(a_generation(1)), seen(a_generation(3)))))
    assert decision == Mend(part=Part.ORPHAN, reason=Reason.ORPHAN, number=1)


def test_outage_lasts_from_the_first_try_to_publication() -> None:
    """Of a try that was broken off only its intent is known."""
    second = timedelta(seconds=1)
    first = made_of(1, 2, Stage.ABANDONED, planned_at=START)
    then = made_of(1, 3, Stage.CURRENT, regenerated_at=START + 8 * second, published_at=START + 9 * second)
    state = a_state(a_generation(1, Stage.RETIRED), first, then)
    assert measured(state, then) == 9 * second
    assert last_measured(state) == 9 * second
    assert measured(a_state(then), then) == second
    assert measured(state, first) is None
    assert last_measured(a_state(a_generation(1))) is None
