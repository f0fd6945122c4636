"""One function per step: what is done at the PIM and in Vault, and what is true afterwards.

Each may be repeated any number of times with the same end. Called by reconcile.py once the intent is saved and audited.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from vault_pim.domain.connector import Connector
from vault_pim.domain.credentials import CredentialSet, Tokens
from vault_pim.domain.errors import Impossible, NotOurs, NotProven, PimNoAnswer, VaultPimError
from vault_pim.domain.facts import Facts
from vault_pim.domain.generation import Generation, Step
from vault_pim.domain.outcomes import Alive, Refused, Verified
from vault_pim.domain.state import ConnectorState
from vault_pim.engine.done import LOST, Done, Effect, generation_of, held, numbered, refused
from vault_pim.engine.in_place import regenerate
from vault_pim.engine.intent import declared
from vault_pim.engine.observe import with_made, without
from vault_pim.engine.tools import Tools
from vault_pim.lifecycle.outage import measured
from vault_pim.lifecycle.retirement import late_readers
from vault_pim.lifecycle.schedule import due
from vault_pim.lifecycle.transitions import advance


def issue(tools: Tools, facts: Facts, number: int) -> Done:
    """Make the set at the PIM and hold it where connectors cannot read it; tried once for each number."""
    generation = generation_of(facts, number)
    if generation.replaces is None:
        credentials = tools.driver.issue(declared(facts), generation)
        tools.credentials.hold(facts.id, number, credentials)
    else:
        credentials, generation = regenerate(tools, facts, generation)
    pim = facts.observation.pim
    issued = replace(
        generation,
        stage=advance(generation.stage, Step.ISSUE),
        client_id=credentials.client_id,
        username=credentials.username,
        pim_release=pim.survey.pim_release if pim else None,
        fingerprints=tools.fingerprints.of(credentials),
        issued_at=facts.now,
    )
    return Done(
        state=facts.state.put(issued),
        observation=with_made(facts, issued),
        detail={"client_id": credentials.client_id, "username": credentials.username},
    )


def verify(tools: Tools, facts: Facts, number: int) -> Done:
    """Log in with the set and see that it may do what is declared and no more."""
    generation = generation_of(facts, number)
    credentials = held(tools, facts, generation)
    if credentials is None:
        return refused(facts, generation, LOST)
    verification = tools.driver.verify(credentials, declared(facts).permissions)
    match verification:
        case Refused(reason=reason):
            return refused(facts, generation, reason)
        case Verified(allowed=allowed, forbidden=forbidden, access_token_lifetime=lifetime):
            stage = advance(generation.stage, Step.VERIFY)
            verified = replace(generation, stage=stage, access_token_lifetime=lifetime)
            return Done(
                state=facts.state.put(verified),
                observation=facts.observation,
                detail={"allowed": allowed, "forbidden": forbidden or "none left to try"},
            )
        case _:
            assert_never(verification)


def publish(tools: Tools, facts: Facts, number: int) -> Done:
    """Serve the set at the connector's path; the former one is in grace from the end of the write on."""
    generation, connector = generation_of(facts, number), declared(facts)
    credentials = held(tools, facts, generation)
    if credentials is None:
        return refused(facts, generation, LOST)
    advance(generation.stage, Step.PUBLISH)
    served = tools.credentials.publish(connector, generation, credentials, due_at(facts, connector))
    grace = connector.policy.grace
    state = facts.state.publish(number, at=tools.clock.now(), grace=grace, kv_version=served.kv_version)
    outage = measured(state, generation_of(replace(facts, state=state), number))
    return Done(
        state=replace(state, failures=None),
        observation=replace(facts.observation, served=served),
        detail={"kv_version": str(served.kv_version)}
        | ({"outage_seconds": f"{outage.total_seconds():.3f}"} if outage is not None else {}),
    )


def retire(tools: Tools, facts: Facts, number: int) -> Done:
    """End a superseded set; tells who used it to the last."""
    done = _end(tools, facts, number, Step.RETIRE)
    if late := late_readers(facts, generation_of(facts, number)):
        done.detail["late_readers"] = ", ".join(reader.name for reader in late)
    if facts.observation.readers is not None:
        with suppress(VaultPimError):  # it tidies up, and is no part of the step
            tools.readers.forget(facts.id, {one.number for one in done.state.live})
    return done


def abandon(tools: Tools, facts: Facts, number: int) -> Done:
    """Clean up a set that never went out, or only just before a crash."""
    return _end(tools, facts, number, Step.ABANDON)


