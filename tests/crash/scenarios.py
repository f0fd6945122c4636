"""What a program is killed at: from which beginning, by which command."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.crash.beginnings import (
    asked,
    copy_lost,
    grace_over,
    nothing,
    pim_of_before_a_revocation,
    pim_of_yesterday,
    restored,
    revoked,
    rotated,
    served,
    state_of_yesterday,
    vault_of_before_a_revocation,
    vault_of_yesterday,
)
from tests.crash.commands import APPLY, DAEMON, REISSUE, REPLACE_FIRST, REVOKE, ROTATE, run_well
from tests.crash.place import CONNECTIONS, IN_PLACE, PLACES, USER_AND_CLIENT, Place
from tests.crash.points import Point, points
from tests.crash.proxy import Answer, in_json
from tests.crash.world import Saved, World

SEVERAL_SETS = tuple(place for place in PLACES if not place.in_place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of run.

    Attributes:
        place: where it is played.
        before: brings a world with nothing for ERP to where the run begins.
        command: what is run, and killed.
        rule: what a side is made to say during that run; not during the passes after it.
        again: what is run after it until all is well; by default the ordinary pass, of a command or of the daemon.
    """

    name: str
    place: Place
    before: Callable[[World], None]
    command: tuple[str, ...]
    rule: Callable[[str], Answer | None] = lambda _: None
    again: tuple[str, ...] = ()

    @property
    def then(self) -> tuple[str, ...]:
        """What is run after it."""
        return self.again or (DAEMON if self.command == DAEMON else APPLY)


def refuse_api_calls(name: str) -> Answer | None:
    """The PIM lets the new set in, but not call: verification refuses it."""
    if "PIM GET /api/rest/v1/" not in name or not name.startswith("verify"):
        return None
    return in_json(403, '{"code":403,"message":"Access forbidden."}')


_WENT_BACK = {
    "Vault of yesterday": vault_of_yesterday,
    "Vault of before a revocation": vault_of_before_a_revocation,
    "state of yesterday": state_of_yesterday,
}


def _everywhere() -> Iterator[Scenario]:
    """What a command does, with each mechanism and on a cluster."""
    for place in SEVERAL_SETS:
        yield Scenario(place=place, name="provision", before=nothing, command=APPLY)
        yield Scenario(place=place, name="rotate", before=served, command=ROTATE)
        yield Scenario(place=place, name="retire", before=grace_over, command=APPLY)
        yield Scenario(place=place, name="revoke", before=served, command=REVOKE)
        yield Scenario(place=place, name="revoke with one in grace", before=rotated, command=REVOKE)
        yield Scenario(place=place, name="revoke and reissue", before=rotated, command=REISSUE)
        yield Scenario(place=place, name="replace first", before=rotated, command=REPLACE_FIRST)
        yield Scenario(place=place, name="rotate after revoke", before=revoked, command=ROTATE)
        yield Scenario(place=place, name="abandon", before=served, command=ROTATE, rule=refuse_api_calls)
        yield Scenario(place=place, name="copy lost", before=copy_lost, command=APPLY)
        yield Scenario(place=place, name="orphan", before=restored, command=APPLY)


def _by_the_daemon() -> Iterator[Scenario]:
    """The same where nobody runs a command."""
    for place in SEVERAL_SETS:
        yield Scenario(place=place, name="daemon provisions", before=nothing, command=DAEMON)
        yield Scenario(place=place, name="daemon rotates", before=asked(*ROTATE), command=DAEMON)
        yield Scenario(place=place, name="daemon retires", before=grace_over, command=DAEMON)
        yield Scenario(place=place, name="daemon revokes", before=asked(*REVOKE), command=DAEMON)
        yield Scenario(place=place, name="daemon replaces first", before=asked(*REPLACE_FIRST), command=DAEMON)
        yield Scenario(place=place, name="daemon finds its copy lost", before=copy_lost, command=DAEMON)


def _in_place() -> Iterator[Scenario]:
    """Where the one set that there is gets new secrets."""
    yield Scenario(place=IN_PLACE, name="rotate in place", before=served, command=ROTATE)
    yield Scenario(place=IN_PLACE, name="revoke after that", before=rotated, command=REVOKE)
    yield Scenario(place=IN_PLACE, name="daemon rotates in place", before=asked(*ROTATE), command=DAEMON)


def _put_back() -> Iterator[Scenario]:
    """Where a backup was put back. A state that went back is a person's business, so the person asks again."""
    for place in (CONNECTIONS, USER_AND_CLIENT):
        yield Scenario(place=place, name="PIM of yesterday", before=pim_of_yesterday, command=APPLY)
        before = pim_of_before_a_revocation
        yield Scenario(place=place, name="PIM of before a revocation", before=before, command=APPLY)
        yield Scenario(place=place, name="daemon with that PIM", before=before, command=DAEMON)
        for name, command in (("rotate", ROTATE), ("revoke", REVOKE)):
            for what, past in _WENT_BACK.items():
                yield Scenario(place=place, name=f"{name} with the {what}", before=past, command=command, again=command)


ORDINARY = (*_everywhere(), *_by_the_daemon(), *_in_place())
SCENARIOS = (*ORDINARY, *_put_back())


def scenarios(place: Place) -> tuple[str, ...]:
    """The names of the scenarios of a place."""
    return tuple(one.name for one in SCENARIOS if one.place == place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A scenario, how its world stands before, and the points its run passes."""

    scenario: Scenario
    saved: Saved
    points: tuple[Point, ...]


def beginning(world: World, before: Callable[[World], None], blank: Saved) -> Saved:
    """How the world stands when a run begins that way."""
    world.put_back(blank)
    before(world)
    return world.save()


def prepare(world: World, scenario: Scenario, saved: Saved) -> Prepared:
    """Learn the scenario's points by a run nobody disturbs, from its beginning.

    Raises:
        RuntimeError: that run failed.
    """
    world.put_back(saved)
    world.begin()
    world.tap.rule = scenario.rule
    run_well(world, *scenario.command)
    world.tap.rule = lambda _: None
    return Prepared(scenario=scenario, saved=saved, points=points(world.tap.names))
