"""When does a superseded set go? By its grace, and by what is known of those who read it.

Called by decide.py, by findings.py, and by the engine before it looks who reads. Silence is evidence of nothing: a
reader that was not heard of for long may be gone, or only cut off from Vault.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from vault_pim.domain.connector import Connector
from vault_pim.domain.facts import Facts
from vault_pim.domain.generation import Generation, Stage
from vault_pim.domain.outcomes import Finding
from vault_pim.domain.policy import LateReaders, Retire
from vault_pim.domain.readers import Evidence, Reader
from vault_pim.domain.reasons import Reason
from vault_pim.domain.state import ConnectorState
from vault_pim.domain.wording import clean, human_duration

LOOK_AGAIN = timedelta(minutes=5)
"""How soon readers who have not moved on are looked at again; each look is one at the PIM, too."""
TOLD_FOR = timedelta(days=1)
"""How long after the end of a set it is told who uses it still."""
USUAL_LIFETIME = timedelta(hours=1)
"""Of an access token, where the PIM has not said it (contracts/akeneo/observed.md §3)."""


def depends_on_readers(state: ConnectorState, connector: Connector | None, now: datetime) -> bool:
    """Whether anything that is to be decided or told depends on who reads which set."""
    if connector is None or connector.drill or state.current is None or state.cut_off:
        return False
    waiting = any(_goes_early(connector) or now >= _grace_ends_at(one, now) for one in state.in_grace)
    return waiting or any(True for _ in _ended_lately(state, now))


def superseded(facts: Facts) -> list[Generation]:
    """The sets that only wait for their end; never one that the path serves, since its successor may be lost."""
    return [one for one in facts.state.in_grace if not facts.serves(one)]


def retirement_due(facts: Facts, generation: Generation) -> Reason | None:
    """Why a superseded set goes now, or None."""
    if facts.now >= ends_at(facts, generation):
        return Reason.GRACE_OVER
    return Reason.PICKED_UP if _picked_up(facts, generation) else None


def ends_at(facts: Facts, generation: Generation) -> datetime:
    """When a superseded set goes at the latest: with its grace, or past that with its max age, if readers still use it
    and the policy waits for them. One whose connection was taken over is dead, whoever uses it."""
    grace_ends_at, published_at = _grace_ends_at(generation, facts.now), generation.published_at
    if facts.connector is None or published_at is None or facts.state.sharing(generation) is not None:
        return grace_ends_at
    policy, sight = facts.connector.policy, facts.observation.readers
    if not _waits(facts.connector) or sight is None:
        return grace_ends_at
    if sight.unseen is None and not any(_may_use(one, generation) for one in sight.readers):
        return grace_ends_at
    return max(grace_ends_at, published_at + policy.max_age)


def next_retirement(facts: Facts) -> datetime | None:
    """When a superseded set may go, or readers are to be looked at again; None where none waits for its end."""
    instants = [ends_at(facts, one) for one in superseded(facts)]
    if instants and facts.connector is not None and (facts.observation.readers or _goes_early(facts.connector)):
        instants.append(facts.now + LOOK_AGAIN)
    return min(instants, default=None)


def past_grace(facts: Facts) -> bool:
    """A superseded set waits for its readers alone."""
    return any(_grace_ends_at(one, facts.now) <= facts.now for one in superseded(facts))


def late_readers(facts: Facts, generation: Generation) -> tuple[Reader, ...]:
    """Who is known to use a superseded set, unless it was replaced in place, when nobody could move on in time."""
    sight = facts.observation.readers
    if sight is None or facts.state.sharing(generation) is not None:
        return ()
    return tuple(one for one in sight.readers if one.generation == generation.number)


def readers_to_tell_of(facts: Facts) -> tuple[Finding, ...]:
    """Who uses a set whose grace is over, or may do so, and whether all readers are seen."""
    connector, sight = facts.connector, facts.observation.readers
    if connector is None or sight is None or not _noticed(facts, connector):
        return ()
    past = [one for one in facts.state.in_grace if _grace_ends_at(one, facts.now) <= facts.now]
    found = [
        Finding(reason=Reason.LATE_READER, detail=_said(facts, reader, one), about=f"{reader.name} {one.number}")
        for one in (*past, *_ended_lately(facts.state, facts.now))
        for reader in late_readers(facts, one)
    ]
    found += [
        Finding(reason=Reason.LATE_READER, detail=f"what {clean(reader.name)} says makes no sense", about=reader.name)
        for reader in sight.readers
        if past and reader.generation is None
    ]
    lacking = sight.unseen or (sight.partial if _goes_early(connector) else None)
    if lacking is not None and facts.state.in_grace and (_goes_early(connector) or _waits(connector)):
        found.append(Finding(reason=Reason.READERS_UNSEEN, detail=lacking))
    return tuple(found)


def _picked_up(facts: Facts, generation: Generation) -> bool:
    """Everybody who is known has moved on, somebody is known, and who has just begun had the time to say so."""
    connector, sight = facts.connector, facts.observation.readers
    if connector is None or not _goes_early(connector) or not _noticed(facts, connector):
        return False
    if sight is None or not sight.whole or not sight.readers:
        return False
    return all(_has_moved_on(facts, one, generation) for one in sight.readers)


def _has_moved_on(facts: Facts, reader: Reader, generation: Generation) -> bool:
    """It uses a later set. Who was only given one may go on with the tokens of the former for as long as they live."""
    if reader.generation is None or reader.generation <= generation.number:
        return False
    if reader.evidence is Evidence.SAYS:
        return True
    seconds = generation.access_token_lifetime
    lifetime = USUAL_LIFETIME if seconds is None else timedelta(seconds=seconds)
    return facts.server_now >= reader.since + lifetime


def _noticed(facts: Facts, connector: Connector) -> bool:
    """Every reader has had the time to notice the current set."""
    current = facts.state.current
    if current is None or current.published_at is None:
        return False
    return facts.now >= current.published_at + connector.policy.refresh_interval


def _goes_early(connector: Connector) -> bool:
    return connector.policy.retire is Retire.PICKED_UP


def _waits(connector: Connector) -> bool:
    return connector.policy.late_readers is LateReaders.WAIT


def _may_use(reader: Reader, generation: Generation) -> bool:
    return reader.generation in (None, generation.number)


def _ended_lately(state: ConnectorState, now: datetime) -> Iterator[Generation]:
    for one in state.generations:
        if one.stage is Stage.RETIRED and one.ended_at is not None and now < one.ended_at + TOLD_FOR:
            yield one


def _grace_ends_at(generation: Generation, now: datetime) -> datetime:
    return generation.retire_at or now


def _said(facts: Facts, reader: Reader, generation: Generation) -> str:
    heard = f"{clean(reader.name)} uses generation {generation.number}, last heard of"
    ago = f"{heard} {human_duration(max(timedelta(0), facts.server_now - reader.heard_at))} ago"
    if generation.stage.final:
        return f"{ago}; that set has ended, so start it anew, or see why it reads no newer one"
    last = ends_at(facts, generation)
    if last <= facts.now:
        return f"{ago}; the next pass ends that set, so start it anew"
    return f"{ago}; it is waited for until {last:%Y-%m-%d %H:%M} UTC, so start it anew before that"
