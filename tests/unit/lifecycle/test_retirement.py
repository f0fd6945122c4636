"""A superseded set goes by its grace and by what is known of its readers; silence is no evidence."""

from datetime import timedelta
from typing import Any

import pytest

from tests.fakes.builders import (
    DAY,
    HOUR,
    a_connector,
    a_generation,
    a_policy,
    a_reader,
    a_state,
    some_facts,
)
from tests.fakes.clock import START
from vault_pim.domain.connector import Connector
from vault_pim.domain.facts import Facts
from vault_pim.domain.generation import Stage, Step
from vault_pim.domain.outcomes import Decision, Do, Wait
from vault_pim.domain.policy import LateReaders, Retire
from vault_pim.domain.readers import Evidence, ReadersSight
from vault_pim.domain.reasons import Reason
from vault_pim.lifecycle.decide import decide
from vault_pim.lifecycle.findings import findings
from vault_pim.lifecycle.retirement import LOOK_AGAIN, TOLD_FOR, depends_on_readers, late_readers

NOW = START + HOUR
PAST = START + 2 * DAY
LATE = a_reader("late", 1)
MOVED = a_reader("moved", 2)
GIVEN = a_reader("10.0.0.7", 2, Evidence.READ)
STATE = a_state(a_generation(1, Stage.GRACE), a_generation(2))
RETIRE_EARLY = Do(step=Step.RETIRE, number=1, reason=Reason.PICKED_UP)
RETIRE = Do(step=Step.RETIRE, number=1, reason=Reason.GRACE_OVER)
IN_GRACE = Wait(until=NOW + LOOK_AGAIN, reason=Reason.IN_GRACE)


def early(**given: Any) -> Connector:
    """Its former sets go as soon as everybody has moved on."""
    return a_connector(policy=a_policy(retire=Retire.PICKED_UP, **given))


def patient(**given: Any) -> Connector:
    """Late readers are waited for."""
    return a_connector(policy=a_policy(late_readers=LateReaders.WAIT, **given))


def sight(*readers: Any, unseen: str | None = None) -> ReadersSight:
    """Those readers."""
    return ReadersSight(readers=readers, unseen=unseen)


CASES: dict[str, tuple[Facts, Decision]] = {
    "all have moved on": (some_facts(STATE, connector=early(), readers=sight(MOVED)), RETIRE_EARLY),
    "one has not": (some_facts(STATE, connector=early(), readers=sight(MOVED, LATE)), IN_GRACE),
    "nobody is known": (some_facts(STATE, connector=early(), readers=sight()), IN_GRACE),
    "it is not known what one uses": (
        some_facts(STATE, connector=early(), readers=sight(MOVED, a_reader("odd", None))),
        IN_GRACE,
    ),
    "not all can be seen": (
        some_facts(STATE, connector=early(), readers=sight(MOVED, unseen="the log is gone")),
        IN_GRACE,
    ),
    "it is likely that some left no trace": (
        some_facts(STATE, connector=early(), readers=ReadersSight(readers=(MOVED,), partial="the log begins later")),
        IN_GRACE,
    ),
    "who has just begun had no time to say so": (
        some_facts(STATE, connector=early(), readers=sight(MOVED), now=START + timedelta(minutes=4)),
        Wait(until=START + timedelta(minutes=4) + LOOK_AGAIN, reason=Reason.IN_GRACE),
    ),
    "they were not looked at yet": (some_facts(STATE, connector=early()), IN_GRACE),
    "one was given the new set a token's life ago": (
        some_facts(STATE, connector=early(), readers=sight(GIVEN)),
        RETIRE_EARLY,
    ),
    "one was given the new set just now": (
        some_facts(STATE, connector=early(), readers=sight(GIVEN), now=START + timedelta(minutes=59)),
        Wait(until=START + timedelta(minutes=59) + LOOK_AGAIN, reason=Reason.IN_GRACE),
    ),
    "the policy goes by the grace": (
        some_facts(STATE, readers=sight(MOVED)),
        Wait(until=NOW + LOOK_AGAIN, reason=Reason.IN_GRACE),
    ),
    "the grace is over, one is late": (some_facts(STATE, readers=sight(LATE), now=PAST), RETIRE),
    "the grace is over, one is late, and is waited for": (
        some_facts(STATE, connector=patient(), readers=sight(MOVED, LATE), now=PAST),
        Wait(until=PAST + LOOK_AGAIN, reason=Reason.READERS_LATE),
    ),
    "the grace is over, one may be late, and is waited for": (
        some_facts(STATE, connector=patient(), readers=sight(a_reader("odd", None)), now=PAST),
        Wait(until=PAST + LOOK_AGAIN, reason=Reason.READERS_LATE),
    ),
    "the grace is over, not all are seen, and are waited for": (
        some_facts(STATE, connector=patient(), readers=sight(unseen="the log is gone"), now=PAST),
        Wait(until=PAST + LOOK_AGAIN, reason=Reason.READERS_LATE),
    ),
    "the grace is over and all that are waited for have moved on": (
        some_facts(STATE, connector=patient(), readers=sight(MOVED), now=PAST),
        RETIRE,
    ),
    "the former set is past its max age": (
        some_facts(
            a_state(a_generation(1, Stage.GRACE), a_generation(2, published_at=START + 44 * DAY)),
            connector=patient(),
            readers=sight(LATE),
            now=START + 45 * DAY,
        ),
        RETIRE,
    ),
    "who uses the one before it holds up nothing": (
        some_facts(
            a_state(a_generation(1, Stage.GRACE), a_generation(2, Stage.GRACE), a_generation(3)),
            connector=patient(),
            readers=sight(LATE),
            now=PAST,
        ),
        Do(step=Step.RETIRE, number=2, reason=Reason.GRACE_OVER),
    ),
    "a set whose connection was taken over is dead anyway": (
        some_facts(
            a_state(
                a_generation(1, Stage.GRACE, retire_at=START),
                a_generation(2, label=a_generation(1).label, replaces=1),
            ),
            connector=patient(),
            readers=sight(LATE),
        ),
        RETIRE,
    ),
    "the connector is not configured any more": (
        some_facts(STATE, connector=None, readers=sight(LATE), now=PAST),
        RETIRE,
    ),
}


