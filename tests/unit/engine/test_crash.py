"""Death at every port call, on either side of its effect: the next ordinary pass puts everything right.

There is no recovery code to test; the pass after a crash is the ordinary one, run by another process.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest

from tests.fakes.builders import DAY, ERP
from tests.fakes.wire import Death, When
from tests.fakes.world import World
from vault_pim.domain.errors import NoAnswer, NotProven, PimNoAnswer
from vault_pim.domain.generation import Stage


@dataclass(frozen=True)
class Scenario:
    """What was true before, what is cut short, and whether connectors are served all along."""

    prepare: Callable[[World], object]
    act: Callable[[World], object]
    served_throughout: bool


def nothing(_: World) -> None:
    """Nothing was done yet."""


def provision(world: World) -> None:
    """Generation 1 is served."""
    world.run()


def rotated(world: World) -> None:
    """Generation 2 is served, and the grace of 1 is over."""
    world.run()
    world.rotate()
    world.clock.forward(DAY)


def gone(world: World) -> None:
    """Generation 2 is issued, and somebody deleted it at the PIM."""
    world.run()
    world.wire.fail("driver.verify", PimNoAnswer("no answer"))
    with pytest.raises(PimNoAnswer):
        world.rotate()
    world.pim.remove("vp_erp_2")


def revoked(world: World) -> None:
    """Generation 1 was revoked."""
    world.run()
    world.revoke()


def lost_path(world: World) -> None:
    """Nothing is served, though generation 1 lives."""
    world.run()
    world.credentials.lose_path(ERP)


SCENARIOS = {
    "provision": Scenario(nothing, World.run, served_throughout=False),
    "rotate": Scenario(provision, World.rotate, served_throughout=True),
    "retire": Scenario(rotated, World.run, served_throughout=True),
    "abandon": Scenario(gone, lambda world: world.run(impatient=True), served_throughout=True),
    "mend": Scenario(lost_path, World.run, served_throughout=False),
    "rotate after revoke": Scenario(revoked, World.rotate, served_throughout=False),
    "revoke": Scenario(rotated, World.revoke, served_throughout=False),
    "revoke and reissue": Scenario(rotated, lambda world: world.revoke(reissue=True), served_throughout=False),
    "replace first": Scenario(
        rotated, lambda world: world.revoke(replace_first=True, reissue=True), served_throughout=False
    ),
}


def calls_of(scenario: Scenario) -> int:
    """How many port calls it makes when nobody dies."""
    world = World()
    scenario.prepare(world)
    before = len(world.wire.calls)
    scenario.act(world)
    return len(world.wire.calls) - before


def die(scenario: Scenario, at: int, when: When) -> World:
    """The world after a death at that call, its holds expired."""
    world = World()
    scenario.prepare(world)
    world.wire.die(at=at, when=when)
    with pytest.raises(Death):
        scenario.act(world)
    world.wire.heal()
    if scenario.served_throughout:
        assert world.connector_works(), f"dead or nothing served after death at call {at}"
    world.let_holds_expire()
    return world


@pytest.mark.parametrize("when", When)
@pytest.mark.parametrize("name", SCENARIOS)
def test_next_pass_after_death_anywhere_leaves_one_order_of_things(name: str, when: When) -> None:
    """Whatever call the process died at, a working set is served and nothing is left over, or all of it is revoked."""
    scenario = SCENARIOS[name]
    calls = calls_of(scenario)
    assert calls > 8
    for at in range(calls):
        world = die(scenario, at, when)
        world.run()
        where = f"{when.value} {name} call {at}"
        assert world.leftovers() == [], where
        asked = world.state.revocation
        if world.state.cut_off:
            assert asked is not None
            assert asked.proven_at is not None, where
            assert world.pim.labels == set(), where
            assert not world.connector_works(), where
        else:
            assert world.connector_works(), where
        assert world.state.pending is None, where
        assert world.run().done == (), where


@pytest.mark.parametrize("name", SCENARIOS)
def test_command_repeated_after_death_anywhere_does_what_was_asked(name: str) -> None:
    """Running it again continues safely: its end is that of one run without a death, or of one more."""
    scenario = SCENARIOS[name]
    whole = World()
    scenario.prepare(whole)
    scenario.act(whole)
    expected = {one.stage for one in whole.state.live}
    for at in range(calls_of(scenario)):
        world = die(scenario, at, When.AFTER)
        scenario.act(world)
        assert expected <= {one.stage for one in world.state.live} <= {Stage.CURRENT, Stage.GRACE}, f"{name} call {at}"
        assert world.leftovers() == [], f"{name} call {at}"
        assert world.connector_works() == whole.connector_works(), f"{name} call {at}"


@pytest.mark.parametrize("name", SCENARIOS)
def test_second_death_in_the_next_pass_is_no_worse_than_the_first(name: str) -> None:
    """Deaths may follow one another: here one at each call, then one soon after in the pass that follows."""
    scenario = SCENARIOS[name]
    for at in range(0, calls_of(scenario), 2):
        world = die(scenario, at, When.AFTER)
        world.wire.die(at=8, when=When.AFTER)
        try:
            world.run()
        except Death:
            world.let_holds_expire()
        world.wire.heal()
        world.run()
        assert world.leftovers() == [], f"{name} call {at}"
        assert world.connector_works() is not world.state.cut_off, f"{name} call {at}"


@pytest.mark.parametrize("name", SCENARIOS)
def test_lost_answer_of_any_call_is_found_out(name: str) -> None:
    """The effect happens, its answer never comes, the process lives on: what is true is asked again."""
    scenario = SCENARIOS[name]
    for at in range(calls_of(scenario)):
        world = World()
        scenario.prepare(world)
        world.wire.lose_answer(at=at)
        with suppress(NoAnswer, NotProven):
            scenario.act(world)
        world.wire.heal()
        world.let_holds_expire()
        scenario.act(world)
        assert world.leftovers() == [], f"{name} call {at}"
        assert world.connector_works() is not world.state.cut_off, f"{name} call {at}"
