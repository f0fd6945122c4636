"""What a program is killed at: how the world stands before, and what is run."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.crash.place import CONNECTIONS, IN_PLACE, PLACES, USER_AND_CLIENT, Place
from tests.crash.points import Point, points
from tests.crash.proxy import Answer, in_json
from tests.crash.world import ERP, Saved, World

APPLY = ("apply", ERP)
ROTATE = ("rotate", ERP)
REVOKE = ("revoke", ERP, "--reason", "leaked", "--yes", "--no-reissue")
REISSUE = ("revoke", ERP, "--reason", "leaked", "--yes")
REPLACE_FIRST = (*REISSUE, "--replace-first")
DAEMON = ("daemon",)
SEVERAL_SETS = tuple(place for place in PLACES if not place.in_place)
WISH = "look: Vault POST pim-state/data/connectors/{connector}"
PATIENCE = 20.0
"""Seconds until a daemon must have done what is due."""


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


def nothing(_: World) -> None:
    """ERP is configured and has nothing."""


def served(world: World) -> None:
    """ERP is served generation 1."""
    _run(world, *APPLY)


def rotated(world: World) -> None:
    """Generation 2 is served, 1 is in grace."""
    served(world)
    _run(world, *ROTATE)


def grace_over(world: World) -> None:
    """The same a day later."""
    rotated(world)
    world.let_grace_end()


def revoked(world: World) -> None:
    """ERP was cut off, with proof."""
    served(world)
    _run(world, *REVOKE)


def restored(world: World) -> None:
    """Generation 1 was retired, and a restored backup of the PIM brought it back."""
    grace_over(world)
    backup = world.save()
    _run(world, *APPLY)
    world.side.bring_back("vp_erp_1", backup.tables)


def copy_lost(world: World) -> None:
    """The set at the PIM is there, its only copy is not: killed between the two."""
    served(world)
    world.begin()
    world.tap.rule = lambda name: (
        in_json(503, '{"errors":["Vault is sealed"]}') if "POST pim-state/data/pending" in name else None
    )
    world.program.run(*ROTATE)
    world.tap.rule = lambda _: None
    world.let_time_pass()


def asked(*command: str) -> Callable[[World], None]:
    """ERP is served; an operator's command died as soon as its wish was saved."""

    def before(world: World) -> None:
        served(world)
        world.begin()
        happened = world.tap.happened
        world.tap.happened = lambda name: world.program.kill() if name == WISH else None
        code = world.program.run(*command)
        world.tap.happened = happened
        if code >= 0:
            raise RuntimeError(f"{command} saved no wish")
        world.let_time_pass()

    return before


def pim_of_yesterday(world: World) -> None:
    """Generation 2 is served and 1 was retired, and the PIM was put back to a day when there was 1 alone."""
    served(world)
    backup = world.tables()
    _run(world, *ROTATE)
    world.let_grace_end()
    _run(world, *APPLY)
    world.put_back_pim(backup)


def pim_of_before_a_revocation(world: World) -> None:
    """ERP was cut off, with proof, and the PIM was put back to the day before: the leaked set works again."""
    served(world)
    backup, world.leaked = world.tables(), tuple(world.held().values())
    _run(world, *REVOKE)
    world.put_back_pim(backup)


def vault_of_yesterday(world: World) -> None:
    """Generation 2 is served and 1 is in grace, and OpenBao was put back to the day before: 2 is not known."""
    served(world)
    with world.yesterday():
        _run(world, *ROTATE)
        world.leaked = tuple(world.held().values())


def vault_of_before_a_revocation(world: World) -> None:
    """ERP was cut off, with proof, and OpenBao was put back to the day before: it serves the dead set again."""
    served(world)
    with world.yesterday():
        _run(world, *REVOKE)


_VAULTS = {"yesterday": vault_of_yesterday, "before a revocation": vault_of_before_a_revocation}


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
            for what, past in _VAULTS.items():
                title = f"{name} with the Vault of {what}"
                yield Scenario(place=place, name=title, before=past, command=command, again=command)


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


def prepare(world: World, scenario: Scenario, blank: Saved) -> Prepared:
    """Make the scenario's beginning once, and learn its points by a run nobody disturbs.

    Raises:
        RuntimeError: that run failed.
    """
    world.put_back(blank)
    scenario.before(world)
    saved = world.save()
    world.put_back(saved)
    world.begin()
    world.tap.rule = scenario.rule
    _run(world, *scenario.command)
    world.tap.rule = lambda _: None
    return Prepared(scenario=scenario, saved=saved, points=points(world.tap.names))


def _run(world: World, *command: str) -> None:
    code = run(world, command)
    if code not in (0, 2):
        raise RuntimeError(f"{' '.join(command)} ended with {code}: {world.output.read_text()}")


def run(world: World, command: tuple[str, ...], change: str = "", *, patience: float = PATIENCE) -> int:
    """Run a command to its end, or a daemon until nothing is left to do; gives the exit code."""
    program = world.program
    program.start(*command, change=change)
    if command == DAEMON:
        deadline = time.monotonic() + patience
        while not program.ended(within=0.02) and time.monotonic() < deadline:
            if world.tap.names and world.settled():
                break
        program.end()
    return program.wait()