@pytest.mark.parametrize(("facts", "expected"), CASES.values(), ids=CASES)
def test_decision(facts: Facts, expected: Decision) -> None:
    """What is due where sets are superseded."""
    assert decide(facts) == expected


@pytest.mark.parametrize(
    ("state", "connector", "now", "expected"),
    [
        (STATE, a_connector(), NOW, False),
        (STATE, a_connector(), PAST, True),
        (STATE, early(), NOW, True),
        (STATE, patient(), NOW, False),
        (STATE, None, PAST, False),
        (STATE, a_connector(drill=True), PAST, False),
        (a_state(a_generation()), early(), NOW, False),
        (a_state(a_generation(1, Stage.RETIRED, ended_at=START), a_generation(2)), a_connector(), NOW, True),
        (a_state(a_generation(1, Stage.RETIRED, ended_at=START), a_generation(2)), early(), START + TOLD_FOR, False),
    ],
)
def test_readers_are_looked_at_only_where_something_depends_on_them(
    state: Any, connector: Connector | None, now: Any, expected: bool
) -> None:
    """An ordinary rotation asks nobody."""
    assert depends_on_readers(state, connector, now) is expected


def told(facts: Facts) -> list[tuple[Reason, str]]:
    """What a person is told of readers."""
    return [(one.reason, one.detail) for one in findings(facts)]


def test_late_reader_is_named_with_what_becomes_of_it() -> None:
    """Whom the policy waits for, and until when."""
    ((reason, detail),) = told(some_facts(STATE, connector=patient(), readers=sight(LATE, MOVED), now=PAST))
    assert reason is Reason.LATE_READER
    assert detail.startswith("late uses generation 1, last heard of 2 d ago; it is waited for until 2")


def test_reader_of_a_set_that_has_ended_is_named_for_a_day() -> None:
    """Its calls fail."""
    state = a_state(a_generation(1, Stage.RETIRED, ended_at=START), a_generation(2))
    ((reason, detail),) = told(some_facts(state, readers=sight(LATE)))
    assert (reason, "that set has ended" in detail) == (Reason.LATE_READER, True)
    assert told(some_facts(state, readers=sight(LATE), now=START + TOLD_FOR)) == []


def test_nobody_is_late_within_the_grace() -> None:
    """Nor right after the set was replaced in place."""
    assert told(some_facts(STATE, connector=early(), readers=sight(LATE))) == []
    state = a_state(a_generation(1, Stage.RETIRED, ended_at=START), a_generation(2))
    assert told(some_facts(state, readers=sight(LATE), now=START + timedelta(minutes=1))) == []


def test_readers_that_cannot_be_seen_are_told_of() -> None:
    """Since an early end waits for them."""
    assert told(some_facts(STATE, connector=early(), readers=sight(unseen="the log is gone"))) == [
        (Reason.READERS_UNSEEN, "the log is gone")
    ]
    partial = ReadersSight(partial="the log begins later")
    assert told(some_facts(STATE, connector=early(), readers=partial)) == [
        (Reason.READERS_UNSEEN, "the log begins later")
    ]
    assert told(some_facts(STATE, connector=patient(), readers=partial, now=PAST)) == []
    assert told(some_facts(STATE, readers=sight(unseen="the log is gone"), now=PAST)) == []


def test_late_reader_that_is_not_waited_for_is_told_what_comes_next() -> None:
    """Its set ends with the next pass."""
    ((_, detail),) = told(some_facts(STATE, readers=sight(LATE), now=PAST))
    assert "the next pass ends that set" in detail


def test_reader_that_makes_no_sense_is_named_past_the_grace() -> None:
    """It may be the one that is waited for."""
    odd = sight(a_reader("odd", None))
    assert told(some_facts(STATE, connector=patient(), readers=odd, now=PAST)) == [
        (Reason.LATE_READER, "what odd says makes no sense")
    ]


def test_nobody_is_late_for_a_set_that_was_replaced_in_place() -> None:
    """Nobody could have moved on before it died."""
    heir = a_generation(2, label=a_generation(1).label, replaces=1)
    state = a_state(a_generation(1, Stage.GRACE), heir)
    assert late_readers(some_facts(state, readers=sight(LATE)), a_generation(1, Stage.GRACE)) == ()


def test_nobody_is_late_where_nothing_is_served() -> None:
    """There is nothing that a reader could have moved on to."""
    state = a_state(a_generation(1, Stage.GRACE))
    assert told(some_facts(state, connector=patient(), readers=sight(LATE), now=PAST)) == []
