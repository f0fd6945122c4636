"""Ours and theirs by turns, so that whatever else the machine does meets both alike."""

import resource
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


def process(command: Sequence[str], environment: Mapping[str, str]) -> Act:
    """A whole process, from its start to its end; Python finds its bytecode there, as where pip has put it."""

    def run() -> float:
        begun = time.perf_counter()
        output(command, environment)
        return time.perf_counter() - begun

    return run


def processor(command: Sequence[str], environment: Mapping[str, str]) -> Act:
    """Of a whole process, the time that it and its children have worked: what it takes where nobody else works."""

    def run() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        output(command, environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return run


def output(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """What it says."""
    cached = {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(command, check=True, capture_output=True, env=cached, text=True).stdout
