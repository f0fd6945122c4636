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

LOOK_AGAIN = timedelta(minutes=1)
"""How soon readers who have not moved on are looked at again."""
TOLD_FOR = timedelta(days=1)
"""How long after the end of a set it is told who uses it still."""
USUAL_LIFETIME = timedelta(hours=1)
"""Of an access token, where the PIM has not said it (contracts/akeneo/observed.md §3)."""


def depends_on_readers(state: ConnectorState, connector: Connector | None, now: datetime) -> bool:
    """Whether anything that is to be decided or told depends on who reads which set."""
    if connector is None or connector.drill or state.current is None:
        return False
    early = connector.policy.retire is Retire.PICKED_UP
    waiting = any(early or now >= _grace_ends_at(one, now) for one in state.in_grace)
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
    if policy.late_readers is LateReaders.CUT or sight is None:
        return grace_ends_at
    if sight.unseen is None and not any(_may_use(one, generation) for one in sight.readers):
        return grace_ends_at
    return max(grace_ends_at, published_at + policy.max_age)


def next_retirement(facts: Facts) -> datetime | None:
    """When a superseded set may go, or readers are to be looked at again; None where none waits for its end."""
    instants = [ends_at(facts, one) for one in superseded(facts)]
    if instants and facts.observation.readers is not None:
        instants.append(facts.now + LOOK_AGAIN)
    return min(instants, default=None)


def past_grace(facts: Facts) -> bool:
    """A superseded set waits for its readers alone."""
    return any(_grace_ends_at(one, facts.now) <= facts.now for one in superseded(facts))


def late_readers(facts: Facts, generation: Generation) -> tuple[Reader, ...]:
    """Who is known to use a superseded set."""
    sight = facts.observation.readers
    return () if sight is None else tuple(one for one in sight.readers if one.generation == generation.number)


def readers_to_tell_of(facts: Facts) -> tuple[Finding, ...]:
    """Who uses a set whose grace is over, and whether all readers are seen."""
    current, sight = facts.state.current, facts.observation.readers
    if facts.connector is None or current is None or current.published_at is None or sight is None:
        return ()
    if facts.now < current.published_at + facts.connector.policy.refresh_interval:
        return ()  # the set was replaced in place, and nobody is late yet
    past = [one for one in facts.state.in_grace if _grace_ends_at(one, facts.now) <= facts.now]
    found = [
        Finding(reason=Reason.LATE_READER, detail=_said(facts, reader, one), about=f"{reader.name} {one.number}")
        for one in (*past, *_ended_lately(facts.state, facts.now))
        for reader in late_readers(facts, one)
    ]
    if sight.unseen is not None:
        found.append(Finding(reason=Reason.READERS_UNSEEN, detail=sight.unseen))
    return tuple(found)


def _picked_up(facts: Facts, generation: Generation) -> bool:
    """Everybody who is known has moved on, and somebody is known."""
    sight = facts.observation.readers
    if facts.connector is None or facts.connector.policy.retire is not Retire.PICKED_UP:
        return False
    if sight is None or sight.unseen is not None or not sight.readers:
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
    return f"{ago}; it is waited for until {last:%Y-%m-%d %H:%M} UTC, so start it anew before that"
