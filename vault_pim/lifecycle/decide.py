"""Which step is next? An ordered list of rules over facts; the first that has an answer gives it.

Called by the engine once per step. Pure: the same facts always give the same decision.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from vault_pim.domain.connector import Connector
from vault_pim.domain.errors import Impossible
from vault_pim.domain.facts import Facts, PimSight, Presence
from vault_pim.domain.generation import Stage, Step
from vault_pim.domain.outcomes import Alarm, Decision, Do, Mend, Part, Wait
from vault_pim.domain.reasons import Reason
from vault_pim.lifecycle.checks import (
    ABANDON,
    gone_at_pim,
    is_ours,
    obstacle,
    rotation_due,
    taken_over,
    unknown_permission,
)
from vault_pim.lifecycle.faults import stands_back
from vault_pim.lifecycle.retirement import next_retirement, past_grace, retirement_due, superseded
from vault_pim.lifecycle.revocation import access_cut_first, revocation
from vault_pim.lifecycle.schedule import due_of_current, retry_at
from vault_pim.lifecycle.went_back import is_forgotten, went_back


def decide(facts: Facts) -> Decision:
    """The next step of a connector, or why there is none.

    What failed beside the way of a new set stands back for a while, and what comes after it goes on.
    """
    answers = (decision for rule in RULES if (decision := rule(facts)))
    waiting: list[datetime] = []
    decision = next(answers)
    while (until := stands_back(facts, decision)) is not None:
        waiting.append(until)
        decision = next(answers)
    if not waiting or not isinstance(decision, Wait) or decision.reason not in _NOTHING_DUE:
        return decision
    instants = [one for one in (*waiting, decision.until) if one is not None and one > facts.now]
    return Wait(until=min(instants), reason=Reason.TRIED_LATER)


def held_by_another(facts: Facts) -> Decision | None:
    """Whoever holds the connector finishes first; holders expire on Vault's clock."""
    holder = facts.state.holder
    if holder is None or holder.name == facts.me or holder.expires_at <= facts.server_now:
        return None
    return Wait(until=facts.now + (holder.expires_at - facts.server_now), reason=Reason.HELD_BY_ANOTHER)


def pim_silent(facts: Facts) -> Decision | None:
    """Without the PIM's word nothing is known, so nothing else is done."""
    return Wait(until=None, reason=Reason.PIM_SILENT) if facts.observation.pim is None else None


def cut_off(facts: Facts) -> Decision | None:
    """Once it is proven, a connector that got no new set stays cut off, and nothing else is due."""
    return Wait(until=None, reason=Reason.CUT_OFF) if facts.state.cut_off else None


def orphan(facts: Facts) -> Decision | None:
    """A set that has ended and is at the PIM all the same (a late create, a restored backup) is deleted again, whatever
    else failed before; not one that a live generation took over in place."""
    ended = [one for one in facts.state.generations if one.stage.final and facts.state.sharing(one) is None]
    seen = _pim(facts).survey.sightings
    again = [one.number for sighting in seen for one in ended if is_ours(one, sighting)]
    return _first(facts, [Mend(part=Part.ORPHAN, reason=Reason.ORPHAN, number=number) for number in again])


def backing_off(facts: Facts) -> Decision | None:
    """After a failure the next try waits, longer each time; a person does not."""
    failures = facts.state.failures
    if failures is None or facts.impatient:
        return None
    until = retry_at(failures=failures.count, last_at=failures.last_at, connector=facts.id)
    return Wait(until=until, reason=Reason.BACKING_OFF) if facts.now < until else None


def broken_off(facts: Facts) -> Decision | None:
    """A set that an earlier try planned is abandoned, and never made under the same label again: whoever tried may only
    be slow, and would then delete at the PIM what is served."""
    pending = facts.state.pending
    if pending is None or pending.stage is not Stage.PLANNED:
        return None
    return Do(step=Step.ABANDON, number=pending.number, reason=Reason.BROKEN_OFF)


def pending_ends(facts: Facts) -> Decision | None:
    """A pending set that cannot be used, or that nobody wants any more, is abandoned."""
    pending = facts.state.pending
    if pending is None:
        return None
    reason = next((reason for check in ABANDON if (reason := check(facts, pending))), None)
    return Do(step=Step.ABANDON, number=pending.number, reason=reason) if reason else None


def pending_goes_on(facts: Facts) -> Decision | None:
    """A pending set is carried to its publication before anything new is begun. A connector that was cut off is let in
    again only where a person has asked: nothing tells a cut of ours from a person's."""
    pending, connector = facts.state.pending, facts.connector
    if pending is None or connector is None:
        return None
    if pending.stage is Stage.ISSUED:
        return role_due(facts, connector) or Do(step=Step.VERIFY, number=pending.number, reason=Reason.ISSUED)
    asked = facts.state.revocation
    wanted = facts.state.rotation_asked_at is not None and (asked is None or asked.proven_at is not None)
    if facts.observation.access is Presence.CUT and wanted:
        return Mend(part=Part.ACCESS, reason=Reason.ACCESS_CUT)
    return Do(step=Step.PUBLISH, number=pending.number, reason=Reason.VERIFIED)


