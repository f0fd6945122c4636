"""A worker of a torture: one world after the other of its own, and its share of the blows."""

import itertools
import multiprocessing
import random
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.crash.place import PLACES, RAFT, Place
from tests.crash.proxy import HARM_AFTER, HARM_BEFORE, OF_A_CLUSTER, OF_ONE_NODE
from tests.crash.races import Track, races
from tests.crash.scenarios import scenarios
from tests.crash.torture import Blow, Outcome, Torture, every_fault, every_kill, pairs, random_times
from tests.crash.world import remove

SHARES = {"connections": 0.4, "user and client": 0.4, "raft": 0.2}
SHARE_OF_PAIRS, SHARE_AT_RANDOM_TIMES = 0.15, 0.1
RACES = 0.02
"""Races for each kill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What one worker does: every n-th blow of the same list."""

    worker: int
    workers: int
    kills: int
    faults: int
    seed: int


def blows(torture: Torture, orders: Orders) -> Iterator[Blow]:
    """Single kills, pairs, kills at random times, then faults. Every point comes once before any comes again."""
    chance = random.Random(f"{orders.seed} {torture.world.place.name}")
    share = SHARES[torture.world.place.name]
    kills, faults = round(orders.kills * share), round(orders.faults * share)
    at_random, twice = round(kills * SHARE_AT_RANDOM_TIMES), round(kills * SHARE_OF_PAIRS / 2)
    yield from _spread(list(every_kill(torture.prepared)), chance, kills - at_random - 2 * twice)
    yield from itertools.islice(pairs(torture.prepared, chance), twice)
    yield from itertools.islice(random_times(torture.prepared, chance), at_random)
    yield from _spread(list(every_fault(torture.prepared)), chance, faults)


def _spread(every: list[Blow], chance: random.Random, most: int) -> list[Blow]:
    """So many of them in any order: one for each point, then a second for each, and so on."""
    chance.shuffle(every)
    met: dict[tuple[str, int], int] = {}
    rounds = []
    for blow in every:
        point = (blow.scenario, next(iter(blow.first)))
        met[point] = met.get(point, 0) + 1
        rounds.append((met[point], blow))
    rounds.sort(key=lambda one: one[0])
    return [blow for _, blow in rounds[:most]]


def work(orders: Orders, told: "multiprocessing.Queue[Outcome | None]") -> None:
    """One world of its own for each place."""
    try:
        for place in PLACES:
            _work_at(place, orders, told)
    finally:
        told.put(None)


def _work_at(place: Place, orders: Orders, told: "multiprocessing.Queue[Outcome | None]") -> None:
    directory = Path(tempfile.mkdtemp(prefix="vault-pim-torture-"))
    try:
        with Torture(directory, place) as torture:
            torture.prepare(scenarios(place))
            for blow in itertools.islice(blows(torture, orders), orders.worker, None, orders.workers):
                told.put(torture.strike(blow))
            with ExitStack() as stack:
                track = Track(torture, stack)
                chance = random.Random(f"{orders.seed} {orders.worker}")
                harms = tuple(
                    one
                    for one in (*HARM_BEFORE, *HARM_AFTER)
                    if one in (OF_A_CLUSTER if place == RAFT else OF_ONE_NODE)
                )
                for race, harm in itertools.islice(races(chance, harms), round(orders.kills * RACES)):
                    told.put(track.run(race, chance, harm))
    finally:
        remove(directory)
