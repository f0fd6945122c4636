"""Several daemons and an operator's command over one state, with Vault or its configuration harmed meanwhile or not."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count

from tests.crash.checks import Bad, Kind
from tests.crash.commands import APPLY, DAEMON, PATIENCE, REVOKE, ROTATE
from tests.crash.proxy import Deed
from tests.crash.runner import Program
from tests.crash.torture import Outcome, Torture

DAEMONS = 2
WITHIN = 0.6
"""Seconds in which the command begins, and Vault is harmed; about as long as the work takes."""
QUIET = 4.0
"""Seconds without a change in state after which whoever holds the connector is not at work any more."""
NO_ANSWER = (1, 4)
LOST_OR_DONE = (0, 2, 5)
NOT_CONFIGURED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """Who runs against whom.

    Attributes:
        scenario: how the world stands before.
        command: the operator's.
    """

    name: str
    scenario: str
    command: tuple[str, ...]


RACES = (
    Race(name="race of two daemons with apply", scenario="provision", command=APPLY),
    Race(name="race of two daemons with rotate", scenario="rotate", command=ROTATE),
    Race(name="race of two daemons with revoke", scenario="daemon rotates", command=REVOKE),
)


class Track:
    """A world with two daemons more, to be started again and again."""

    def __init__(self, torture: Torture, stack: ExitStack) -> None:
        self._torture = torture
        self._world = torture.world
        self._daemons = [Program(self._world.playground.config, self._world.output) for _ in range(DAEMONS)]
        for daemon in self._daemons:
            stack.callback(daemon.close)

    def run(self, race: Race, chance: random.Random, harm: Deed | None = None) -> Outcome:
        """Start all, do harm at any time, and let the daemons come to rest; whoever loses stops."""
        torture, world = self._torture, self._world
        torture.begin(race.scenario)
        world.configuration.daemons = self._daemons
        for daemon in self._daemons:
            daemon.start(*DAEMON)
        _pause(chance.uniform(0, WITHIN))
        world.program.start(*race.command)
        if harm is not None:
            _pause(chance.uniform(0, WITHIN))
            world.harm(harm)
        codes = [world.program.wait()]
        world.servers.recover()
        while codes[-1] in NO_ANSWER and harm is not None and len(codes) < DAEMONS + 3:
            codes.append(world.program.run(*race.command))  # what an operator does who got no answer
        rested = self._rest()
        torture.recover()
        world.configuration.daemons = [world.program]
        said = world.output.read_text()[-1500:]
        bad = list(torture.end())
        if not rested:
            bad.append(Bad(kind=Kind.STUCK, what=f"the daemons come to no rest: {said}"))
        late = NOT_CONFIGURED if harm is Deed.TAKEN_OUT else 0
        if codes[-1] not in (*LOST_OR_DONE, late):
            bad.append(Bad(kind=Kind.STUCK, what=f"{race.command[0]} ended with {codes}"))
        return Outcome(
            place=world.place.name,
            scenario=race.name,
            point="at a random time",
            deed=str(harm or "nothing but the race"),
            kills=0,
            seconds=torture.seconds,
            bad=tuple(bad),
        )

    def _rest(self) -> bool:
        """Wait until nothing is left to do, then end the daemons."""
        deadline = time.monotonic() + PATIENCE
        world = self._world
        record, since = world.record(), time.monotonic()
        while not (settled := world.settled()) and time.monotonic() < deadline:
            _pause(0.05)
            if record != (record := world.record()):
                since = time.monotonic()
            elif time.monotonic() - since > QUIET:
                world.let_time_pass()
        for daemon in self._daemons:
            daemon.end()
        codes = [daemon.wait() for daemon in self._daemons]
        return settled and all(code in LOST_OR_DONE for code in codes)


def races(chance: random.Random, harms: tuple[Deed, ...]) -> Iterator[tuple[Race, Deed | None]]:
    """Each race in turn, every second one with harm, for ever."""
    for number in count():
        harm = chance.choice(harms) if number // len(RACES) % 2 else None
        yield RACES[number % len(RACES)], harm


def _pause(seconds: float) -> None:
    time.sleep(seconds)  # noqa: TID251 - other processes run meanwhile
