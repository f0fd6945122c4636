"""Planted bugs: what a tired programmer might write. Each must be caught, or the hunt for real ones is worth nothing.

Planted by replacing names of the engine in one process, never in the product's code.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import NoAnswer, NotProven, TakenOver
from vault_pim.domain.facts import Facts
from vault_pim.domain.generation import Generation, Stage, Step
from vault_pim.domain.outcomes import Decision, Mend, Part
from vault_pim.domain.policy import Retire
from vault_pim.domain.reasons import Reason
from vault_pim.domain.state import ConnectorState
from vault_pim.engine import asks, effects, hold, mends, observe, reconcile
from vault_pim.engine.done import Done, Effect, generation_of
from vault_pim.engine.tools import Tools
from vault_pim.lifecycle import decide as rules
from vault_pim.lifecycle import retirement
from vault_pim.lifecycle.revocation import revocation
from vault_pim.lifecycle.transitions import advance

Set = Callable[[Any, str, Any], None]
"""Replaces a name: `setattr`, or pytest's `monkeypatch.setattr`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One planted bug."""

    name: str
    plant: Callable[[Set], None]


def _step(step: Step, mutated: Callable[[Effect], Effect]) -> Callable[[Set], None]:
    """Replace the effect of a step."""

    def plant(put: Set) -> None:
        put(reconcile, "STEPS", {**effects.STEPS, step: mutated(effects.STEPS[step])})

    return plant


def _mend(part: Part, mutated: Callable[[Effect], Effect]) -> Callable[[Set], None]:
    def plant(put: Set) -> None:
        put(reconcile, "MENDS", {**mends.MENDS, part: mutated(mends.MENDS[part])})

    return plant


def _without_rule(name: str) -> Callable[[Set], None]:
    """Forget a rule of `decide`."""

    def plant(put: Set) -> None:
        put(rules, "RULES", tuple(rule for rule in rules.RULES if rule.__name__ != name))

    return plant


def stage_saved_before_effect(put: Set) -> None:
    """Save where the generation will stand, then bring it there."""
    save = hold.Hold.save
    last: list[hold.Hold] = []

    def remembered(self: hold.Hold, state: ConnectorState) -> None:
        last[:] = [self]
        save(self, state)

    def early(step: Step, effect: Effect) -> Effect:
        def mutated(tools: Tools, facts: Facts, number: int) -> Done:
            generation = generation_of(facts, number)
            save(last[0], facts.state.put(replace(generation, stage=advance(generation.stage, step))))
            return effect(tools, facts, number)

        return effect if step is Step.PUBLISH else mutated

    put(hold.Hold, "save", remembered)
    put(reconcile, "STEPS", {step: early(step, effect) for step, effect in effects.STEPS.items()})


def intent_not_saved(put: Set) -> None:
    """Save only what has been reached."""
    save = hold.Hold.save

    def mutated(self: hold.Hold, state: ConnectorState) -> None:
        if state.pending is None or state.pending.stage is not Stage.PLANNED:
            save(self, state)

    put(hold.Hold, "save", mutated)


def check_and_set_ignored(put: Set) -> None:
    """Write over whatever somebody else wrote."""
    write = hold.Hold.write

    def mutated(self: hold.Hold, state: ConnectorState) -> None:
        try:
            write(self, state)
        except TakenOver:
            self._kv_version = self._tools.states.load(state.connector).kv_version
            write(self, state)

    put(hold.Hold, "write", mutated)


def nobody_is_stopped(put: Set) -> None:
    """Neither the hold nor the check-and-set keeps anybody out."""
    check_and_set_ignored(put)
    _without_rule("held_by_another")(put)


def proof_without_looking(put: Set) -> None:
    """Nothing is left at the PIM; Vault will be fine."""
    _without_rule("access_cut_first")(put)
    _mend(Part.PROOF, _proves_nothing)(put)


def silence_taken_for_evidence(put: Set) -> None:
    """Who says nothing has moved on."""

    def mutated(facts: Facts, generation: Generation) -> bool:
        early = facts.connector is not None and facts.connector.policy.retire is Retire.PICKED_UP
        return early and not retirement.late_readers(facts, generation)

    put(retirement, "_picked_up", mutated)


