"""Which failures hold up what, and when a person is told that they do not end by themselves. Pure.

What is done beside the way of a new set (retire, delete an orphan, mend the role or the path) may fail for ever, and
holds up nothing but itself; each has a fault of its own in the record. Any other failure holds up what comes after it.
"""

from dataclasses import replace
from datetime import datetime

from vault_pim.domain.facts import Facts
from vault_pim.domain.generation import Step
from vault_pim.domain.outcomes import Decision, Do, Finding, Mend, Part
from vault_pim.domain.reasons import Reason
from vault_pim.domain.state import ConnectorState, Fault
from vault_pim.domain.wording import human_duration
from vault_pim.lifecycle.schedule import retry_at

TRIES_PER_HOUR = 9
"""What the waits of `retry_at` let through in the first hour; after that it is one in an hour."""

_BESIDE = frozenset({Step.RETIRE, Part.ORPHAN, Part.ROLE, Part.SERVED})


def task(decision: Do | Mend) -> str | None:
    """The name under which a failure of that decision is remembered, or None if it holds up the connector."""
    what = decision.step if isinstance(decision, Do) else decision.part
    if what not in _BESIDE:
        return None
    return what if decision.number is None else f"{what} generation {decision.number}"


def stands_back(facts: Facts, decision: Decision) -> datetime | None:
    """Until when a decision leaves room for others, because it failed; None if it does not. For a person it is tried
    once more, and no more than that."""
    name = task(decision) if isinstance(decision, Do | Mend) else None
    fault = facts.state.fault(name)
    if fault is None or (facts.impatient and name not in facts.tried):
        return None
    until = _retry_at(facts.state, fault)
    return until if facts.now < until else None


def remaining(state: ConnectorState, now: datetime) -> ConnectorState:
    """The state after a pass that came to its end: what could have been tried and was not is not due any more."""
    return replace(state, faults=tuple(one for one in state.faults if now < _retry_at(state, one)))


def keeps_failing(facts: Facts) -> tuple[Finding, ...]:
    """What was tried as often as is allowed in an hour."""
    known = [(one.task, one) for one in facts.state.faults]
    whole = facts.state.failures
    return tuple(
        Finding(
            reason=Reason.KEEPS_FAILING,
            detail=f"{name}: {one.what}; {one.count} times, last {human_duration(facts.now - one.last_at)} ago",
            about=name,
        )
        for name, one in (*known, *([("its next step", whole)] if whole is not None else []))
        if one.count >= TRIES_PER_HOUR
    )


def _retry_at(state: ConnectorState, fault: Fault) -> datetime:
    return retry_at(failures=fault.count, last_at=fault.last_at, connector=state.connector)
