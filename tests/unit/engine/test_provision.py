"""A connector that has nothing gets a set, and then nothing more is due."""

from tests.fakes.builders import PERMISSIONS
from tests.fakes.world import World
from vault_pim.domain.generation import Step
from vault_pim.domain.outcomes import Do, Wait
from vault_pim.domain.reasons import Reason


def test_first_pass_makes_the_role_before_the_set(world: World) -> None:
    """A set is issued with its role, and the role is ours only once the intent is saved."""
    world.run()
    calls = world.wire.calls
    assert calls.index("states.save") < calls.index("driver.put_role") < calls.index("driver.issue")
    assert world.pim.roles == {"ERP": PERMISSIONS}


def test_first_pass_serves_a_working_set_and_ends(world: World) -> None:
    """One pass goes from nothing to a served generation, and plans no second one from its own old look at the PIM."""
    ran = world.run()
    assert [one.step for one in ran.done if isinstance(one, Do)] == [Step.ISSUE, Step.VERIFY, Step.PUBLISH]
    assert isinstance(ran.end, Wait)
    assert ran.end.reason is Reason.NOT_DUE
    assert world.state.next_number == 2
    assert world.connector_works()
    assert world.leftovers() == []
