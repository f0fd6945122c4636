"""Each rule by itself, and which goes before which. The cases are named by what is true."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.builders import (
    DAY,
    ERP,
    HOUR,
    a_connector,
    a_generation,
    a_policy,
    a_revocation,
    a_state,
    a_survey,
    seen,
    silent,
    some_facts,
)
from tests.fakes.clock import START
from vault_pim.domain.connector import OVERALL_ACCESS, Mechanism
from vault_pim.domain.errors import Impossible
from vault_pim.domain.facts import Facts, Presence, Served, Sighting
from vault_pim.domain.generation import Generation, Stage, Step
from vault_pim.domain.outcomes import Alarm, Decision, Do, Mend, Part, Wait
from vault_pim.domain.policy import Calendar
from vault_pim.domain.reasons import Reason
from vault_pim.domain.state import ConnectorState, Failures, Fault, Holder
from vault_pim.lifecycle import decide as rules
from vault_pim.lifecycle import revocation
from vault_pim.lifecycle.decide import RULES, decide
from vault_pim.lifecycle.schedule import retry_at
from vault_pim.lifecycle.transitions import TRANSITIONS
from vault_pim.lifecycle.went_back import went_back

CURRENT = a_state(a_generation())
NOW = START + HOUR
FIRST_TRY_AGAIN = retry_at(failures=1, last_at=NOW, connector=ERP)
HELD = Holder(name="other", expires_at=NOW + timedelta(seconds=30))
FAILED = Failures(count=1, last_at=NOW, what="no answer")
NIGHTLY = Calendar(cron="0 3 * * *", timezone=UTC, window=HOUR)


def issue(number: int, reason: Reason) -> Do:
    """A set is to be issued."""
    return Do(step=Step.ISSUE, number=number, reason=reason)


def pending(stage: Stage, **given: object) -> ConnectorState:
    """Generation 1 is current and 2 on its way."""
    return a_state(a_generation(), a_generation(2, stage, **given))


def graced(**given: object) -> ConnectorState:
    """Generation 1 is in grace and 2 current."""
    return a_state(a_generation(1, Stage.GRACE), a_generation(2), **given)


CASES: dict[str, tuple[Facts, Decision]] = {
    "nothing was ever issued": (some_facts(a_state()), issue(1, Reason.NO_CURRENT)),
    "a set was issued, its role differs": (
        some_facts(pending(Stage.ISSUED), role=Presence.DIFFERS),
        Mend(part=Part.ROLE, reason=Reason.ROLE_DIFFERS),
    ),
    "a set was planned by an earlier try": (
        some_facts(pending(Stage.PLANNED)),
        Do(step=Step.ABANDON, number=2, reason=Reason.BROKEN_OFF),
    ),
    "a set was planned by an earlier try and stands at the PIM": (
        some_facts(
            pending(Stage.PLANNED),
            survey=a_survey(seen(a_generation()), seen(a_generation(2)), free_slots=0),
        ),
        Do(step=Step.ABANDON, number=2, reason=Reason.BROKEN_OFF),
    ),
    "a set is issued": (
        some_facts(pending(Stage.ISSUED)),
        Do(step=Step.VERIFY, number=2, reason=Reason.ISSUED),
    ),
    "a set is verified": (
        some_facts(pending(Stage.VERIFIED)),
        Do(step=Step.PUBLISH, number=2, reason=Reason.VERIFIED),
    ),
    "a set is verified that a person asked for, access is cut": (
        some_facts(replace(pending(Stage.VERIFIED), rotation_asked_at=START), access=Presence.CUT),
        Mend(part=Part.ACCESS, reason=Reason.ACCESS_CUT),
    ),
    "a set is verified by schedule, access was cut by a person": (
        some_facts(pending(Stage.VERIFIED), access=Presence.CUT),
        Do(step=Step.PUBLISH, number=2, reason=Reason.VERIFIED),
    ),
    "a set is verified, a newer one is served": (
        some_facts(replace(pending(Stage.VERIFIED), next_number=4), served=Served(generation=3, kv_version=3)),
        Do(step=Step.ABANDON, number=2, reason=Reason.STATE_WENT_BACK),
    ),
    "a set is refused": (
        some_facts(pending(Stage.ISSUED, refusal="login refused")),
        Do(step=Step.ABANDON, number=2, reason=Reason.VERIFICATION_REFUSED),
    ),
    "a verified set is gone at the PIM": (
        some_facts(pending(Stage.VERIFIED), survey=a_survey(seen(a_generation()))),
        Do(step=Step.ABANDON, number=2, reason=Reason.GONE_AT_PIM),
    ),
    "a pending set's connector is not configured": (
        some_facts(pending(Stage.VERIFIED), connector=None),
        Do(step=Step.ABANDON, number=2, reason=Reason.NOT_CONFIGURED),
    ),
    "a pending set is of another mechanism": (
        some_facts(pending(Stage.ISSUED), mechanism=Mechanism.USER_AND_CLIENT),
        Do(step=Step.ABANDON, number=2, reason=Reason.MECHANISM_CHANGED),
    ),
    "a pending set has another role": (
        some_facts(pending(Stage.ISSUED), connector=a_connector(label="New")),
        Do(step=Step.ABANDON, number=2, reason=Reason.LABEL_CHANGED),
    ),
    "a pending set has another role, and is served": (
        some_facts(
            pending(Stage.VERIFIED), connector=a_connector(label="New"), served=Served(generation=2, kv_version=2)
        ),
        Do(step=Step.PUBLISH, number=2, reason=Reason.VERIFIED),
    ),
    "all is well": (some_facts(CURRENT), Wait(until=START + 30 * DAY, reason=Reason.NOT_DUE)),
    "all is well, by calendar": (
        some_facts(CURRENT, connector=a_connector(policy=a_policy(schedule=NIGHTLY))),
        Wait(until=START + 18 * HOUR, reason=Reason.WINDOW_CLOSED),
    ),
    "a rotation was asked for": (
        some_facts(replace(CURRENT, rotation_asked_at=START)),
        issue(2, Reason.REQUESTED),
    ),
    "the set is gone at the PIM": (some_facts(CURRENT, survey=a_survey()), issue(2, Reason.GONE_AT_PIM)),
    "the stored copy is lost": (some_facts(a_state(a_generation(refusal="lost"))), issue(2, Reason.LOST)),
    "the mechanism changed": (
        some_facts(CURRENT, mechanism=Mechanism.USER_AND_CLIENT, survey=a_survey()),
        issue(2, Reason.MECHANISM_CHANGED),
    ),
    "the label changed": (
        some_facts(CURRENT, connector=a_connector(label="New"), role=Presence.ABSENT),
        issue(2, Reason.LABEL_CHANGED),
    ),
    "the set has its age": (some_facts(CURRENT, now=START + 30 * DAY), issue(2, Reason.AGE)),
    "the window is open": (
        some_facts(CURRENT, now=START + 18 * HOUR, connector=a_connector(policy=a_policy(schedule=NIGHTLY))),
        issue(2, Reason.CALENDAR),
    ),
    "max age is near": (some_facts(CURRENT, now=START + 41 * DAY), issue(2, Reason.MAX_AGE)),
    "max age is near, the window is closed": (
        some_facts(CURRENT, now=START + 41 * DAY, connector=a_connector(policy=a_policy(schedule=NIGHTLY))),
        issue(2, Reason.MAX_AGE),
    ),
    "the PIM is full": (
        some_facts(a_state(), survey=a_survey(free_slots=0)),
        Alarm(
            reason=Reason.NO_FREE_SLOT,
            detail="0 connections",
            advice="Delete connections nobody uses at PIM prod; `vault-pim status` names strangers.",
        ),
    ),
    "the PIM has no limit": (some_facts(a_state(), survey=a_survey(free_slots=None)), issue(1, Reason.NO_CURRENT)),
    "the role is somebody's": (
        some_facts(a_state(), survey=a_survey(roles=frozenset({"erp"})), role=Presence.DIFFERS),
        Alarm(
            reason=Reason.ROLE_TAKEN,
            detail="ERP",
            advice="Give prod/erp another label, or delete the role 'ERP' if nobody needs it.",
        ),
    ),
    "a permission is not offered": (
        some_facts(a_state(), survey=a_survey(offered=frozenset({OVERALL_ACCESS}), roles=frozenset())),
        Alarm(
            reason=Reason.UNKNOWN_PERMISSION,
            detail="pim_api_product_list",
            advice="Correct the permissions of prod/erp; PIM 7.0 does not offer these.",
        ),
    ),
    "the role of the served set differs": (
        some_facts(CURRENT, role=Presence.DIFFERS),
        Mend(part=Part.ROLE, reason=Reason.ROLE_DIFFERS),
    ),
    "the path serves nothing": (
        some_facts(CURRENT, served=None),
        Mend(part=Part.SERVED, reason=Reason.NOT_SERVED, number=1),
    ),
    "the path serves the former set": (
        some_facts(graced(), served=Served(generation=1, kv_version=3)),
        Mend(part=Part.SERVED, reason=Reason.NOT_SERVED, number=2),
    ),
    "the path serves something unknown": (
        some_facts(CURRENT, served=Served(generation=0, kv_version=3)),
        Alarm(
            reason=Reason.SERVED_UNKNOWN,
            detail="generation 0 at KV version 3",
            advice="If nobody needs what somebody wrote to the path of prod/erp, `vault-pim rotate prod/erp` serves a "
            "new set instead.",
        ),
    ),
    "the path serves something unknown, and a person wants a new set": (
        some_facts(replace(CURRENT, rotation_asked_at=START), served=Served(generation=0, kv_version=3)),
        Mend(part=Part.SERVED, reason=Reason.NOT_SERVED, number=1),
    ),
    "the former set is in grace": (some_facts(graced()), Wait(until=START + DAY, reason=Reason.IN_GRACE)),
    "grace is over": (
        some_facts(graced(), now=START + DAY),
        Do(step=Step.RETIRE, number=1, reason=Reason.GRACE_OVER),
    ),
    "grace is over, but the former set is served": (
        some_facts(graced(), now=START + DAY, connector=None, served=Served(generation=1, kv_version=3)),
        Wait(until=None, reason=Reason.NOT_CONFIGURED),
    ),
    "the connector is not configured": (
        some_facts(graced(), connector=None),
        Wait(until=START + DAY, reason=Reason.NOT_CONFIGURED),
    ),
    "an ended set is at the PIM": (
        some_facts(
            a_state(a_generation(1, Stage.RETIRED), a_generation(2)),
            survey=a_survey(seen(a_generation(2)), seen(a_generation(1))),
        ),
        Mend(part=Part.ORPHAN, reason=Reason.ORPHAN, number=1),
    ),
    "a stranger is at the PIM": (
        some_facts(CURRENT, survey=a_survey(seen(a_generation()), Sighting(label="vp_erp_9", description="mine"))),
        Wait(until=START + 30 * DAY, reason=Reason.NOT_DUE),
    ),
    "the PIM is silent": (silent(some_facts(CURRENT)), Wait(until=None, reason=Reason.PIM_SILENT)),
    "the last try failed": (
        some_facts(replace(CURRENT, failures=FAILED, rotation_asked_at=START)),
        Wait(until=FIRST_TRY_AGAIN, reason=Reason.BACKING_OFF),
    ),
    "the last try failed, and a person is impatient": (
        some_facts(replace(CURRENT, failures=FAILED, rotation_asked_at=START), impatient=True),
        issue(2, Reason.REQUESTED),
    ),
    "the last try failed, and its wait is over": (
        some_facts(replace(CURRENT, failures=FAILED, rotation_asked_at=START), now=FIRST_TRY_AGAIN),
        issue(2, Reason.REQUESTED),
    ),
    "another holds it": (
        some_facts(replace(CURRENT, holder=HELD)),
        Wait(until=HELD.expires_at, reason=Reason.HELD_BY_ANOTHER),
    ),
    "another holds it, by Vault's clock": (
        some_facts(replace(CURRENT, holder=HELD), server_now=NOW + timedelta(seconds=20)),
        Wait(until=NOW + timedelta(seconds=10), reason=Reason.HELD_BY_ANOTHER),
    ),
    "another held it": (
        some_facts(replace(CURRENT, holder=HELD), server_now=HELD.expires_at),
        Wait(until=START + 30 * DAY, reason=Reason.NOT_DUE),
    ),
    "we hold it ourselves": (
        some_facts(replace(CURRENT, holder=HELD), me="other"),
        Wait(until=START + 30 * DAY, reason=Reason.NOT_DUE),
    ),
    "a revocation is asked for": (
        some_facts(graced(revocation=a_revocation(2))),
        Mend(part=Part.ACCESS, reason=Reason.REVOCATION_ASKED),
    ),
    "a revocation is asked for, access differs": (
        some_facts(graced(revocation=a_revocation(2)), access=Presence.DIFFERS),
        Mend(part=Part.ACCESS, reason=Reason.REVOCATION_ASKED),
    ),
    "a revocation is asked for, access is not seen": (
        some_facts(graced(revocation=a_revocation(2)), access=Presence.ABSENT, connector=None),
        Mend(part=Part.ACCESS, reason=Reason.REVOCATION_ASKED),
    ),
    "access is cut": (
        some_facts(graced(revocation=a_revocation(2)), access=Presence.CUT),
        Do(step=Step.REVOKE, number=2, reason=Reason.REVOCATION_ASKED),
    ),
    "access is cut, the PIM is silent": (
        silent(some_facts(graced(revocation=a_revocation(2)), access=Presence.CUT)),
        Do(step=Step.REVOKE, number=2, reason=Reason.REVOCATION_ASKED),
    ),
    "every set is revoked, the PIM is silent": (
        silent(some_facts(a_state(a_generation(1, Stage.REVOKED), revocation=a_revocation()), access=Presence.CUT)),
        Mend(part=Part.PROOF, reason=Reason.REVOCATION_ASKED),
    ),
    "the revocation is proven, the PIM is silent": (
        silent(
            some_facts(
                a_state(a_generation(1, Stage.REVOKED), revocation=a_revocation(proven_at=START)), access=Presence.CUT
            )
        ),
        Wait(until=None, reason=Reason.PIM_SILENT),
    ),
    "the served set is revoked, the former not yet": (
        some_facts(
            a_state(a_generation(1, Stage.GRACE), a_generation(2, Stage.REVOKED), revocation=a_revocation(2)),
            access=Presence.CUT,
        ),
        Do(step=Step.REVOKE, number=1, reason=Reason.REVOCATION_ASKED),
    ),
    "every set is revoked": (
        some_facts(a_state(a_generation(1, Stage.REVOKED), revocation=a_revocation()), access=Presence.CUT),
        Mend(part=Part.PROOF, reason=Reason.REVOCATION_ASKED),
    ),
    "the revocation is proven": (
        some_facts(
            a_state(a_generation(1, Stage.REVOKED), revocation=a_revocation(proven_at=START)), access=Presence.CUT
        ),
        Wait(until=None, reason=Reason.CUT_OFF),
    ),
    "the revocation is proven, no entity": (
        some_facts(
            a_state(a_generation(1, Stage.REVOKED), revocation=a_revocation(proven_at=START)),
            access=Presence.ABSENT,
        ),
        Wait(until=None, reason=Reason.CUT_OFF),
    ),
    "the revocation is proven, the entity was enabled by hand": (
        some_facts(a_state(a_generation(1, Stage.REVOKED), revocation=a_revocation(proven_at=START))),
        Mend(part=Part.ACCESS, reason=Reason.REVOCATION_ASKED),
    ),
    "the revocation is proven, a leaked set is served again": (
        some_facts(
            a_state(a_generation(1, Stage.REVOKED), revocation=a_revocation(proven_at=START)),
            access=Presence.CUT,
            served=Served(generation=1, kv_version=4),
        ),
        Mend(part=Part.PROOF, reason=Reason.REVOCATION_ASKED),
    ),
    "the revocation is proven, a leaked set is at the PIM again": (
        some_facts(
            a_state(a_generation(1, Stage.REVOKED), revocation=a_revocation(proven_at=START)),
            access=Presence.CUT,
            survey=a_survey(seen(a_generation())),
        ),
        Mend(part=Part.ORPHAN, reason=Reason.ORPHAN, number=1),
    ),
    "the revocation is lifted": (
        some_facts(
            a_state(a_generation(1, Stage.REVOKED), revocation=a_revocation(proven_at=START, lifted_at=START)),
            access=Presence.CUT,
        ),
        issue(2, Reason.NO_CURRENT),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_decision_where(case: str) -> None:
    """Each case of the table above."""
    facts, decision = CASES[case]
    assert decide(facts) == decision


ALL_AT_ONCE = replace(
    a_state(
        a_generation(1, Stage.RETIRED),
        a_generation(2, Stage.GRACE),
        a_generation(3),
        a_generation(4, Stage.ISSUED, refusal="refused"),
    ),
    holder=HELD,
    failures=FAILED,
    revocation=a_revocation(4),
    rotation_asked_at=START,
)


def test_rules_answer_in_their_order_of_weight() -> None:
    """Everything is wrong at once; what answers first is put right, and the next in rank answers."""
    facts = silent(some_facts(ALL_AT_ONCE, now=NOW))
    answers = [decide(facts)]

    def then(**changed: object) -> None:
        nonlocal facts
        facts = replace(facts, **changed)  # type: ignore[arg-type]
        answers.append(decide(facts))

    def state(**changed: object) -> dict[str, object]:
        return {"state": replace(facts.state, **changed)}  # type: ignore[arg-type]

    everything = a_survey(*(seen(a_generation(number)) for number in (1, 2, 3, 4)))
    then(**state(holder=None))
    then(observation=replace(facts.observation, access=Presence.CUT))
    then(**state(revocation=None))
    then(observation=some_facts(ALL_AT_ONCE, survey=everything, access=Presence.CUT, role=Presence.DIFFERS).observation)
    then(observation=replace(some_facts(facts.state, access=Presence.CUT, role=Presence.DIFFERS).observation))
    then(impatient=True)
    then(**state(generations=tuple(replace(one, refusal=None) for one in facts.state.generations)))
    then(observation=replace(facts.observation, pim=some_facts(facts.state).observation.pim))
    then(**state(generations=facts.state.generations[:3]), observation=replace(facts.observation, served=None))
    then(observation=some_facts(facts.state, role=Presence.DIFFERS).observation, now=START + DAY)
    then(**state(generations=(facts.state.generations[0], facts.state.generations[2])))
    then(observation=some_facts(facts.state).observation)
    then(**state(rotation_asked_at=None))
    said = [getattr(one, "step", None) or getattr(one, "part", None) or getattr(one, "reason", None) for one in answers]
    assert said == [
        Reason.HELD_BY_ANOTHER,
        Part.ACCESS,
        Step.REVOKE,
        Reason.PIM_SILENT,
        Part.ORPHAN,
        Reason.BACKING_OFF,
        Step.ABANDON,
        Part.ROLE,
        Step.VERIFY,
        Part.SERVED,
        Step.RETIRE,
        Part.ROLE,
        Step.ISSUE,
        Reason.NOT_DUE,
    ]


def test_every_rule_stands_in_the_list_once() -> None:
    """A rule that is written and not listed would never be asked."""
    public = [
        value
        for module in (rules, revocation)
        for name, value in vars(module).items()
        if callable(value)
        and getattr(value, "__module__", "") == module.__name__
        and name not in {"decide", "role_due"}
        and not name.startswith("_")
    ]
    assert sorted(rule.__name__ for rule in RULES) == sorted(rule.__name__ for rule in (*public, went_back))
    assert RULES[-1] is rules.nothing_due


def test_rule_that_needs_the_pim_before_it_was_seen_is_a_bug() -> None:
    """A wrong order of rules is found at once."""
    with pytest.raises(Impossible):
        rules.orphan(silent(some_facts(a_state(a_generation(1, Stage.RETIRED)))))


def test_rules_of_configured_connectors_say_nothing_of_others() -> None:
    """Asked out of order, too."""
    facts = some_facts(CURRENT, connector=None)
    assert rules.role_as_declared(facts) is None
    assert rules.successor(facts) is None
    assert rules.nothing_due(facts) == Wait(until=None, reason=Reason.NOT_DUE)
    assert rules.role_as_declared(some_facts(a_state())) is None


stages = st.sampled_from(Stage)


@st.composite
def any_facts(draw: st.DrawFn) -> Facts:
    """Facts as wild as a state record allows."""
    generations: list[Generation] = []
    for number in range(1, draw(st.integers(0, 4)) + 1):
        stage = draw(stages)
        taken = {one.stage for one in generations}
        alone = stage is not Stage.CURRENT and not stage.pending
        if alone or not any(one is stage or (one.pending and stage.pending) for one in taken):
            refusal = draw(st.sampled_from([None, None, "refused"]))
            generations.append(a_generation(number, stage, refusal=refusal))
    state = a_state(*generations)
    now = START + draw(st.timedeltas(timedelta(0), 60 * DAY))
    state = replace(
        state,
        holder=draw(st.sampled_from([None, None, Holder(name="other", expires_at=now + HOUR), HELD])),
        failures=draw(st.sampled_from([None, None, Failures(count=3, last_at=now, what="no answer")])),
        faults=draw(st.sampled_from([(), (Fault(task="orphan generation 1", count=2, last_at=now, what="no"),)])),
        rotation_asked_at=draw(st.sampled_from([None, START])),
        revocation=draw(
            st.sampled_from(
                [
                    None,
                    a_revocation(state.next_number - 1),
                    a_revocation(state.next_number - 1, proven_at=START),
                    a_revocation(1, proven_at=START, lifted_at=START),
                ]
            )
        ),
    )
    sightings = draw(st.lists(st.sampled_from([seen(a_generation(number)) for number in range(1, 6)]), unique=True))
    facts = some_facts(
        state,
        survey=a_survey(*sightings, free_slots=draw(st.sampled_from([None, 0, 3]))),
        role=draw(st.sampled_from([Presence.ABSENT, Presence.AS_DECLARED, Presence.DIFFERS])),
        access=draw(st.sampled_from(Presence)),
        served=draw(st.sampled_from([None, *(Served(generation=number, kv_version=1) for number in range(6))])),
        connector=draw(st.sampled_from([None, a_connector(), a_connector(label="New")])),
        mechanism=draw(st.sampled_from(Mechanism)),
        now=now,
        impatient=draw(st.booleans()),
    )
    return draw(st.sampled_from([facts, silent(facts)]))


@given(any_facts())
@settings(max_examples=300, deadline=None)
def test_decision_can_be_carried_out(facts: Facts) -> None:
    """Whatever is true: a step the table allows, a part that stands, or a wait that ends later than now."""
    decision = decide(facts)
    assert decide(facts) == decision
    match decision:
        case Do(step=Step.ISSUE, number=number) if facts.state.find(number) is None:
            assert number == facts.state.next_number
            assert facts.state.pending is None
        case Do(step=step, number=number):
            moved = facts.state.find(number)
            assert moved is not None
            assert step in TRANSITIONS[moved.stage]
        case Wait(until=until):
            assert until is None or until > facts.now
        case Mend(part=Part.SERVED | Part.ROLE):
            assert facts.connector is not None
        case Mend(part=Part.ORPHAN, number=number):
            assert number is not None
            ended = facts.state.find(number)
            assert ended is not None
            assert ended.stage.final
        case Mend() | Alarm():
            pass


ENDING = (Part.ACCESS, Part.ORPHAN, Part.PROOF, Part.FORGOTTEN)
"""What is mended of a connector that is cut off; what was forgotten is taken in to be revoked."""


@given(any_facts())
@settings(max_examples=150, deadline=None)
def test_nothing_is_begun_for_a_connector_that_is_cut_off(facts: Facts) -> None:
    """Only ending, cutting and proving happen before a person lifts a revocation."""
    if facts.state.cut_off:
        decision = decide(facts)
        assert not isinstance(decision, Do) or decision.step is Step.REVOKE
        assert not isinstance(decision, Mend) or decision.part in ENDING


@given(any_facts())
@settings(max_examples=150, deadline=None)
def test_served_set_is_never_retired(facts: Facts) -> None:
    """What connectors read is ended by a revocation or not at all."""
    decision, served = decide(facts), facts.observation.served
    if isinstance(decision, Do) and decision.step is Step.RETIRE:
        assert served is None or served.generation != decision.number