def late_readers_cut(put: Set) -> None:
    """A grace is a grace, whatever the policy says."""
    put(retirement, "ends_at", lambda facts, generation: generation.retire_at or facts.now)


def grace_forgotten(put: Set) -> None:
    """The former set ends with the publication of its successor."""
    publish = ConnectorState.publish

    def mutated(self: ConnectorState, number: int, **given: Any) -> ConnectorState:
        return publish(self, number, **{**given, "grace": timedelta(0)})

    put(ConnectorState, "publish", mutated)


def failure_forgets_the_pending(put: Set) -> None:
    """After a failed step, start from scratch."""
    failed = ConnectorState.failed

    def mutated(self: ConnectorState, task: str | None, *given: Any) -> ConnectorState:
        kept = tuple(one for one in self.generations if not one.stage.pending)
        return failed(replace(self, generations=kept), task, *given)

    put(ConnectorState, "failed", mutated)


def strangers_taken_for_ours(put: Set) -> None:
    """A label like ours is ours."""

    def mutated(facts: Facts) -> Decision | None:
        for sighting in facts.observation.pim.survey.sightings if facts.observation.pim else ():
            number = facts.id.number_of(sighting.label)
            if number is not None and facts.state.find(number) is None:
                return Mend(part=Part.ORPHAN, reason=Reason.ORPHAN, number=number)
        return None

    def delete(tools: Tools, facts: Facts, number: int) -> Done:
        pim = getattr(tools.driver, "pim", None)
        if pim is not None:
            pim.remove(facts.id.label(number))
        return Done(state=facts.state, observation=facts.observation)

    put(rules, "RULES", tuple(mutated if rule.__name__ == "orphan" else rule for rule in rules.RULES))
    put(reconcile, "MENDS", {**mends.MENDS, Part.ORPHAN: delete})


def revocation_waits_its_turn(put: Set) -> None:
    """Whoever works on the connector finishes first."""
    ask = asks.ask_revocation

    def mutated(tools: Tools, connector: ConnectorId, *, reason: str, **wish: bool) -> ConnectorState:
        loaded = tools.states.load(connector)
        holder = loaded.state.holder
        if holder is not None and holder.expires_at > loaded.server_now:
            return loaded.state
        return ask(tools, connector, reason=reason, replace_first=wish["replace_first"], reissue=wish["reissue"])

    put(asks, "ask_revocation", mutated)


def revocation_needs_configuration(put: Set) -> None:
    """What is no longer configured is no longer looked at."""

    def mutated(facts: Facts) -> Decision | None:
        return None if facts.connector is None else revocation(facts)

    put(rules, "RULES", tuple(mutated if rule.__name__ == "revocation" else rule for rule in rules.RULES))


def heir_forgotten(put: Set) -> None:
    """A set that ended is deleted at the PIM, whatever was made of it in place."""
    put(effects, "surviving", lambda *_: None)


def orphan_of_an_heir(put: Set) -> None:
    """What state calls ended must not be at the PIM, whatever was made of it in place."""
    put(ConnectorState, "sharing", lambda *_: None)


def _forgets_the_pim(effect: Effect) -> Effect:
    def mutated(tools: Tools, facts: Facts, number: int) -> Done:
        generation = generation_of(facts, number)
        tools.credentials.destroy_served(facts.id, number)
        tools.credentials.drop_held(facts.id, number)
        ended = replace(generation, stage=Stage.RETIRED, ended_at=facts.now)
        return Done(state=facts.state.put(ended), observation=facts.observation)

    return mutated


def _creates_blindly(effect: Effect) -> Effect:
    """After a lost answer create once more, and do not look."""

    def mutated(tools: Tools, facts: Facts, number: int) -> Done:
        try:
            return effect(tools, facts, number)
        except NoAnswer:
            other = replace(generation_of(facts, number), label=f"{facts.id.label(number)}0")
            return effect(tools, replace(facts, state=facts.state.put(other)), number)

    return mutated


def _believes(effect: Effect) -> Effect:
    """A set that was just made is good."""

    def mutated(tools: Tools, facts: Facts, number: int) -> Done:
        generation = generation_of(facts, number)
        return Done(state=facts.state.put(replace(generation, stage=Stage.VERIFIED)), observation=facts.observation)

    return mutated


