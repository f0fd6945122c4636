"""Runs the contract of `PimDriver` and writes down what it showed: `python -m tests.contract.results`.

The table stands in docs/reference/mechanisms.md. A test holds the page to the conditions that there are; that they
are kept is what the tests themselves say.
"""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.docs.regenerate import with_block
from vault_pim.pim.releases import RELEASES

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs/reference/mechanisms.md"
BLOCK: Final = "results of the contract"
WAYS: Final = {
    "connections": "`connections`",
    "console": "`user_and_client`, clients by console",
    "screen": "`user_and_client`, clients by screen",
}

_NAMES = "|".join(re.escape(release.name) for release in RELEASES)
_CELL = re.compile(rf"(?P<condition>test_\w+)\[(?:.*-)?(?P<release>{_NAMES})(?:-(?P<way>console|screen))?\]")
_OUTCOME = re.compile(r"^(?P<outcome>PASSED|FAILED|ERROR) (?P<node>tests/contract/\S.*?)(?: - .*)?$", re.MULTILINE)

Cell = tuple[str, str]
"""Release and way."""


def cell_of(node: str) -> Cell | None:
    """The cell of a test, or None if it is of no real driver."""
    found = _CELL.search(node)
    return (found["release"], found["way"] or "connections") if found else None


def run(*options: str) -> str:
    """What pytest prints about the contract."""
    command = [sys.executable, "-m", "pytest", "tests/contract", "-q", "--no-header", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def collected() -> Counter[Cell]:
    """How many conditions there are, by cell."""
    return Counter(cell for line in run("--collect-only").splitlines() if (cell := cell_of(line)))


def kept() -> tuple[Counter[Cell], Counter[Cell]]:
    """How many conditions are kept and how many there are, by cell; takes more than a minute."""
    found = [(one["outcome"], cell_of(one["node"])) for one in _OUTCOME.finditer(run("-rA", "-n", "2", "--tb=no"))]
    whole = Counter(cell for _, cell in found if cell)
    return Counter(cell for outcome, cell in found if cell and outcome == "PASSED"), whole


def table(passed: Counter[Cell], whole: Counter[Cell]) -> str:
    """The results in Markdown."""
    rows = [("PIM release", *WAYS.values()), ("---",) * (len(WAYS) + 1)]
    for release in RELEASES:
        cells = ((release.name, way) for way in WAYS)
        rows.append((release.name, *(f"{passed[one]} of {whole[one]}" if whole[one] else "" for one in cells)))
    return _markdown(rows)


def _markdown(rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    PAGE.write_text(with_block(PAGE.read_text(), BLOCK, table(*kept())))
