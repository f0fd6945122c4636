"""Makes a successor of the current set in the same connection: a new secret and a new password, the same code.

Called by the step `issue`. The former set dies with the first of the two, so each is made only while the connector is
seen to be ours. A process that slept between that look and the request itself may still kill the set of one that took
over; what it then finds out, it writes into the record, so that another set is made at once.
"""

import logging
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import PimNoAnswer, TakenOver, VaultPimError
from vault_pim.domain.events import Event, Tag
from vault_pim.domain.facts import Facts
from vault_pim.domain.generation import Generation, Stage
from vault_pim.engine.hold import Hold
from vault_pim.engine.intent import declared
from vault_pim.engine.tools import Tools

logger = logging.getLogger(__name__)

KILLED = "a process that was overtaken regenerated its connection once more"
TRIES = 20
"""How often it is written after a lost check-and-set; each loss means that somebody else saved meanwhile."""


def regenerate(tools: Tools, facts: Facts, generation: Generation) -> tuple[CredentialSet, Generation]:
    """Regenerate the connection that the generation takes over, and hold the new set.

    Returns:
        The set, and the generation with the instant at which the former one began to die.

    Raises:
        TakenOver: somebody else works on the connector now.
        PimNoAnswer: the PIM is too slow for the time that the connector is ours, or said nothing.
    """
    begun: list[datetime] = []

    def about_to() -> None:
        _still_ours(tools, facts)
        begun.append(tools.clock.now())

    try:
        credentials = tools.driver.regenerate(declared(facts), generation, before_each=about_to)
        tools.credentials.hold(facts.id, generation.number, credentials)
        _still_ours(tools, facts)
    except VaultPimError:
        if begun:
            _tell_who_overtook(tools, generation, facts)
        raise
    return credentials, replace(generation, regenerated_at=begun[0])


def _still_ours(tools: Tools, facts: Facts) -> None:
    """Look at the record: it is as we left it, and ours for long enough."""
    loaded = tools.states.load(facts.id)
    holder = loaded.state.holder
    unchanged = replace(loaded.state, holder=None) == replace(facts.state, holder=None)
    if holder is None or holder.name != tools.me or not unchanged:
        raise TakenOver(f"{facts.id} was taken over while its set was made")
    if holder.expires_at - loaded.server_now < tools.hold / 4:
        raise PimNoAnswer(f"the PIM is too slow to rotate {facts.id} in place", why="its hold has nearly run out")


def _tell_who_overtook(tools: Tools, generation: Generation, facts: Facts) -> None:
    """If a newer set was made in the same connection meanwhile, we may have killed it: it is refused, durably, and so
    replaced at once. One that is only planned is not: it will be verified."""
    for _ in range(TRIES):
        with suppress(TakenOver):
            hold = Hold(tools, facts.id)
            killed = [
                one
                for one in hold.state.live
                if one.label == generation.label and one.number > generation.number and one.stage is not Stage.PLANNED
            ]
            state = hold.state
            for one in killed:
                state = state.put(replace(one, refusal=KILLED))
            if killed:
                event = Event(at=tools.clock.now(), tag=Tag.ROTATION_ASKED, by=tools.me, connector=facts.id)
                with suppress(VaultPimError):  # a set that may be dead counts for more than a line about it
                    tools.audit.record(replace(event, detail={"reason": KILLED}))
                hold.write(replace(state, holder=None))
            return
    logger.error("generation %d of %s: %s, and it could not be written down", generation.number, facts.id, KILLED)
