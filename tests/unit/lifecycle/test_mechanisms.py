"""Halves of sets, and what an upgrade of the PIM makes of them."""

from dataclasses import replace

import pytest

from tests.fakes.builders import a_generation, a_state, a_survey, seen, some_facts
from vault_pim.domain.connector import Mechanism
from vault_pim.domain.facts import Facts, Sighting
from vault_pim.domain.generation import Stage, Step
from vault_pim.domain.outcomes import Do, Finding, Mend, Part
from vault_pim.domain.reasons import Reason
from vault_pim.lifecycle.decide import decide
from vault_pim.lifecycle.findings import findings

OWN = Mechanism.USER_AND_CLIENT
CURRENT = a_generation(mechanism=OWN)
HALF = replace(seen(CURRENT), whole=False)


def facts(*sightings: Sighting, mechanism: Mechanism = OWN) -> Facts:
    """One current set of user and client, and that seen at the PIM."""
    return some_facts(a_state(CURRENT), survey=a_survey(*sightings), mechanism=mechanism)


def test_half_of_the_served_set_is_as_good_as_none() -> None:
    """Without its client a user logs in to nothing."""
    assert decide(facts(HALF)) == Do(step=Step.ISSUE, number=2, reason=Reason.GONE_AT_PIM)


def test_half_of_a_set_that_ended_is_an_orphan() -> None:
    """It must go like a whole one."""
    ended = a_generation(stage=Stage.RETIRED, mechanism=OWN)
    successor = a_generation(2, mechanism=OWN)
    seen_now = some_facts(a_state(ended, successor), survey=a_survey(HALF, seen(successor)), mechanism=OWN)
    assert decide(seen_now) == Mend(part=Part.ORPHAN, reason=Reason.ORPHAN, number=1)


def test_half_of_a_set_of_another_mechanism_makes_nothing_due_but_the_change() -> None:
    """Of a former mechanism only traces are seen; they say nothing about a set being whole."""
    planned = decide(facts(HALF, mechanism=Mechanism.CONNECTIONS))
    assert planned == Do(step=Step.ISSUE, number=2, reason=Reason.MECHANISM_CHANGED)


@pytest.mark.parametrize(
    ("code", "found"), [("vp_erp_1_marker1", True), ("VP_ERP_1_MARKER1", True), ("marker1", False)]
)
@pytest.mark.parametrize("mechanism", Mechanism)
def test_connection_that_an_upgrade_made_of_a_client_is_explained(code: str, found: bool, mechanism: Mechanism) -> None:
    """By the code the PIM makes of the client's label, whichever mechanism is in use now."""
    told = findings(facts(seen(CURRENT), Sighting(label=code, description="vp_erp_1-marker1"), mechanism=mechanism))
    detail = f"connection {code}; it ends with its set"
    assert told == ((Finding(reason=Reason.REAPPEARED, detail=detail),) if found else ())