def _destroys_first(effect: Effect) -> Effect:
    """Copies go before it is known that nothing can be done with them."""

    def mutated(tools: Tools, facts: Facts, number: int) -> Done:
        tools.credentials.destroy_served(facts.id, number)
        tools.credentials.drop_held(facts.id, number)
        return effect(tools, facts, number)

    return mutated


def _leaves_the_copies(effect: Effect) -> Effect:
    """Dead at the PIM is dead enough."""

    def mutated(tools: Tools, facts: Facts, number: int) -> Done:
        generation = generation_of(facts, number)
        tools.driver.delete(generation)
        ended = replace(generation, stage=Stage.RETIRED, ended_at=facts.now)
        return Done(state=facts.state.put(ended), observation=observe.without(facts, generation))

    return mutated


def _publishes_the_path_first(effect: Effect) -> Effect:
    """Clean up the former set as soon as its successor is served."""

    def mutated(tools: Tools, facts: Facts, number: int) -> Done:
        if facts.state.current is not None:
            tools.driver.delete(facts.state.current)
        return effect(tools, facts, number)

    return mutated


def _takes_deletion_for_proof(effect: Effect) -> Effect:
    """The PIM said that it deleted: what else is there to know?"""

    def mutated(tools: Tools, facts: Facts, number: int) -> Done:
        try:
            return effect(tools, facts, number)
        except NotProven:
            generation = generation_of(facts, number)
            tools.credentials.destroy_served(facts.id, number)
            tools.credentials.drop_held(facts.id, number)
            ended = replace(generation, stage=Stage.RETIRED, ended_at=facts.now)
            return Done(state=facts.state.put(ended), observation=observe.without(facts, generation))

    return mutated


def _proves_nothing(effect: Effect) -> Effect:
    def mutated(tools: Tools, facts: Facts, number: int) -> Done:
        asked = facts.state.revocation
        if asked is None:
            return effect(tools, facts, number)
        proven = replace(asked, proven_at=facts.now)
        return Done(state=replace(facts.state, revocation=proven), observation=facts.observation)

    return mutated


_ALL = (
    Mutant(name="stage saved before effect", plant=stage_saved_before_effect),
    Mutant(name="intent not saved", plant=intent_not_saved),
    Mutant(name="check-and-set ignored", plant=check_and_set_ignored),
    Mutant(name="hold and check-and-set ignored", plant=nobody_is_stopped),
    Mutant(name="grace forgotten", plant=grace_forgotten),
    Mutant(name="failure forgets the pending set", plant=failure_forgets_the_pending),
    Mutant(name="strangers taken for ours", plant=strangers_taken_for_ours),
    Mutant(name="revocation waits its turn", plant=revocation_waits_its_turn),
    Mutant(name="revocation needs configuration", plant=revocation_needs_configuration),
    Mutant(name="retire forgets the PIM", plant=_step(Step.RETIRE, _forgets_the_pim)),
    Mutant(name="blind retry of create", plant=_step(Step.ISSUE, _creates_blindly)),
    Mutant(name="publish before verify", plant=_step(Step.VERIFY, _believes)),
    Mutant(name="destroy before proof", plant=_step(Step.REVOKE, _destroys_first)),
    Mutant(name="retire leaves the copies", plant=_step(Step.RETIRE, _leaves_the_copies)),
    Mutant(name="successor ends the former", plant=_step(Step.PUBLISH, _publishes_the_path_first)),
    Mutant(name="deletion taken for proof", plant=_step(Step.REVOKE, _takes_deletion_for_proof)),
    Mutant(name="orphans left", plant=_without_rule("orphan")),
    Mutant(name="lost path not served again", plant=_without_rule("served_as_known")),
    Mutant(name="pending set not carried on", plant=_without_rule("pending_goes_on")),
    Mutant(name="proof without looking", plant=proof_without_looking),
    Mutant(name="heir forgotten", plant=heir_forgotten),
    Mutant(name="orphan of an heir", plant=orphan_of_an_heir),
    Mutant(name="silence taken for evidence", plant=silence_taken_for_evidence),
    Mutant(name="late readers cut", plant=late_readers_cut),
    Mutant(name="an older state believed", plant=_without_rule("went_back")),
)
MUTANTS = {one.name: one for one in _ALL}
ON_SERVERS = ("an older state believed",)
"""What no history shows, since none puts a Vault back: caught by the kills of tests/crash alone."""
