"""How results look: one JSON object, tables on a terminal, plain aligned lines elsewhere.

Used by every command. Results go to stdout; progress and remarks to stderr. Text from outside is shown without its
control characters, since a label at the PIM could hold terminal commands. Refuses to print a secret: `SecretStr` has
no JSON form.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import Impossible
from vault_pim.domain.wording import clean

GOOD, WARN, BAD, QUIET = "green", "yellow", "bold red", "dim"
GAP = "  "
LINE_EVERY = 1 << 28

Cell = str | tuple[str, str]
"""The text of a table cell, or the text and its style (one of GOOD, WARN, BAD, QUIET). The words alone must suffice."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: `1 connector`, `3 connectors`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def json_value(value: object) -> Any:
    """What `--json` writes for values that JSON does not know.

    Raises:
        TypeError: the value has no JSON form; a `SecretStr` never has one.
    """
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case timedelta():
            return value.total_seconds()
        case ConnectorId() | Path():
            return str(value)
        case set() | frozenset():
            return sorted(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no JSON form")


@dataclass(slots=True)
class Output:
    """Where one command puts its result. Both forms may be given: the one that was not asked for is dropped.

    Attributes:
        as_json: `--json` was given: exactly one object on stdout.
    """

    as_json: bool = False
    stdout: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    stderr: Console = field(default_factory=lambda: Console(stderr=True, highlight=False, soft_wrap=True))
    _written: bool = False

    def json(self, document: Mapping[str, Any]) -> None:
        """Print the result as JSON, if asked for; once per command."""
        if not self.as_json:
            return
        if self._written:
            raise Impossible("a command printed two JSON objects")
        self._written = True
        print(json.dumps(document, default=json_value, indent=2, ensure_ascii=False))  # noqa: T201 - the result itself

    def line(self, text: str = "", style: str = "") -> None:
        """Print one line of the result for people."""
        if not self.as_json:
            self.stdout.print(Text(clean(text), style=style))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
        """Print rows for people: a table on a terminal, aligned lines with a heading elsewhere."""
        if self.as_json or not rows:
            return
        cells = [[(cell, "") if isinstance(cell, str) else cell for cell in row] for row in rows]
        if self.stdout.is_terminal:
            table = Table(*columns, box=None, pad_edge=False, header_style="bold")
            for row in cells:
                table.add_row(*(Text(clean(text), style=style) for text, style in row))
            self.stdout.print(table, soft_wrap=False)
            return
        lines = [[column.upper() for column in columns], *([clean(text) for text, _ in row] for row in cells)]
        widths = [max(cell_len(line[index]) for line in lines) for index in range(len(columns))]
        for line in lines:
            padded = (text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True))
            self.stdout.print(Text(GAP.join(padded).rstrip()))

    def note(self, text: str, style: str = "") -> None:
        """Say something beside the result, on stderr."""
        self.stderr.print(Text(clean(text), style=style))

    @contextmanager
    def progress(self, what: str, total: int | None = None) -> Iterator[Callable[[str], None]]:
        """Show how far long work has come: a bar on a terminal, one line per report elsewhere, on stderr.

        Args:
            what: the work, such as `Rotating`.
            total: how many reports will come, if known.

        Yields:
            A function to call after each piece of work, with what was done.
        """
        if not self.stderr.is_terminal:
            done = 0

            def report(piece: str) -> None:
                nonlocal done
                done += 1
                self.note(f"{what} [{done}/{total}] {piece}" if total else f"{what}: {piece}")

            yield report
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False))
        counts = (BarColumn(), MofNCompleteColumn()) if total else ()
        with Progress(*columns, *counts, console=self.stderr, transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda piece: bar.update(task, advance=1, description=f"{what}: {clean(piece)}")

    @contextmanager
    def reading(self, what: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """Show how far reading has come: a bar on a terminal, a line for each quarter of a gigabyte elsewhere.

        Args:
            total: bytes, if known.

        Yields:
            A function to call with how many bytes more were read.
        """
        if not self.stderr.is_terminal:
            done = 0

            def report(more: int) -> None:
                nonlocal done
                before, done = done, done + more
                if done // LINE_EVERY > before // LINE_EVERY:
                    self.note(f"{what}: {done // 1_000_000} MB" + (f" of {total // 1_000_000}" if total else ""))

            yield report
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
        with Progress(*columns, TransferSpeedColumn(), console=self.stderr, transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda more: bar.update(task, advance=more)
