"""Kill or disturb one run, look, let an ordinary pass run, look again. What is found is told, not decided upon."""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.crash.changes import SHORT_LIMIT
from tests.crash.checks import Bad, Ends, Kind, Watch
from tests.crash.commands import APPLY, DAEMON, run
from tests.crash.place import CONNECTIONS, Place
from tests.crash.proxy import (
    CONFIGURED,
    FAULTS,
    HARM_AFTER,
    HARM_BEFORE,
    KILLS,
    OF_A_CLUSTER,
    OF_ONE_NODE,
    ONE_SIDED,
    At,
    Deed,
)
from tests.crash.scenarios import SCENARIOS, Prepared, Scenario, beginning, prepare
from tests.crash.world import Saved, World

AT_RANDOM, NEVER = "at a random time", "never reached"
NOTHING = "nothing"
SLOW = (Deed.DELAY, *HARM_BEFORE, *HARM_AFTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """What is done to one run.

    Attributes:
        first: what happens at which point of the run.
        second: the same for the pass after it.
        after: seconds after which the run is killed, wherever it is.
    """

    scenario: str
    first: Mapping[At, Deed]
    second: Mapping[At, Deed] | None = None
    after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it.

    Attributes:
        point: where it struck; for the table. `NEVER` if the run went another way this time.
        kills: how many times the program was really killed.
        seconds: how long the last, undisturbed pass took.
    """

    place: str
    scenario: str
    point: str
    deed: str
    kills: int
    seconds: float
    bad: tuple[Bad, ...]


class Torture:
    """One world, and blows to it.

    Attributes:
        seconds: how long the last pass of `end` took.
    """

    def __init__(self, directory: Path, place: Place = CONNECTIONS) -> None:
        self.world = World(directory, place)
        self.seconds = 0.0
        self.prepared: dict[str, Prepared] = {}

    def __enter__(self) -> Self:
        world = self.world.__enter__()
        if world.program.run("apply", "sandbox/shop") != 0:
            raise RuntimeError(world.output.read_text())
        world.side.plant_strangers()
        self._watch, self._ends = Watch(world), Ends(world)
        self._ends.remember()
        self._blank = world.save()
        world.tap.happened = self._watch.moment
        return self

    def __exit__(self, *error: object) -> None:
        self.world.__exit__(None, None, None)

    def prepare(self, names: Iterable[str]) -> None:
        """Make these scenarios ready."""
        wanted = set(names)
        begun: dict[Callable[[World], None], Saved] = {}  # many scenarios share a beginning
        for one in SCENARIOS:
            if one.name in wanted and one.place == self.world.place:
                begun[one.before] = begun.get(one.before) or beginning(self.world, one.before, self._blank)
                self.prepared[one.name] = prepare(self.world, one, begun[one.before])

    def strike(self, blow: Blow, change: str = "") -> Outcome:
        """One run with its end; with a planted bug, if one is named."""
        world, ready = self.world, self.prepared[blow.scenario]
        self.begin(blow.scenario)
        world.tap.rule = ready.scenario.rule
        kills = self._run(blow.first, ready.scenario.command, change, blow.after)
        point, deed = (AT_RANDOM, "killed") if blow.after is not None else self._met()
        world.tap.rule = lambda _: None
        if blow.second is not None:
            kills += self._run(blow.second, ready.scenario.then, change)
        bad = self.end(change, command=ready.scenario.then)
        return Outcome(
            place=world.place.name,
            scenario=blow.scenario,
            point=point,
            deed=deed,
            kills=kills,
            seconds=self.seconds,
            bad=bad,
        )

    def _met(self) -> tuple[str, str]:
        """What was struck first, and how."""
        met = self.world.tap.met
        return (met[0][0], str(met[0][1])) if met else (NEVER, NOTHING)

    def begin(self, scenario: str) -> None:
        """Make everything as it is at the beginning of that scenario."""
        self.world.put_back(self.prepared[scenario].saved)
        self._watch.begin()
        self._ends.begin()
        self.world.begin()

    def recover(self) -> None:
        """The run came to its end, whatever was done to Vault and to the configuration: put both right."""
        self._watch.reconfigured()
        self.world.recover()

    def end(self, change: str = "", command: tuple[str, ...] = APPLY) -> tuple[Bad, ...]:
        """Let nobody hold the connector any more, run one pass, and look for harm."""
        self.world.let_time_pass()
        self.world.begin()
        begun = time.monotonic()
        code = run(self.world, command, change)
        self.seconds = time.monotonic() - begun
        self.world.tap.quiet()
        bad = [*self._watch.bad, *self._ends.bad()]
        if code not in (0, 2):
            bad.append(Bad(kind=Kind.STUCK, what=f"exit {code}: {self.world.output.read_text()[-400:]}"))
        return tuple(bad)

    def _run(self, orders: Mapping[At, Deed], command: tuple[str, ...], change: str, after: float | None = None) -> int:
        """Run a program under orders and look right after it; whether it was killed, as 0 or 1."""
        world = self.world
        world.begin(orders)
        if Deed.DELAY in orders.values():
            change = SHORT_LIMIT
        timer = threading.Timer(after or 0, world.program.kill)
        if after is not None:
            timer.start()
        code = run(world, command, change)
        timer.cancel()
        self.recover()
        world.tap.quiet()
        self._watch.moment(f"right after {AT_RANDOM if after is not None else self._met()[0]}")
        world.let_time_pass()
        return int(code < 0)


def every_kill(prepared: Mapping[str, Prepared]) -> Iterator[Blow]:
    """Each point of each scenario, killed before, during and after."""
    for name, ready in prepared.items():
        for point in ready.points:
            for deed in KILLS:
                yield Blow(scenario=name, first={point: deed})


def every_fault(prepared: Mapping[str, Prepared], *, slow: bool = True) -> Iterator[Blow]:
    """Each point of each scenario with each fault that its side can have."""
    for name, ready in prepared.items():
        for point in ready.points:
            for deed in FAULTS:
                if can_have(point.name, deed, ready.scenario) and (slow or deed not in SLOW):
                    yield Blow(scenario=name, first={point: deed})


def can_have(point: str, deed: Deed, scenario: Scenario) -> bool:
    """Whether that side ever does that; a session that is only being begun cannot have ended. A daemon alone reads its
    configuration again."""
    if deed in (OF_ONE_NODE if scenario.place.nodes > 1 else OF_A_CLUSTER):
        return False
    if deed in CONFIGURED and scenario.command != DAEMON:
        return False
    side = ONE_SIDED.get(deed)
    return (side is None or f": {side} " in point) and not (deed is Deed.SESSION_ENDED and "/user/login" in point)


def pairs(prepared: Mapping[str, Prepared], chance: random.Random) -> Iterator[Blow]:
    """A kill, and another in the pass after it, for ever."""
    while True:
        name, ready = chance.choice(list(prepared.items()))
        first: dict[At, Deed] = {chance.choice(ready.points): chance.choice(KILLS)}
        yield Blow(scenario=name, first=first, second={chance.randrange(45): chance.choice(KILLS)})


def random_times(prepared: Mapping[str, Prepared], chance: random.Random, within: float = 0.15) -> Iterator[Blow]:
    """A kill at any time, for ever."""
    while True:
        yield Blow(scenario=chance.choice(list(prepared)), first={}, after=chance.uniform(0, within))
