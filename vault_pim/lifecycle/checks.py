"""Is a new generation due, may one be made, must a pending one go? Ordered lists of named pure checks, one reason each.

To add a reason to rotate, add one function and one line to `ROTATE`; likewise to `ABANDON` and `OBSTACLES`.
"""

from collections.abc import Callable

from vault_pim.domain.connector import Connector, Mechanism, Rotation
from vault_pim.domain.facts import Facts, PimSight, Sighting
from vault_pim.domain.generation import Generation, Stage
from vault_pim.domain.outcomes import Alarm
from vault_pim.domain.reasons import Reason
from vault_pim.lifecycle.schedule import due_of_current
from vault_pim.lifecycle.went_back import described


def is_ours(generation: Generation, sighting: Sighting) -> bool:
    """The object seen at the PIM was made for that generation: same label, and our marker beside it."""
    return sighting.label.lower() == generation.label.lower() and generation.marker in sighting.description


def taken_over(facts: Facts, connector: Connector) -> Generation | None:
    """The generation whose connection the next one takes over in place, or None: the next one gets its own.

    The first one always does, and so does one after which nothing is left to be taken over.
    """
    current = facts.state.current
    if connector.rotation is not Rotation.IN_PLACE or facts.mechanism is not Mechanism.CONNECTIONS or current is None:
        return None
    return current if current.mechanism is Mechanism.CONNECTIONS and not _is_gone(facts, current) else None


def nothing_current(facts: Facts, _: Connector) -> Reason | None:
    """A connector without a served set gets one."""
    return Reason.NO_CURRENT if facts.state.current is None else None


def asked_for(facts: Facts, _: Connector) -> Reason | None:
    """A person asked, and nothing was published since."""
    return Reason.REQUESTED if facts.state.rotation_asked_at is not None else None


def gone_at_pim(facts: Facts, _: Connector) -> Reason | None:
    """Somebody deleted the current set at the PIM, or put the PIM back to before it was made in place."""
    current = facts.state.current
    return Reason.GONE_AT_PIM if current and (_is_gone(facts, current) or _is_older(facts, current)) else None


def lost(facts: Facts, _: Connector) -> Reason | None:
    """No copy of the current set is left that could be served."""
    current = facts.state.current
    return Reason.LOST if current and current.refusal is not None else None


def mechanism_changed(facts: Facts, _: Connector) -> Reason | None:
    """The configuration names another mechanism than the current set was made by."""
    current = facts.state.current
    return Reason.MECHANISM_CHANGED if current and current.mechanism is not facts.mechanism else None


def label_changed(facts: Facts, connector: Connector) -> Reason | None:
    """The configuration gives the connector another label, and so another role."""
    current = facts.state.current
    return Reason.LABEL_CHANGED if current and current.role != connector.label else None


def half_replaced(facts: Facts, _: Connector) -> Reason | None:
    """Whatever the schedule says, a set that may be dead is replaced at once."""
    return Reason.HALF_REPLACED if facts.state.half_replaced else None


def schedule_says_so(facts: Facts, connector: Connector) -> Reason | None:
    """Its age or its window says so, or its max age comes near."""
    when = due_of_current(facts.state, connector, facts.now)
    if when is None:
        return None
    if facts.now >= when.lead_at:
        return Reason.MAX_AGE
    if facts.now < when.opens_at:
        return None
    return Reason.AGE if when.closes_at is None else Reason.CALENDAR


Check = Callable[[Facts, Connector], Reason | None]

ROTATE: tuple[Check, ...] = (
    nothing_current,
    asked_for,
    gone_at_pim,
    half_replaced,
    lost,
    mechanism_changed,
    label_changed,
    schedule_says_so,
)


def rotation_due(facts: Facts, connector: Connector) -> Reason | None:
    """The first reason to make a new generation, or None."""
    return next((reason for check in ROTATE if (reason := check(facts, connector))), None)


def refused(_: Facts, pending: Generation) -> Reason | None:
    """Verification refused it, or its stored copy is lost."""
    return Reason.VERIFICATION_REFUSED if pending.refusal is not None else None


def pending_gone(facts: Facts, pending: Generation) -> Reason | None:
    """Somebody deleted it at the PIM, perhaps after it was verified; serving it would serve a dead set."""
    made = pending.stage is not Stage.PLANNED
    return Reason.GONE_AT_PIM if made and _is_gone(facts, pending) else None


def overtaken(facts: Facts, pending: Generation) -> Reason | None:
    """The path serves a newer one: the state went back."""
    served = facts.observation.served
    return Reason.STATE_WENT_BACK if served is not None and served.generation > pending.number else None


