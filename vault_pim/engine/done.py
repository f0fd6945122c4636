"""What is true after a step or a mend, and the few things that all of them look up.

Used by effects.py and mends.py, which do the work.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import Impossible
from vault_pim.domain.facts import Facts, Observation
from vault_pim.domain.generation import Generation
from vault_pim.domain.state import ConnectorState
from vault_pim.engine.tools import Tools

LOST = "its stored copy is lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What is true after a step; `detail` goes into the audit log.

    Attributes:
        refusal: why the generation cannot go on; None if the step brought it on.
    """

    state: ConnectorState
    observation: Observation
    detail: dict[str, str] = field(default_factory=dict)
    refusal: str | None = None


Effect = Callable[[Tools, Facts, int], Done]


def held(tools: Tools, facts: Facts, generation: Generation) -> CredentialSet | None:
    """The held copy of the set that was issued; one that a slow process wrote over it later is none."""
    credentials = tools.credentials.held(facts.id, generation.number)
    if credentials is None or generation.client_id not in (None, credentials.client_id):
        return None
    return credentials


def numbered(evidence: tuple[str, ...]) -> dict[str, str]:
    """Lines of evidence as an event holds them."""
    return {f"evidence_{index}": line for index, line in enumerate(evidence, 1)}


def generation_of(facts: Facts, number: int) -> Generation:
    generation = facts.state.find(number)
    if generation is None:
        raise Impossible(f"generation {number} of {facts.id} is not in its state")
    return generation


def refused(facts: Facts, generation: Generation, why: str) -> Done:
    """The generation cannot go on."""
    state = facts.state.put(replace(generation, refusal=why))
    return Done(state=state, observation=facts.observation, detail={"refusal": why}, refusal=why)