def revoke(tools: Tools, facts: Facts, number: int) -> Done:
    """End a set at once, and keep the evidence with the revocation."""
    done = _end(tools, facts, number, Step.REVOKE)
    asked = done.state.revocation
    if asked is None:
        raise Impossible(f"generation {number} of {facts.id} is revoked without a revocation asked for")
    evidence = (*asked.evidence, *(f"generation {number}: {line}" for line in done.detail.values()))
    return replace(done, state=replace(done.state, revocation=replace(asked, evidence=evidence)))


STEPS: Mapping[Step, Effect] = {
    Step.ISSUE: issue,
    Step.VERIFY: verify,
    Step.PUBLISH: publish,
    Step.RETIRE: retire,
    Step.REVOKE: revoke,
    Step.ABANDON: abandon,
}


def _end(tools: Tools, facts: Facts, number: int, step: Step) -> Done:
    """Delete at the PIM, prove it dead, destroy every stored copy.

    Without a held copy there is nothing left to log in with: it was never issued, or an earlier try got past the proof.
    What another generation lives on in, since it was made of it in place, is not deleted: the old set is dead by that,
    and the new one, if it is abandoned, will be.
    """
    generation = generation_of(facts, number)
    ended = replace(generation, stage=advance(generation.stage, step), ended_at=facts.now)
    credentials, heir = held(tools, facts, generation), surviving(facts.state, generation, step)
    if credentials is None:
        evidence: tuple[str, ...] = (_delete(tools, generation, heir), "no copy is held")
    elif heir is not None and step is Step.ABANDON:
        evidence = (_delete(tools, generation, heir), "its copy is destroyed; nobody has this set")
    else:
        tokens = _tokens(tools, credentials)
        try:
            gone = _delete(tools, generation, heir)
        except VaultPimError as left:
            if (dead := _dead_all_the_same(tools, facts, credentials, tokens, left, number)) is not None:
                raise dead from left
            raise
        proof = tools.driver.prove_dead(credentials, tokens)
        if isinstance(proof, Alive):
            raise NotProven(f"generation {number} of {facts.id} is not proven dead", why="; ".join(proof.unproven))
        evidence = (gone, *proof.evidence)
    if step is not Step.ABANDON or facts.serves(generation):
        spared = frozenset(one.number for one in facts.state.live if one.number != number and step is Step.RETIRE)
        tools.credentials.destroy_served(facts.id, number, spared=spared)  # ended ones that are older go, too
    tools.credentials.drop_held(facts.id, number)
    return Done(state=facts.state.put(ended), observation=without(facts, generation, heir), detail=numbered(evidence))


def _tokens(tools: Tools, credentials: CredentialSet) -> Tokens | PimNoAnswer | None:
    """Tokens to be proven dead; a token endpoint that gives no answer must not keep the set from being deleted."""
    try:
        return tools.driver.take_tokens(credentials)
    except PimNoAnswer as silence:
        return silence


def _dead_all_the_same(
    tools: Tools,
    facts: Facts,
    credentials: CredentialSet,
    tokens: Tokens | PimNoAnswer | None,
    left: VaultPimError,
    number: int,
) -> NotProven | None:
    """What is proven of a set that could not be wholly deleted: of an API user and a client the user is enough, and the
    client may have to wait for its console. None if the set may still work."""
    proof = tools.driver.prove_dead(credentials, tokens)
    if isinstance(proof, Alive):
        return None
    return NotProven(
        f"generation {number} of {facts.id} opens nothing any more, but something of it is left at the PIM",
        why=f"{left.what}; seen: {'; '.join(proof.evidence)}; not proven: that what is left works for no other user",
        advice=left.advice,
    )


def surviving(state: ConnectorState, generation: Generation, step: Step) -> Generation | None:
    """The generation that lives on in the same connection, or None. A revocation ends that too, if it was asked for
    after it was made."""
    heir = state.sharing(generation)
    through = state.revocation.through if step is Step.REVOKE and state.revocation is not None else 0
    return heir if heir is not None and heir.number > through else None


def _delete(tools: Tools, generation: Generation, heir: Generation | None) -> str:
    """Delete at the PIM; a stranger under the label means that ours is gone, or else the proof after it fails."""
    if heir is not None:
        return f"left at the PIM: generation {heir.number} was made of it in place"
    try:
        tools.driver.delete(generation)
    except NotOurs as stranger:
        return f"not at the PIM: {stranger.what}"
    return "deleted at the PIM"


def due_at(facts: Facts, connector: Connector) -> datetime:
    """When a set published now will be due; a hint for people, written beside the served set."""
    return due(connector.policy, connector.id, published_at=facts.now, now=facts.now).first
