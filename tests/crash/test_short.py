"""A few of the kills and faults of `make torture`, and planted bugs that it must see."""

import random
from collections.abc import Iterator

import pytest

from tests.crash.proxy import KILLS, READING, Deed
from tests.crash.scenarios import SCENARIOS, Prepared
from tests.crash.torture import Blow, Torture, every_fault, pairs
from tests.model.mutants import MUTANTS

NAMES = [one.name for one in SCENARIOS]
BLOWS = 2
CREATED = "PIM POST /rest/connections"
PLANTED = {
    "intent not saved": ("rotate", CREATED),
    "stage saved before effect": ("retire", "PIM DELETE /rest/connections"),
    "grace forgotten": ("rotate", None),
    "successor ends the former": ("rotate", None),
    "retire leaves the copies": ("retire", None),
    "orphans left": ("orphan", None),
    "proof without looking": ("revoke", None),
}
"""Where a bug shows: the scenario, and after which request it is killed there."""


@pytest.fixture(scope="module")
def torture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Torture]:
    """A world with all scenarios made ready."""
    with Torture(tmp_path_factory.mktemp("torture")) as world:
        world.prepare(NAMES)
        yield world


def drawn(scenario: str) -> random.Random:
    """The same points every time."""
    return random.Random(scenario)


def changing(ready: Prepared) -> list[int]:
    """The points of a scenario that change something."""
    return [index for index, name in enumerate(ready.points) if name.split(": ")[1].split()[1] not in READING]


@pytest.mark.parametrize("scenario", NAMES)
def test_killed_run_is_finished_by_the_next_pass(torture: Torture, scenario: str) -> None:
    """At requests that change something: singly, and once more in the pass after it."""
    chance, ready = drawn(scenario), torture.prepared[scenario]
    blows = [Blow(scenario=scenario, first={chance.choice(changing(ready)): deed}) for deed in KILLS]
    blows.append(next(pairs({scenario: ready}, chance)))
    for blow in blows:
        assert torture.strike(blow).bad == (), blow


@pytest.mark.parametrize("scenario", NAMES)
def test_disturbed_run_is_finished_by_the_next_pass(torture: Torture, scenario: str) -> None:
    """Replies lost, half, late, or not what was asked for."""
    chance = drawn(scenario)
    faults = list(every_fault({scenario: torture.prepared[scenario]}, slow=False))
    for blow in chance.sample(faults, BLOWS):
        assert torture.strike(blow).bad == (), blow


@pytest.mark.parametrize("name", PLANTED)
def test_planted_bug_is_caught(torture: Torture, name: str) -> None:
    """The checks can fail."""
    scenario, request = PLANTED[name]
    points = torture.prepared[scenario].points
    first = {} if request is None else {[request in point for point in points].index(True): Deed.KILL_AFTER}
    assert torture.strike(Blow(scenario=scenario, first=first), change=MUTANTS[name].name).bad
