"""What is durable before the PIM is touched: a generation about to be issued, planned as the connector is declared.

Called by the pass before each step; the effects ask it for the declaration, too.
"""

import secrets

from vault_pim.domain.connector import Connector
from vault_pim.domain.errors import Impossible
from vault_pim.domain.facts import Facts
from vault_pim.domain.generation import Generation, Stage, Step
from vault_pim.domain.outcomes import Do, Mend
from vault_pim.domain.state import ConnectorState


def declared(facts: Facts) -> Connector:
    """The connector's declaration; steps that need one are decided only where there is one."""
    if facts.connector is None:
        raise Impossible(f"a step of {facts.id} needs its configuration")
    return facts.connector


def with_intent(facts: Facts, decision: Do | Mend) -> ConnectorState:
    """The state that must be saved before the effect of that decision.

    One made in place is known by all the names of the one it replaces.
    """
    if not isinstance(decision, Do) or decision.step is not Step.ISSUE:
        return facts.state
    connector = declared(facts)
    former = facts.state.find(decision.replaces) if decision.replaces else None
    return facts.state.put(
        Generation(
            number=decision.number,
            stage=Stage.PLANNED,
            label=former.label if former else connector.id.label(decision.number),
            marker=former.marker if former else secrets.token_hex(4),
            client_id=former.client_id if former else None,
            username=former.username if former else None,
            replaces=decision.replaces,
            role=connector.label,
            mechanism=facts.mechanism,
            reason=decision.reason,
            planned_at=facts.now,
        )
    )
