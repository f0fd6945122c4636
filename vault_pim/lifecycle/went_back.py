"""A backup of Vault was put back, and its state does not know what was done since: how that shows. Pure.

Two witnesses outlive a Vault that went back: the PIM, where a set of ours stands whose number was never given out, and
the records of incidents on this machine. Where the state alone went back, the connector's path is a third. Asked by
`decide`. Nothing is done for such a connector before a person has said what shall hold; then what was found is taken
into the state, and ends like everything else.
"""

import re
from dataclasses import replace
from datetime import timedelta

from vault_pim.domain.facts import Facts, Sighting
from vault_pim.domain.generation import Generation, Stage
from vault_pim.domain.outcomes import Alarm, Decision, Mend, Part
from vault_pim.domain.reasons import Reason
from vault_pim.domain.state import ConnectorState

GONE = "--------"
"""The marker of a set that only the path knows of: whatever stands at the PIM under its label is not ours."""

_DESCRIPTION = re.compile(r"(?:^|-|#(?P<number>\d{1,9}) )(?P<marker>[0-9a-f]{8})$")
"""How what we make describes itself: `ERP #2 3f2a9c01` (connections), `vp_erp_2-3f2a9c01` or `3f2a9c01` (others)."""


def went_back(facts: Facts) -> Decision | None:
    """What the state does not know of is a person's business; once one has asked for something, it is taken in."""
    forgotten = made_since(facts)
    if forgotten is not None and _asked_for_something(facts.state):
        return Mend(part=Part.FORGOTTEN, reason=Reason.STATE_WENT_BACK, number=forgotten.number)
    if forgotten is not None:
        where = f"at the PIM as {forgotten.label}" if forgotten.marker != GONE else "served at its path"
        return _alarm(
            facts, f"generation {forgotten.number} is {where}, the last known is {facts.state.next_number - 1}"
        )
    if _revoked_since(facts):
        return _alarm(
            facts, f"of the revocation asked for at {facts.revoked_at:%Y-%m-%d %H:%M:%S} UTC nothing is known"
        )
    return None


def made_since(facts: Facts) -> Generation | None:
    """The first set of ours at the PIM, or at the path, that the state has never planned, as it is to be known from now
    on.

    One that was made in place is dead or the only one there is: like any broken off, it has the current one replaced.
    """
    pim, served = facts.observation.pim, facts.observation.served
    if pim is None:
        return None
    seen = [(_number(facts, one), one) for one in pim.survey.sightings]
    if served is not None:
        seen.append((served.generation, Sighting(label=facts.id.label(served.generation), description=GONE)))
    since = [(number, one) for number, one in seen if number >= facts.state.next_number]
    if not since:
        return None
    number, sighting = min(since, key=lambda one: one[0])
    same = next((one for one in facts.state.live if one.label.lower() == sighting.label.lower()), None)
    if same is not None:
        broken_off = replace(same, number=number, stage=Stage.ABANDONED, replaces=same.number, ended_at=facts.now)
        return replace(broken_off, reason=Reason.STATE_WENT_BACK)
    connector = facts.connector
    return Generation(
        number=number,
        stage=Stage.GRACE,
        label=sighting.label,
        marker=sighting.description[-8:],
        role=connector.label if connector else "",
        mechanism=facts.mechanism,
        reason=Reason.STATE_WENT_BACK,
        planned_at=facts.now,
        retire_at=facts.now + (connector.policy.grace if connector else timedelta(0)),
    )


def is_forgotten(generation: Generation) -> bool:
    """It was taken into a state that had forgotten it."""
    return generation.reason == Reason.STATE_WENT_BACK


def known_again(facts: Facts, forgotten: Generation) -> ConnectorState:
    """The state with that set in it: in its grace, or in an incident under the revocation, to be proven anew."""
    state, asked = facts.state.put(forgotten), facts.state.revocation
    if asked is None or facts.state.incident is None:
        return state
    through, reissue = max(asked.through, forgotten.number), asked.reissue or asked.lifted_at is not None
    again = replace(asked, through=through, reissue=reissue, proven_at=None, looked_at=None, lifted_at=None)
    return replace(state, revocation=again)


def _number(facts: Facts, sighting: Sighting) -> int:
    """The generation that a sighting says it is, 0 where nothing of ours says so."""
    by_label, described = facts.id.number_of(sighting.label), _DESCRIPTION.search(sighting.description)
    if by_label is None or described is None:
        return 0
    return max(by_label, int(described["number"] or 0))


def _asked_for_something(state: ConnectorState) -> bool:
    """A rotation, or a revocation after which the PIM was not looked at yet."""
    asked = state.revocation
    return state.rotation_asked_at is not None or (asked is not None and asked.looked_at is None)


def _revoked_since(facts: Facts) -> bool:
    """A revocation was seen on this machine that is later than anything in the state."""
    state, seen = facts.state, facts.revoked_at
    if seen is None or state.cut_off or state.rotation_asked_at is not None or seen > facts.now:
        return False
    known = [one.planned_at for one in state.generations] + ([state.revocation.asked_at] if state.revocation else [])
    return all(at < seen for at in known)


def _alarm(facts: Facts, detail: str) -> Alarm:
    return Alarm(
        reason=Reason.STATE_WENT_BACK,
        detail=detail,
        advice=f"Was a backup of Vault put back? `vault-pim rotate {facts.id}` makes a new set, what is there now ends "
        f"after its grace; `vault-pim revoke {facts.id}` ends everything.",
    )
