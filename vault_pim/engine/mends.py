"""One function per part of a connector's surroundings: put it back to what state and configuration say.

Like the steps in effects.py, each may be repeated any number of times with the same end.
"""

from collections.abc import Mapping
from dataclasses import replace

from vault_pim.domain.errors import Impossible, NotProven, TakenOver, VaultRefusal
from vault_pim.domain.facts import Facts, Presence
from vault_pim.domain.outcomes import Part
from vault_pim.engine.done import LOST, Done, Effect, generation_of, held, numbered, refused
from vault_pim.engine.effects import due_at
from vault_pim.engine.intent import declared
from vault_pim.engine.observe import without
from vault_pim.engine.tools import Tools
from vault_pim.lifecycle.went_back import known_again, made_since


def role(tools: Tools, facts: Facts, _: int) -> Done:
    """Bring the connector's role to exactly the declared permissions."""
    connector, pim = declared(facts), facts.observation.pim
    if pim is None:
        raise Impossible("a role is mended only where the PIM answers")
    tools.driver.put_role(connector.label, connector.permissions)
    seen = replace(pim, role=Presence.AS_DECLARED)
    return Done(state=facts.state, observation=replace(facts.observation, pim=seen), detail={"role": connector.label})


def access(tools: Tools, facts: Facts, _: int) -> Done:
    """Cut a revoked connector off from Vault, or let it in again to a new set."""
    state, asked = facts.state, facts.state.revocation
    if state.cut_off:
        tools.access.cut(facts.id)
        return Done(state=state, observation=replace(facts.observation, access=Presence.CUT))
    if asked is not None and asked.proven_at is not None:
        # a slow process may have served a revoked set again after the proof
        tools.credentials.destroy_served(facts.id, asked.through)
        state = replace(state, revocation=replace(asked, lifted_at=asked.lifted_at or facts.now))
    if facts.observation.access is not Presence.CUT:  # restored by who died then, or there is no entity to be enabled
        return Done(state=state, observation=facts.observation)
    tools.access.restore(facts.id)
    if tools.states.load(facts.id).state.cut_off:  # asked for meanwhile, by somebody who may have cut it before that
        tools.access.cut(facts.id)
        raise TakenOver(f"{facts.id} was revoked while it was let in again")
    seen = tools.access.look(declared(facts))
    if seen.presence is Presence.CUT:
        raise VaultRefusal(f"the access of {facts.id} to Vault is still cut after it was restored")
    return Done(state=state, observation=facts.observation.with_access(seen))


def served(tools: Tools, facts: Facts, number: int) -> Done:
    """Serve the current set again; where no copy of it is left, say so, and a successor becomes due."""
    connector, current = declared(facts), generation_of(facts, number)
    credentials = held(tools, facts, current)
    if credentials is None:
        return refused(facts, current, LOST)
    found = facts.observation.served
    if found is not None and found.generation > number:  # it has ended; the store never goes back to an older one
        tools.credentials.destroy_served(facts.id, found.generation)
    now_served = tools.credentials.publish(connector, current, credentials, due_at(facts, connector))
    first = min(now_served.kv_version, current.kv_version or now_served.kv_version)  # a path made anew counts from 1
    state = facts.state.put(replace(current, kv_version=first))
    return Done(state=state, observation=replace(facts.observation, served=now_served))


def orphan(tools: Tools, facts: Facts, number: int) -> Done:
    """Delete a set at the PIM that ended long ago, and what a slow process may have held of it since."""
    generation = generation_of(facts, number)
    tools.driver.delete(generation)
    tools.credentials.drop_held(facts.id, number)
    return Done(state=facts.state, observation=without(facts, generation), detail={"label": generation.label})


def proof(tools: Tools, facts: Facts, _: int) -> Done:
    """Complete a revocation: no KV version gives a revoked set, and none of the connector's Vault tokens works.

    Both are brought about once more before they are looked at: a cut may have been broken off, a set served since. With
    it a new set is asked for, if that was a part of the wish and nobody has served one.
    """
    asked, found = facts.state.revocation, facts.observation.served
    if asked is None:
        raise Impossible("there is no revocation to prove")
    tools.access.cut(facts.id)
    tools.credentials.destroy_served(facts.id, asked.through)
    readable = [number for number in tools.credentials.readable(facts.id) if number <= asked.through]
    tokens = tools.access.live_tokens(facts.id)
    if readable or tokens:
        raise NotProven(
            f"the revocation of {facts.id} is not proven",
            why=f"{len(readable)} readable KV versions and {tokens} live Vault tokens are left",
        )
    evidence = ("Vault: no KV version gives a revoked set", "Vault: entity disabled, no token of it works")
    proven = replace(asked, proven_at=tools.clock.now(), evidence=(*asked.evidence, *evidence))
    state = replace(facts.state, revocation=proven, failures=None)
    if asked.reissue and not state.served_anew and facts.connector is not None and not facts.connector.drill:
        lifted = replace(proven, lifted_at=facts.now)
        state = replace(state, revocation=lifted, rotation_asked_at=facts.now)
    left = found if found is not None and found.generation > asked.through else None
    observation = replace(facts.observation, served=left)
    if facts.connector is not None and not state.cut_off:  # where there is no entity, none is to be enabled again
        observation = observation.with_access(tools.access.look(facts.connector))
    return Done(state=state, observation=observation, detail=numbered(proven.evidence))


def forgotten(_: Tools, facts: Facts, number: int) -> Done:
    """Take a set of ours into the state that went back, so that it ends with the others."""
    found = made_since(facts)
    if found is None or found.number != number:
        raise Impossible(f"generation {number} of {facts.id} is not forgotten")
    return Done(state=known_again(facts, found), observation=facts.observation, detail={"label": found.label})


MENDS: Mapping[Part, Effect] = {
    Part.ROLE: role,
    Part.ACCESS: access,
    Part.SERVED: served,
    Part.ORPHAN: orphan,
    Part.PROOF: proof,
    Part.FORGOTTEN: forgotten,
}
