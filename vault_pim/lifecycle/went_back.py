"""A backup of Vault was put back, and its state does not know what was done since: how that shows. Pure.

Two witnesses outlive a Vault that went back: the PIM, where a set of ours stands whose number was never given out, and
the records of incidents on this machine. Where the state alone went back, the connector's path is a third. Asked by
`decide`. Nothing is done for such a connector before a person has said what shall hold; then what was found is taken
into the state, and ends like everything else.
"""

import re
from dataclasses import replace
from datetime import timedelta

from vault_pim.domain.connector import Mechanism
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
    if forgotten is not None and _asked_for_something(facts):
        return Mend(part=Part.FORGOTTEN, reason=Reason.STATE_WENT_BACK, number=forgotten.number)
    if forgotten is not None:
        where = "served at its path" if facts.serves(forgotten) else f"at the PIM as {forgotten.label}"
        known = min(facts.state.next_number, forgotten.number) - 1
        return _alarm(facts, f"generation {forgotten.number} is {where}, the last known is {known}")
    if _revoked_since(facts):
        return _alarm(
            facts, f"of the revocation asked for at {facts.revoked_at:%Y-%m-%d %H:%M:%S} UTC nothing is known"
        )
    return None


def made_since(facts: Facts) -> Generation | None:
    """The first set of ours, at the PIM or at the path, that the state has never planned, or has planned and not made;
    as it is to be known from now on."""
    pim, served, pending = facts.observation.pim, facts.observation.served, facts.state.pending
    if pim is None:
        return None
    if pending is not None and pending.stage is Stage.PLANNED and facts.serves(pending):
        return _in_grace(facts, pending)
    seen = [(_number(facts, one), one) for one in pim.survey.sightings]
    if served is not None:
        seen.append((served.generation, Sighting(label=facts.id.label(served.generation), description=GONE)))
    since = [(number, one) for number, one in seen if number >= facts.state.next_number]
    if not since:
        return None
    number, sighting = min(since, key=lambda one: one[0])
    same = next((one for one in facts.state.live if one.label.lower() == sighting.label.lower()), None)
    if same is not None:
        made = replace(same, number=number, replaces=same.number, kv_version=None, published_at=None, fingerprints={})
        return _in_grace(facts, made)
    found = Generation(
        number=number,
        stage=Stage.PLANNED,
        label=sighting.label,
        marker=sighting.description[-8:],
        role=facts.connector.label if facts.connector and not facts.state.generations else "",
        mechanism=facts.mechanism,
        reason=Reason.STATE_WENT_BACK,
        planned_at=facts.now,
    )
    return _in_grace(facts, found)


def described(sighting: Sighting) -> int:
    """The generation that the description of a connection of ours names, 0 where none."""
    found = _DESCRIPTION.search(sighting.description)
    return int(found["number"] or 0) if found is not None else 0


def is_forgotten(generation: Generation) -> bool:
    """It was taken into a state that had forgotten it."""
    return generation.reason == Reason.STATE_WENT_BACK


def known_again(facts: Facts, forgotten: Generation) -> ConnectorState:
    """The state with that set in it: in its grace, or in an incident under the revocation, to be proven anew. Where a
    successor is to be served first, that is another one."""
    state, asked = facts.state.put(forgotten), facts.state.revocation
    if asked is None or facts.state.incident is None:
        return state
    through, reissue = max(asked.through, forgotten.number), asked.reissue or asked.lifted_at is not None
    again = replace(asked, through=through, reissue=reissue, proven_at=None, looked_at=None, lifted_at=None)
    wanted = state.rotation_asked_at or (facts.now if asked.replace_first else None)
    return replace(state, revocation=again, rotation_asked_at=wanted)


def _in_grace(facts: Facts, found: Generation) -> Generation:
    """As a superseded set; one that was made in place has no grace, since the next one is made in the same place."""
    grace = facts.connector.policy.grace if facts.connector and found.replaces is None else timedelta(0)
    return replace(found, stage=Stage.GRACE, reason=Reason.STATE_WENT_BACK, retire_at=facts.now + grace)


def _number(facts: Facts, sighting: Sighting) -> int:
    """The generation that a sighting says it is, 0 where nothing of ours says so; a connection of ours names it."""
    by_label = facts.id.number_of(sighting.label)
    found = _DESCRIPTION.search(sighting.description) if by_label is not None else None
    if by_label is None or found is None or (facts.mechanism is Mechanism.CONNECTIONS and found["number"] is None):
        return 0
    return max(by_label, int(found["number"] or 0))


def _asked_for_something(facts: Facts) -> bool:
    """A rotation, or a revocation after which the PIM was not looked at yet."""
    state, asked = facts.state, facts.state.revocation
    revoked = asked is not None and asked.looked_at is None and state.incident is not None
    return revoked or (state.rotation_asked_at is not None and facts.connector is not None)


def _revoked_since(facts: Facts) -> bool:
    """A revocation was seen on this machine that is later than anything in the state."""
    state, seen = facts.state, facts.revoked_at
    if seen is None or state.cut_off or seen > facts.now:
        return False
    known = [one.planned_at for one in state.generations]
    asked = (state.revocation.asked_at if state.revocation else None, state.rotation_asked_at)
    return all(at < seen for at in (*known, *asked) if at is not None)


def _alarm(facts: Facts, detail: str) -> Alarm:
    ending = "at once, with the revocation that is known" if facts.state.incident else "after its grace"
    rotate = f"`vault-pim rotate {facts.id}` makes a new set, what is there now ends {ending}; "
    return Alarm(
        reason=Reason.STATE_WENT_BACK,
        detail=detail,
        advice=f"Was a backup of Vault put back? {rotate if facts.connector else ''}"
        f"`vault-pim revoke {facts.id} --reason ...` ends everything.",
    )
