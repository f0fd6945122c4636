"""Look at the PIM and at Vault for one connector, and say what a look would show after an effect.

Changes nothing and carries no secret.
"""

from dataclasses import dataclass, replace

from vault_pim.domain.connector import Connector
from vault_pim.domain.errors import ConfigurationError, PimNoAnswer, PimRefusal
from vault_pim.domain.facts import AccessSight, Facts, Observation, PimSight, Presence, Sighting, Survey
from vault_pim.domain.generation import Generation
from vault_pim.domain.state import ConnectorState
from vault_pim.engine.tools import Tools
from vault_pim.lifecycle.retirement import depends_on_readers


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """An observation, and why the PIM could not be seen, be it that its password file is missing: that must not keep
    Vault from being cut."""

    observation: Observation
    silence: ConfigurationError | PimNoAnswer | PimRefusal | None


def observe(tools: Tools, state: ConnectorState, connector: Connector | None, survey: Survey | None = None) -> Look:
    """See how one connector stands.

    Args:
        tools: the ports.
        state: the record of the connector, configured or not.
        connector: as declared, or None.
        survey: a look at its PIM taken just before, to be shared among its connectors.
    """
    access = tools.access.look(connector) if connector else AccessSight(presence=Presence.ABSENT)
    id_ = state.connector
    in_vault = Observation(
        pim=None,
        access=access.presence,
        served=tools.credentials.served(id_),
        readers=tools.readers.seen(id_, state.generations)
        if depends_on_readers(state, connector, tools.clock.now())
        else None,
    ).with_access(access)
    try:
        seen = survey or tools.driver.survey()
        role = tools.driver.role(connector.label, connector.permissions) if connector else Presence.ABSENT
    except (ConfigurationError, PimNoAnswer, PimRefusal) as silence:
        return Look(observation=in_vault, silence=silence)
    pim = PimSight(survey=seen, role=role)
    return Look(observation=replace(in_vault, pim=pim), silence=None)


def with_made(facts: Facts, generation: Generation) -> Observation:
    """The observation after a generation was issued: its label stands at the PIM and takes a slot."""
    observation = without(facts, generation)
    if observation.pim is None:
        return observation
    survey = observation.pim.survey
    made = Sighting(label=generation.label, description=generation.marker)
    slots = None if survey.free_slots is None else max(0, survey.free_slots - 1)
    survey = replace(survey, sightings=(*survey.sightings, made), free_slots=slots)
    return replace(observation, pim=replace(observation.pim, survey=survey))


def without(facts: Facts, generation: Generation, heir: Generation | None = None) -> Observation:
    """The observation after a generation was deleted in Vault and, unless an heir lives on in its place, at the PIM."""
    observation = facts.observation
    if facts.serves(generation):
        observation = replace(observation, served=None)
    if observation.pim is None or heir is not None:
        return observation
    survey = observation.pim.survey
    left = tuple(one for one in survey.sightings if one.label.lower() != generation.label.lower())
    freed = len(survey.sightings) - len(left)
    slots = None if survey.free_slots is None else survey.free_slots + freed
    return replace(observation, pim=replace(observation.pim, survey=replace(survey, sightings=left, free_slots=slots)))
