"""A few of the kills and faults of `make torture`, and planted bugs that it must see."""

import random
from collections.abc import Iterator

import pytest

from tests.crash.commands import run
from tests.crash.place import CONNECTIONS, USER_AND_CLIENT
from tests.crash.points import BETWEEN, Point, points
from tests.crash.proxy import CONFIGURED, OF_ONE_NODE, READING, At, Deed
from tests.crash.scenarios import ORDINARY, Prepared
from tests.crash.torture import NEVER, Blow, Outcome, Torture, every_fault, pairs
from tests.model.mutants import MUTANTS

TWICE = ("rotate", "revoke", "daemon rotates")
PUT_BACK = ("PIM of before a revocation", "rotate with the Vault of yesterday")
"""Of the backups; what becomes of the others is in `test_backups.py`."""
NAMES = (*(one.name for one in ORDINARY if one.place == CONNECTIONS), *PUT_BACK)
FOR_USER_AND_CLIENT = ("rotate", "daemon revokes")
CREATED = Point(name="issue: PIM POST /rest/connections")
RECONFIGURED = {
    "daemon rotates": CREATED,
    "daemon revokes": Point(name="revoke: PIM DELETE /rest/connections/{label}"),
}
"""At which request the configuration is changed."""
PLANTED = {
    "intent not saved": ("rotate", CREATED),
    "stage saved before effect": ("retire", Point(name="retire: PIM DELETE /rest/connections/{label}")),
    "grace forgotten": ("rotate", None),
    "successor ends the former": ("rotate", None),
    "retire leaves the copies": ("retire", None),
    "orphans left": ("orphan", None),
    "proof without looking": ("revoke", None),
    "an older state believed": ("rotate with the Vault of yesterday", None),
}
"""Where a bug shows: the scenario, and after which request it is killed there."""


@pytest.fixture(scope="module")
def torture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Torture]:
    """A world with all scenarios made ready."""
    with Torture(tmp_path_factory.mktemp("torture")) as world:
        world.prepare(NAMES)
        yield world


@pytest.fixture(scope="module")
def user_and_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Torture]:
    """A world of the other mechanism."""
    with Torture(tmp_path_factory.mktemp("other"), USER_AND_CLIENT) as world:
        world.prepare(FOR_USER_AND_CLIENT)
        yield world


def drawn(scenario: str) -> random.Random:
    """The same points every time."""
    return random.Random(scenario)


def changing(ready: Prepared) -> list[Point]:
    """The points of a scenario that change something in a step. A daemon signs its log whenever it is time to."""
    return [
        point
        for point in ready.points
        for step, request in [point.name.split(": ")]
        if step != BETWEEN and request.split()[1] not in READING and "/audit/" not in request
    ]


def strike(torture: Torture, blow: Blow, change: str = "") -> Outcome:
    """Do it; a blow that met nothing would have shown nothing."""
    outcome = torture.strike(blow, change)
    assert outcome.point != NEVER or not blow.first, blow
    return outcome


def kill(ready: Prepared, scenario: str) -> Blow:
    """After a request that changes something."""
    return Blow(scenario=scenario, first={drawn(scenario).choice(changing(ready)): Deed.KILL_AFTER})


def test_same_command_passes_the_same_points_again(torture: Torture) -> None:
    """What is told to be killed at a point is killed there, whatever was run in this world before."""
    ready = torture.prepared["retire"]
    torture.begin("retire")
    run(torture.world, ready.scenario.command)
    assert points(torture.world.tap.names) == ready.points


@pytest.mark.parametrize("scenario", NAMES)
def test_killed_run_is_finished_by_the_next_pass(torture: Torture, scenario: str) -> None:
    """After a request that changes something."""
    blow = kill(torture.prepared[scenario], scenario)
    assert strike(torture, blow).bad == (), blow


@pytest.mark.parametrize("scenario", TWICE)
def test_run_killed_twice_is_finished_by_the_next_pass(torture: Torture, scenario: str) -> None:
    """And once more in the pass after it."""
    blow = next(pairs({scenario: torture.prepared[scenario]}, drawn(scenario)))
    assert torture.strike(blow).bad == (), blow


@pytest.mark.parametrize("scenario", FOR_USER_AND_CLIENT)
def test_killed_run_of_user_and_client_is_finished_by_the_next_pass(user_and_client: Torture, scenario: str) -> None:
    """User and client are two things at the PIM, made by its forms and by its console."""
    blow = kill(user_and_client.prepared[scenario], scenario)
    assert strike(user_and_client, blow).bad == (), blow


@pytest.mark.parametrize("scenario", [name for name in NAMES if not name.startswith("daemon")])
def test_disturbed_run_is_finished_by_the_next_pass(torture: Torture, scenario: str) -> None:
    """Replies lost, half, late, or not what was asked for."""
    blow = drawn(scenario).choice(list(every_fault({scenario: torture.prepared[scenario]}, slow=False)))
    assert strike(torture, blow).bad == (), blow


@pytest.mark.parametrize("deed", OF_ONE_NODE)
def test_run_over_a_vault_that_dies_is_finished_by_the_next_pass(torture: Torture, deed: Deed) -> None:
    """Killed or sealed in the middle of a publication, and back a moment later."""
    served = Point(name="publish: Vault POST pim/data/connectors/{connector}")
    assert strike(torture, Blow(scenario="rotate", first={served: deed})).bad == ()


@pytest.mark.parametrize("scenario", RECONFIGURED)
@pytest.mark.parametrize("deed", CONFIGURED)
def test_daemon_with_another_configuration_in_mid_run_brings_it_to_its_end(
    torture: Torture, scenario: str, deed: Deed
) -> None:
    """Read again while a set is made or ended, also with the connector taken out of it: a rotation waits then, and a
    revocation does not."""
    assert strike(torture, Blow(scenario=scenario, first={RECONFIGURED[scenario]: deed})).bad == ()


@pytest.mark.parametrize("name", PLANTED)
def test_planted_bug_is_caught(torture: Torture, name: str) -> None:
    """The checks can fail."""
    scenario, point = PLANTED[name]
    first: dict[At, Deed] = {} if point is None else {point: Deed.KILL_AFTER}
    assert strike(torture, Blow(scenario=scenario, first=first), change=MUTANTS[name].name).bad
