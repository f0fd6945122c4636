"""Plain values for tests: say what matters, the rest is ordinary."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.fakes.clock import START
from tests.fakes.pim import OFFERED
from vault_pim.domain.connector import OVERALL_ACCESS, Connector, ConnectorId, FlowType, Mechanism
from vault_pim.domain.facts import Facts, Observation, PimSight, Presence, Served, Sighting, Survey
from vault_pim.domain.generation import Generation, Stage
from vault_pim.domain.policy import Period, Policy
from vault_pim.domain.readers import Evidence, Reader
from vault_pim.domain.state import ConnectorState, Revocation

ERP = ConnectorId(pim="prod", name="erp")
SHOP = ConnectorId(pim="prod", name="shop")
PERMISSIONS = frozenset({OVERALL_ACCESS, "pim_api_product_list"})
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def a_policy(**given: Any) -> Policy:
    """Every 30 days, at most 45, a day of grace."""
    usual: dict[str, Any] = {
        "name": "default",
        "schedule": Period(every=30 * DAY),
        "max_age": 45 * DAY,
        "grace": DAY,
        "refresh_interval": timedelta(minutes=5),
    }
    return Policy(**usual | given)


def a_connector(**given: Any) -> Connector:
    """The ERP at `prod`."""
    usual: dict[str, Any] = {
        "id": ERP,
        "label": "ERP",
        "flow_type": FlowType.DATA_SOURCE,
        "permissions": PERMISSIONS,
        "user_group": None,
        "policy": a_policy(),
        "owner": None,
        "logins": (),
    }
    return Connector(**usual | given)


def a_generation(number: int = 1, stage: Stage = Stage.CURRENT, **given: Any) -> Generation:
    """A generation of the ERP as it looks at that stage, planned at `START`."""
    usual: dict[str, Any] = {
        "number": number,
        "stage": stage,
        "label": ERP.label(number),
        "marker": f"marker{number}",
        "role": "ERP",
        "mechanism": Mechanism.CONNECTIONS,
        "reason": "no-current",
        "planned_at": START,
    }
    if stage is not Stage.PLANNED:
        usual |= {"client_id": f"{number}_id", "username": f"user_{number}", "issued_at": START}
    if stage in {Stage.CURRENT, Stage.GRACE, Stage.RETIRED, Stage.REVOKED}:
        usual |= {"published_at": START}
    if stage in {Stage.GRACE, Stage.RETIRED}:
        usual |= {"retire_at": START + DAY}
    return Generation(**usual | given)


def a_state(*generations: Generation, **given: Any) -> ConnectorState:
    """The ERP's record with those generations."""
    state = ConnectorState(connector=ERP)
    for generation in generations:
        state = state.put(generation)
    return replace(state, **given)


def a_revocation(through: int = 1, **given: Any) -> Revocation:
    """Asked for at `START`, not proven, not lifted."""
    usual: dict[str, Any] = {"through": through, "reason": "leaked", "asked_at": START, "asked_by": "cli"}
    return Revocation(**usual | given)


def a_reader(name: str, generation: int | None, evidence: Evidence = Evidence.SAYS, **given: Any) -> Reader:
    """Uses that generation since `START`."""
    usual: dict[str, Any] = {"since": START, "heard_at": START}
    return Reader(name=name, generation=generation, evidence=evidence, **usual | given)


def seen(generation: Generation) -> Sighting:
    """A generation as it is seen at the PIM."""
    return Sighting(label=generation.label, description=f"ERP {generation.marker}")


def a_survey(*sightings: Sighting, **given: Any) -> Survey:
    """A PIM with those connections; a role of a declared name is told apart by `PimSight.role`."""
    usual: dict[str, Any] = {
        "pim_release": "7.0",
        "sightings": sightings,
        "roles": frozenset({"User"}),
        "offered": OFFERED,
        "free_slots": 10,
    }
    return Survey(**usual | given)


def some_facts(state: ConnectorState, **given: Any) -> Facts:
    """Facts in which everything is as that state says: live sets at the PIM, the current one served."""
    current = state.current
    at_pim = [seen(one) for one in state.live if one.stage is not Stage.PLANNED]
    observation = Observation(
        pim=PimSight(survey=given.pop("survey", a_survey(*at_pim)), role=given.pop("role", Presence.AS_DECLARED)),
        access=given.pop("access", Presence.AS_DECLARED),
        served=given.pop("served", Served(generation=current.number, kv_version=1) if current else None),
        readers=given.pop("readers", None),
    )
    usual: dict[str, Any] = {
        "id": ERP,
        "connector": a_connector(),
        "mechanism": Mechanism.CONNECTIONS,
        "state": state,
        "observation": observation,
        "now": START + HOUR,
        "server_now": given.get("now", START + HOUR),
        "me": "me",
    }
    return Facts(**usual | given)


def silent(facts: Facts) -> Facts:
    """The same facts with a PIM that gives no answer."""
    return replace(facts, observation=replace(facts.observation, pim=None))
