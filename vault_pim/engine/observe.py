"""Look at the PIM and at Vault for one connector. Changes nothing and carries no secret."""

from dataclasses import dataclass, replace

from vault_pim.domain.connector import Connector, ConnectorId
from vault_pim.domain.errors import ConfigurationError, PimNoAnswer, PimRefusal
from vault_pim.domain.facts import AccessSight, Observation, PimSight, Presence, Survey
from vault_pim.engine.tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """An observation, and why the PIM could not be seen, be it that its password file is missing: that must not keep
    Vault from being cut."""

    observation: Observation
    silence: ConfigurationError | PimNoAnswer | PimRefusal | None


def observe(tools: Tools, id_: ConnectorId, connector: Connector | None, survey: Survey | None = None) -> Look:
    """See how one connector stands.

    Args:
        tools: the ports.
        id_: the connector, configured or not.
        connector: as declared, or None.
        survey: a look at its PIM taken just before, to be shared among its connectors.
    """
    access = tools.access.look(connector) if connector else AccessSight(presence=Presence.ABSENT)
    served = tools.credentials.served(id_)
    in_vault = Observation(pim=None, access=access.presence, served=served).with_access(access)
    try:
        seen = survey or tools.driver.survey()
        role = tools.driver.role(connector.label, connector.permissions) if connector else Presence.ABSENT
    except (ConfigurationError, PimNoAnswer, PimRefusal) as silence:
        return Look(observation=in_vault, silence=silence)
    pim = PimSight(survey=seen, role=role)
    return Look(observation=replace(in_vault, pim=pim), silence=None)
