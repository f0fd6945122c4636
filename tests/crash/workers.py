"""A worker of a torture: one world of its own, and its share of the blows there."""

import itertools
import multiprocessing
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.crash.place import RAFT, Place
from tests.crash.proxy import CONFIGURED, OF_A_CLUSTER, OF_ONE_NODE, At
from tests.crash.races import Track, races
from tests.crash.scenarios import scenarios
from tests.crash.torture import Blow, Outcome, Torture, every_fault, every_kill, pairs, random_times
from tests.crash.world import remove

SHARES = {"connections": 0.45, "user and client": 0.3, "raft": 0.2, "in place": 0.05}
SHARE_OF_PAIRS, SHARE_AT_RANDOM_TIMES = 0.15, 0.1
RACES = 0.04
"""Races for each kill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What one worker does: every n-th blow of the list of its place.

    Attributes:
        share: of kills and faults that are for this place.
        until: when to stop, on the monotonic clock.
    """

    place: Place
    worker: int
    workers: int
    kills: int
    faults: int
    seed: int
    share: float
    until: float


def blows(torture: Torture, orders: Orders) -> list[Blow]:
    """Single kills, pairs, kills at random times and faults, mixed. No point comes twice before all came once."""
    chance = random.Random(f"{orders.seed} {orders.place.name}")
    kills, faults = round(orders.kills * orders.share), round(orders.faults * orders.share)
    at_random, twice = round(kills * SHARE_AT_RANDOM_TIMES), round(kills * SHARE_OF_PAIRS / 2)
    drawn = [
        *_spread(list(every_kill(torture.prepared)), chance, kills - at_random - 2 * twice),
        *itertools.islice(pairs(torture.prepared, chance), twice),
        *itertools.islice(random_times(torture.prepared, chance), at_random),
        *_spread(list(every_fault(torture.prepared)), chance, faults),
    ]
    chance.shuffle(drawn)
    return drawn


def _spread(every: list[Blow], chance: random.Random, most: int) -> list[Blow]:
    """So many of them in any order: one for each point, then a second for each, and so on."""
    chance.shuffle(every)
    met: dict[tuple[str, At], int] = {}
    rounds = []
    for blow in every:
        point = (blow.scenario, next(iter(blow.first)))
        met[point] = met.get(point, 0) + 1
        rounds.append((met[point], blow))
    rounds.sort(key=lambda one: one[0])
    return [blow for _, blow in rounds[:most]]


def work(orders: Orders, told: "multiprocessing.Queue[Outcome | None]") -> None:
    """Races first, then the blows, until the time is over."""
    directory = Path(tempfile.mkdtemp(prefix="vault-pim-torture-"))
    try:
        with Torture(directory, orders.place) as torture:
            torture.prepare(scenarios(orders.place))
            for outcome in itertools.chain(_races(torture, orders), _blows(torture, orders)):
                told.put(outcome)
                if time.monotonic() > orders.until:
                    break
    finally:
        told.put(None)
        remove(directory)


def _blows(torture: Torture, orders: Orders) -> Iterator[Outcome]:
    for blow in blows(torture, orders)[orders.worker :: orders.workers]:
        yield torture.strike(blow)


def _races(torture: Torture, orders: Orders) -> Iterator[Outcome]:
    chance = random.Random(f"{orders.seed} {orders.worker}")
    harms = (*(OF_A_CLUSTER if orders.place == RAFT else OF_ONE_NODE), *CONFIGURED)
    many = 0 if orders.place.in_place else round(orders.kills * orders.share * RACES / orders.workers)
    with ExitStack() as stack:
        track = Track(torture, stack)
        for race, harm in itertools.islice(races(chance, harms), many):
            yield track.run(race, chance, harm)
