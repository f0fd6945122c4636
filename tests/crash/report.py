"""The tables of a torture: what was done and what came of it.

Point by point on the terminal and in `docs/explanation/failure.csv`, by scenario in `docs/explanation/failure.md`.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.checks import Kind
from tests.crash.proxy import FAULTS
from tests.crash.torture import Outcome

FOLDER = Path(__file__).parents[2] / "docs" / "explanation"
PAGE, POINTS = FOLDER / "failure.md", FOLDER / "failure.csv"
COLUMNS = ("Kills", "Faults", "Lost", "Orphaned", "Served dead", "Other", "Longest until converged")
_SHOWN = (Kind.LOST, Kind.ORPHANED, Kind.SERVED_DEAD)


@dataclass
class Line:
    """One row."""

    kills: int = 0
    faults: int = 0
    longest: float = 0.0
    bad: Counter[Kind] = field(default_factory=Counter)
    points: set[str] = field(default_factory=set)

    def add(self, outcome: Outcome) -> None:
        """Count one run; one run counts once in a column, however much of it there was."""
        self.kills += outcome.kills
        self.faults += outcome.deed in FAULTS
        self.longest = max(self.longest, outcome.seconds)
        self.bad.update({one.kind for one in outcome.bad})
        self.points.add(outcome.point)

    def cells(self) -> tuple[str, ...]:
        """As shown."""
        other = sum(count for kind, count in self.bad.items() if kind not in _SHOWN)
        shown = (self.kills, self.faults, *(self.bad[kind] for kind in _SHOWN), other)
        return (*(f"{one:,}" for one in shown), f"{self.longest:.1f} s")


def summary(outcomes: Sequence[Outcome]) -> str:
    """How much was done."""
    everything, points = _sum(outcomes), {(one.place, one.scenario, one.point) for one in outcomes}
    bad = sum(bool(one.bad) for one in outcomes)
    return (
        f"{len(outcomes):,} runs at {len(points):,} points: {everything.kills:,} kills, {everything.faults:,} faults; "
        f"{bad} ended badly."
    )


def by_point(outcomes: Iterable[Outcome]) -> list[tuple[str, ...]]:
    """A row for each point of each scenario, a sum at the end, and the head before all."""
    lines = _lines(outcomes, lambda one: (one.place, one.scenario, one.point))
    rows = [(*key, *line.cells()) for key, line in sorted(lines.items())]
    return [("Place", "Scenario", "Point", *COLUMNS), *rows, ("all", "", "", *_sum(outcomes).cells())]


def by_scenario(outcomes: Iterable[Outcome]) -> list[tuple[str, ...]]:
    """The same with the points of a scenario counted."""
    lines = _lines(outcomes, lambda one: (one.place, one.scenario))
    rows = [(*key, f"{len(line.points)}", *line.cells()) for key, line in lines.items()]
    return [("Place", "Scenario", "Points", *COLUMNS), *rows, ("all", "", "", *_sum(outcomes).cells())]


def by_deed(outcomes: Iterable[Outcome]) -> list[tuple[str, ...]]:
    """What was done, and how often it ended badly."""
    done: dict[str, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        done[one.deed].append(one)
    rows = [(deed, f"{len(runs):,}", f"{sum(bool(one.bad) for one in runs)}") for deed, runs in done.items()]
    return [("What was done", "Runs", "Ended badly"), *sorted(rows)]


def plain(rows: Sequence[Sequence[str]]) -> str:
    """For a terminal."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def markdown(rows: Sequence[Sequence[str]], *, words: int) -> str:
    """For the page; so many columns hold words, the others numbers."""
    head, *body = rows
    lines = [head, ("---",) * words + ("--:",) * (len(head) - words), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def keep_points(outcomes: Iterable[Outcome]) -> None:
    """Write the table point by point as a file."""
    with POINTS.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(by_point(outcomes))


def write(text: str, *, name: str) -> None:
    """Put it between the markers `<!-- name: begin -->` and `<!-- name: end -->` of the page."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    PAGE.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def _lines(outcomes: Iterable[Outcome], key: Callable[[Outcome], tuple[str, ...]]) -> dict[tuple[str, ...], Line]:
    lines: dict[tuple[str, ...], Line] = defaultdict(Line)
    for outcome in outcomes:
        lines[key(outcome)].add(outcome)
    return lines


def _sum(outcomes: Iterable[Outcome]) -> Line:
    everything = Line()
    for outcome in outcomes:
        everything.add(outcome)
    return everything