def unwanted(facts: Facts, pending: Generation) -> Reason | None:
    """The configuration has changed since it was planned; too late once it is read, or what is read died for it."""
    if pending.replaces is not None or facts.serves(pending):
        return None
    if facts.connector is None:
        return Reason.NOT_CONFIGURED
    if pending.mechanism is not facts.mechanism:
        return Reason.MECHANISM_CHANGED
    return Reason.LABEL_CHANGED if pending.role != facts.connector.label else None


ABANDON: tuple[Callable[[Facts, Generation], Reason | None], ...] = (refused, pending_gone, overtaken, unwanted)


def unknown_permission(_: Facts, connector: Connector, pim: PimSight, __: int) -> Alarm | None:
    """The PIM must offer every declared permission; posting an unknown one would leave a broken role behind."""
    missing = sorted(connector.permissions - pim.survey.offered)
    if not missing:
        return None
    return Alarm(
        reason=Reason.UNKNOWN_PERMISSION,
        detail=", ".join(missing),
        advice=f"Correct the permissions of {connector.id}; PIM {pim.survey.pim_release} does not offer these.",
    )


def role_taken(facts: Facts, connector: Connector, pim: PimSight, _: int) -> Alarm | None:
    """A role of that name that we did not make may be one that people use."""
    taken = {name.lower() for name in pim.survey.roles - facts.state.roles}
    if connector.label in facts.state.roles or connector.label.lower() not in taken:
        return None
    return Alarm(
        reason=Reason.ROLE_TAKEN,
        detail=connector.label,
        advice=f"Give {connector.id} another label, or delete the role {connector.label!r} if nobody needs it.",
    )


def in_place_impossible(facts: Facts, connector: Connector, pim: PimSight, _: int) -> Alarm | None:
    """A rotation in place needs connections; their secret and password are made anew, those of others are not."""
    if connector.rotation is not Rotation.IN_PLACE or facts.mechanism is Mechanism.CONNECTIONS:
        return None
    return Alarm(
        reason=Reason.IN_PLACE_IMPOSSIBLE,
        detail=f"PIM {pim.survey.pim_release} with mechanism {facts.mechanism}",
        advice=f"Set rotation of {connector.id} to overlap, or mechanism of PIM {connector.id.pim} to connections.",
    )


def label_taken(facts: Facts, connector: Connector, pim: PimSight, number: int) -> Alarm | None:
    """An object under the label that we did not make is a stranger, and not touched."""
    if taken_over(facts, connector) is not None:
        return None
    label, planned = connector.id.label(number), facts.state.find(number)
    for sighting in pim.survey.sightings:
        if sighting.label.lower() == label and not (planned and is_ours(planned, sighting)):
            return Alarm(
                reason=Reason.LABEL_TAKEN,
                detail=label,
                advice=f"Delete {label!r} at the PIM if nobody needs it; vault-pim did not make it.",
            )
    return None


def no_free_slot(facts: Facts, connector: Connector, pim: PimSight, number: int) -> Alarm | None:
    """The PIM takes only so many connections; one that is there already under our label needs no new slot."""
    label = connector.id.label(number)
    known = taken_over(facts, connector) is not None or any(one.label.lower() == label for one in pim.survey.sightings)
    if known or pim.survey.free_slots != 0:
        return None
    return Alarm(
        reason=Reason.NO_FREE_SLOT,
        detail=f"{len(pim.survey.sightings)} connections",
        advice=f"Delete connections nobody uses at PIM {connector.id.pim}; `vault-pim status` names strangers.",
    )


Obstacle = Callable[[Facts, Connector, PimSight, int], Alarm | None]

OBSTACLES: tuple[Obstacle, ...] = (in_place_impossible, unknown_permission, role_taken, label_taken, no_free_slot)


def obstacle(facts: Facts, connector: Connector, pim: PimSight, number: int) -> Alarm | None:
    """The first thing that forbids to issue generation `number`, or None."""
    return next((alarm for check in OBSTACLES if (alarm := check(facts, connector, pim, number))), None)


def _is_gone(facts: Facts, generation: Generation) -> bool:
    """The PIM shows no whole set under its label; another mechanism's objects are not looked at."""
    pim = facts.observation.pim
    if pim is None or generation.mechanism is not facts.mechanism:
        return False
    return generation.label.lower() not in {one.label.lower() for one in pim.survey.sightings if one.whole}


def _is_older(facts: Facts, generation: Generation) -> bool:
    """The connection that it was made in says at the PIM that it is of an earlier one."""
    pim = facts.observation.pim
    if pim is None or generation.replaces is None:
        return False
    said = [described(one) for one in pim.survey.sightings if one.label.lower() == generation.label.lower()]
    return any(0 < number < generation.number for number in said)
