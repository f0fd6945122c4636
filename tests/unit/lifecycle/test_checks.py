"""The checks one by one, where a decision alone would not show them."""

import pytest

from tests.fakes.builders import a_connector, a_generation, a_state, a_survey, seen, silent, some_facts
from vault_pim.domain.connector import Mechanism
from vault_pim.domain.facts import Facts, Sighting
from vault_pim.domain.generation import Stage
from vault_pim.domain.reasons import Reason
from vault_pim.lifecycle import checks

CURRENT = a_state(a_generation())
ROTATE_WITHOUT_CURRENT = [check for check in checks.ROTATE if check not in (checks.nothing_current, checks.asked_for)]


@pytest.mark.parametrize("check", ROTATE_WITHOUT_CURRENT)
def test_check_of_the_current_set_says_nothing_where_there_is_none(check: checks.Check) -> None:
    """Each stands alone, whatever was asked before it."""
    assert check(some_facts(a_state()), a_connector()) is None


@pytest.mark.parametrize("check", checks.ROTATE)
def test_check_says_nothing_where_all_is_well(check: checks.Check) -> None:
    """No reason without a cause."""
    assert check(some_facts(CURRENT), a_connector()) is None


@pytest.mark.parametrize(
    "facts",
    [silent(some_facts(CURRENT)), some_facts(CURRENT, mechanism=Mechanism.USER_AND_CLIENT, survey=a_survey())],
    ids=["the PIM is silent", "the set is of another mechanism"],
)
def test_set_that_was_not_looked_for_is_not_gone(facts: Facts) -> None:
    """Absence needs a look."""
    assert checks.gone_at_pim(facts, a_connector()) is None


def test_planned_set_is_not_gone_before_it_is_made() -> None:
    """Its label is not at the PIM because it was never there."""
    planned = a_generation(2, Stage.PLANNED)
    facts = some_facts(a_state(a_generation(), planned), survey=a_survey())
    assert checks.pending_gone(facts, planned) is None


@pytest.mark.parametrize(
    ("sighting", "ours"),
    [
        (Sighting(label="vp_erp_1", description="ERP #1 marker1"), True),
        (Sighting(label="VP_ERP_1", description="marker1"), True),
        (Sighting(label="vp_erp_1", description="ERP #1"), False),
        (Sighting(label="vp_erp_2", description="ERP #1 marker1"), False),
    ],
)
def test_object_is_ours_by_label_and_marker(sighting: Sighting, *, ours: bool) -> None:
    """Both, since people copy either."""
    assert checks.is_ours(a_generation(), sighting) is ours


def test_role_in_other_letters_is_taken() -> None:
    """A PIM makes one code of both names."""
    facts = some_facts(a_state(), survey=a_survey(roles=frozenset({"erp"})))
    pim = facts.observation.pim
    assert pim is not None
    alarm = checks.role_taken(facts, a_connector(), pim, 1)
    assert alarm is not None
    assert alarm.reason is Reason.ROLE_TAKEN


def test_role_that_an_intent_of_ours_names_is_not_taken() -> None:
    """It was recorded before the role was made."""
    facts = some_facts(a_state(a_generation(stage=Stage.ABANDONED)), survey=a_survey(roles=frozenset({"ERP"})))
    pim = facts.observation.pim
    assert pim is not None
    assert checks.role_taken(facts, a_connector(), pim, 2) is None


def test_label_of_a_planned_set_seen_with_its_marker_is_not_taken() -> None:
    """An earlier try made it."""
    planned = a_generation(2, Stage.PLANNED)
    facts = some_facts(a_state(a_generation(), planned), survey=a_survey(seen(planned)))
    pim = facts.observation.pim
    assert pim is not None
    assert checks.label_taken(facts, a_connector(), pim, 2) is None
