"""Ours and theirs by turns, so that whatever else the machine does meets both alike."""

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

from benchmarks.figure import Figure

Act = Callable[[], float]
"""Does something once, and gives back how many seconds of it count."""


def pairs(ours: Act, theirs: Act, rounds: int) -> list[tuple[float, float]]:
    """Seconds of each, by turns, after one round that is not counted; who goes first changes."""
    taken = []
    for number in range(rounds + 1):
        if number % 2:
            first = ours()
            taken.append((first, theirs()))
        else:
            second = theirs()
            taken.append((ours(), second))
    return taken[1:]


def ratio(name: str, ours: Act, theirs: Act, *, rounds: int, target: float | None) -> Figure:
    """The median of ours over theirs, pair by pair."""
    taken = pairs(ours, theirs, rounds)
    own, other = (1000 * statistics.median(one) for one in zip(*taken, strict=True))
    return Figure(
        name=name,
        median=statistics.median(first / second for first, second in taken),
        unit="x",
        target=target,
        of=f"median of {rounds} pairs, {own:.1f} ms over {other:.1f} ms",
    )


def difference(name: str, ours: Act, theirs: Act, *, rounds: int, target: float) -> Figure:
    """The median of what ours takes longer, pair by pair, in milliseconds."""
    taken = pairs(ours, theirs, rounds)
    own, other = (1000 * statistics.median(one) for one in zip(*taken, strict=True))
    return Figure(
        name=name,
        median=1000 * statistics.median(first - second for first, second in taken),
        unit="ms",
        target=target,
        of=f"median of {rounds} pairs, {own:.1f} ms and {other:.1f} ms",
    )


def process(command: Sequence[str], environment: Mapping[str, str]) -> Act:
    """A whole process, from its start to its end."""

    def run() -> float:
        begun = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=environment)
        return time.perf_counter() - begun

    return run