def served_as_known(facts: Facts) -> Decision | None:
    """The path serves the current set; another one or none is put right, an unknown one is a person's business.

    Once a person has asked for a new set, what a state that went back had forgotten is read until that is served.
    """
    current, served, asked = facts.state.current, facts.observation.served, facts.state.rotation_asked_at
    found = facts.state.find(served.generation) if served is not None else None
    if served is not None and found is None and asked is None:
        return Alarm(
            reason=Reason.SERVED_UNKNOWN,
            detail=f"generation {served.generation} at KV version {served.kv_version}",
            advice=f"If nobody needs what somebody wrote to the path of {facts.id}, `vault-pim rotate {facts.id}` "
            "serves a new set instead.",
        )
    if facts.connector is None or current is None or current.refusal is not None or facts.serves(current):
        return None
    if gone_at_pim(facts, facts.connector) is not None:
        return None  # it is dead, and its successor is due
    if asked is not None and found is not None and is_forgotten(found) and found.number > current.number:
        return None
    return Mend(part=Part.SERVED, reason=Reason.NOT_SERVED, number=current.number)


def superseded_goes(facts: Facts) -> Decision | None:
    """A superseded set goes when its time has come, but never while the path serves it (its successor may be lost)."""
    due = ((one.number, reason) for one in superseded(facts) if (reason := retirement_due(facts, one)))
    return _first(facts, [Do(step=Step.RETIRE, number=number, reason=reason) for number, reason in due])


def not_configured(facts: Facts) -> Decision | None:
    """A connector that was taken out of the configuration keeps its set; only a person ends it."""
    if facts.connector is not None:
        return None
    return Wait(until=next_retirement(facts), reason=Reason.NOT_CONFIGURED)


def role_as_declared(facts: Facts) -> Decision | None:
    """The role of a served set holds exactly what is declared, also after somebody changed it by hand."""
    if facts.connector is None or facts.state.current is None:
        return None
    return role_due(facts, facts.connector)


def for_drills(facts: Facts) -> Decision | None:
    """A connector that is there for drills gets a set only when one is asked for."""
    if facts.connector is None or not facts.connector.drill or facts.state.rotation_asked_at is not None:
        return None
    return Wait(until=None, reason=Reason.FOR_DRILLS)


def successor(facts: Facts) -> Decision | None:
    """A new generation is planned and issued when a check says so."""
    if facts.connector is None or facts.state.pending is not None:
        return None
    reason, number = rotation_due(facts, facts.connector), facts.state.next_number
    if reason is None:
        return None
    former = taken_over(facts, facts.connector)
    return obstacle(facts, facts.connector, _pim(facts), number) or Do(
        step=Step.ISSUE, number=number, reason=reason, replaces=former.number if former else None
    )


def nothing_due(facts: Facts) -> Decision:
    """Wait for the nearest instant at which something becomes due."""
    retirement = next_retirement(facts)
    when = due_of_current(facts.state, facts.connector, facts.now)
    if when is None:
        return Wait(until=retirement, reason=Reason.NOT_DUE)
    if retirement is not None and retirement <= when.first:
        return Wait(until=retirement, reason=Reason.READERS_LATE if past_grace(facts) else Reason.IN_GRACE)
    return Wait(until=when.first, reason=Reason.NOT_DUE if when.closes_at is None else Reason.WINDOW_CLOSED)


Rule = Callable[[Facts], Decision | None]

RULES: tuple[Rule, ...] = (
    held_by_another,
    access_cut_first,
    revocation,
    pim_silent,
    went_back,
    orphan,
    cut_off,
    backing_off,
    broken_off,
    pending_ends,
    pending_goes_on,
    served_as_known,
    superseded_goes,
    not_configured,
    role_as_declared,
    for_drills,
    successor,
    nothing_due,
)


_NOTHING_DUE = (
    Reason.NOT_DUE,
    Reason.WINDOW_CLOSED,
    Reason.IN_GRACE,
    Reason.READERS_LATE,
    Reason.CUT_OFF,
    Reason.NOT_CONFIGURED,
)


def _first(facts: Facts, due: Sequence[Do | Mend]) -> Do | Mend | None:
    """The first of several that are due; one that stands back comes last."""
    return next((one for one in due if stands_back(facts, one) is None), due[0] if due else None)


def role_due(facts: Facts, connector: Connector) -> Decision | None:
    """Bring the role to what is declared, if the PIM offers that; only ever one that is ours."""
    pim = _pim(facts)
    if pim.role is Presence.AS_DECLARED or connector.label not in facts.state.roles:
        return None
    return unknown_permission(facts, connector, pim, 0) or Mend(part=Part.ROLE, reason=Reason.ROLE_DIFFERS)


def _pim(facts: Facts) -> PimSight:
    """The PIM's side; rules after `pim_silent` have one."""
    if facts.observation.pim is None:
        raise Impossible("a rule that needs the PIM's word came before pim_silent")
    return facts.observation.pim
