"""A worker of a torture: one world of its own, and its share of the blows."""

import itertools
import multiprocessing
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.crash.scenarios import SCENARIOS
from tests.crash.torture import Blow, Outcome, Torture, every_fault, every_kill, pairs, random_times
from tests.crash.world import remove

SHARE_AT_RANDOM_TIMES = 5
"""Every fifth of the kills that are left when each point had its own is at a random time, the others are pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What one worker does: every n-th blow of the same list."""

    worker: int
    workers: int
    kills: int
    faults: int
    seed: int


def blows(torture: Torture, orders: Orders) -> Iterator[Blow]:
    """Each point killed in each way, then pairs and random times until there are enough; then the faults."""
    chance = random.Random(orders.seed)
    single = list(every_kill(torture.prepared))
    yield from single[: orders.kills]
    more = max(0, orders.kills - len(single))
    at_random = more // SHARE_AT_RANDOM_TIMES
    yield from itertools.islice(random_times(torture.prepared, chance), at_random)
    yield from itertools.islice(pairs(torture.prepared, chance), more - at_random)
    faults = list(every_fault(torture.prepared))
    yield from chance.sample(faults, min(orders.faults, len(faults)))


def work(orders: Orders, told: "multiprocessing.Queue[Outcome | None]") -> None:
    """One world of its own."""
    directory = Path(tempfile.mkdtemp(prefix="vault-pim-torture-"))
    try:
        with Torture(directory) as torture:
            torture.prepare([one.name for one in SCENARIOS])
            for blow in itertools.islice(blows(torture, orders), orders.worker, None, orders.workers):
                told.put(torture.strike(blow))
    finally:
        told.put(None)
        remove(directory)
