"""The table of a torture: point by point what was done and what came of it; printed, and kept in the documentation."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.checks import Kind
from tests.crash.proxy import FAULTS
from tests.crash.torture import Outcome

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "failure.md"
BEGIN, END = "<!-- torture: begin -->", "<!-- torture: end -->"
COLUMNS = ("Scenario", "Point", "Runs", "Lost", "Orphaned", "Served dead", "Other", "Longest until converged")
_SHOWN = (Kind.LOST, Kind.ORPHANED, Kind.SERVED_DEAD)


@dataclass
class Line:
    """One row."""

    runs: int = 0
    longest: float = 0.0
    bad: Counter[Kind] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Count one run; one run counts once in a column, however much of it there was."""
        self.runs += 1
        self.longest = max(self.longest, outcome.seconds)
        self.bad.update({one.kind for one in outcome.bad})

    def cells(self) -> tuple[str, ...]:
        """As shown."""
        other = sum(count for kind, count in self.bad.items() if kind not in _SHOWN)
        return (str(self.runs), *(str(self.bad[kind]) for kind in _SHOWN), str(other), f"{self.longest:.1f} s")


def summary(outcomes: Sequence[Outcome]) -> str:
    """How much was done."""
    kills, struck = sum(one.kills for one in outcomes), {(one.scenario, one.point) for one in outcomes}
    faults = sum(one.deed in FAULTS for one in outcomes)
    bad = sum(bool(one.bad) for one in outcomes)
    return f"{len(outcomes)} runs at {len(struck)} points: {kills} kills, {faults} faults; {bad} ended badly."


def plain(outcomes: Sequence[Outcome]) -> str:
    """For a terminal."""
    texts = []
    for title, rows in _tables(outcomes):
        widths = [max(len(row[column]) for row in (COLUMNS, *rows)) for column in range(len(COLUMNS))]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (COLUMNS, *rows)]
        texts.append("\n".join((title, *lines)))
    return "\n\n".join(texts)


def markdown(outcomes: Sequence[Outcome]) -> str:
    """For the page."""
    texts = []
    for title, rows in _tables(outcomes):
        lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "|".join(["---"] * 2 + ["--:"] * (len(COLUMNS) - 2)) + "|"]
        for scenario, point, *numbers in rows:
            lines.append("| " + " | ".join((scenario, f"`{point}`" if point else "", *numbers)) + " |")
        texts.append("\n".join((f"### {title}", "", *lines)))
    return "\n\n".join(texts)


def _tables(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Kills and faults apart, each with a row for each point of each scenario, and a sum at the end."""
    for title, faults in (("Killed", False), ("Disturbed", True)):
        lines: dict[tuple[str, str], Line] = defaultdict(Line)
        everything = Line()
        for outcome in outcomes:
            if (outcome.deed in FAULTS) is faults:
                lines[outcome.scenario, outcome.point].add(outcome)
                everything.add(outcome)
        yield title, [(*key, *line.cells()) for key, line in lines.items()] + [("all", "", *everything.cells())]


def write(text: str) -> None:
    """Put it between the markers of the page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
