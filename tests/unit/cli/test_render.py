"""Results look the same whoever reads them: one JSON object, a table on a terminal, aligned lines elsewhere."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from vault_pim.cli.render import BAD, Cell, Output, counted
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import Impossible
from vault_pim.domain.secret import SecretStr
from vault_pim.domain.wording import clean, human_duration, human_instant

ROWS: list[list[Cell]] = [["prod/erp", ("overdue", BAD)], ["prod/größer", "current"]]


def output(*, terminal: bool, as_json: bool = False) -> tuple[Output, io.StringIO, io.StringIO]:
    """An output with the texts that go to stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    consoles = [
        Console(file=one, force_terminal=terminal, width=60, highlight=False, soft_wrap=True) for one in (out, err)
    ]
    return Output(as_json=as_json, stdout=consoles[0], stderr=consoles[1]), out, err


def test_table_elsewhere_is_aligned_plain_lines() -> None:
    """No frame, no colour, no space at line ends; columns stand under each other."""
    made, out, _ = output(terminal=False)
    made.table(["connector", "stage"], ROWS)
    assert out.getvalue() == "CONNECTOR    STAGE\nprod/erp     overdue\nprod/größer  current\n"


def test_long_line_elsewhere_is_not_wrapped() -> None:
    """A line of the result is one line, however narrow the window was guessed."""
    made, out, _ = output(terminal=False)
    made.line("x" * 500)
    made.table(["a"], [["y" * 500]])
    assert [len(line) for line in out.getvalue().splitlines()] == [500, 1, 500]


def test_table_on_terminal_has_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is bad is red, unless NO_COLOR asks for none; the words are there either way."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    made, coloured, _ = output(terminal=True)
    made.table(["connector", "stage"], ROWS)
    monkeypatch.setenv("NO_COLOR", "1")
    made, plain, _ = output(terminal=True)
    made.table(["connector", "stage"], ROWS)
    assert "\x1b[1;31moverdue" in coloured.getvalue()
    assert "[1;31m" not in plain.getvalue()
    assert "31m" not in plain.getvalue()
    assert "overdue" in plain.getvalue()


def test_json_is_printed_alone_and_once(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json the words for people are dropped; a second object is a bug."""
    made, out, _ = output(terminal=False, as_json=True)
    made.line("for people")
    made.table(["a"], [["b"]])
    made.json(
        {
            "connector": ConnectorId(pim="prod", name="erp"),
            "at": datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC),
            "grace": timedelta(hours=2),
            "path": Path("/x"),
            "permissions": frozenset({"b", "a"}),
        }
    )
    assert out.getvalue() == ""
    assert json.loads(capsys.readouterr().out) == {
        "connector": "prod/erp",
        "at": "2030-01-02T03:04:05Z",
        "grace": 7200.0,
        "path": "/x",
        "permissions": ["a", "b"],
    }
    with pytest.raises(Impossible):
        made.json({})


def test_json_is_dropped_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """Without --json the object is not printed."""
    made, out, _ = output(terminal=False)
    made.json({"a": 1})
    assert (out.getvalue(), capsys.readouterr().out) == ("", "")


def test_secret_has_no_json_form(capsys: pytest.CaptureFixture[str]) -> None:
    """A secret that reaches the output by mistake is refused, not masked, and not printed."""
    made, _, _ = output(terminal=False, as_json=True)
    with pytest.raises(TypeError, match="SecretStr has no JSON form"):
        made.json({"password": SecretStr("canary-6d6d")})
    assert capsys.readouterr().out == ""


def test_control_characters_from_outside_are_written_out() -> None:
    """A label at the PIM cannot clear the screen or forge a line."""
    made, out, _ = output(terminal=False)
    made.table(["label"], [["a\x1b[2Jb\nc"]])
    made.line("[red]not markup[/red]\r")
    assert out.getvalue() == "LABEL\na\\x1b[2Jb\\nc\n[red]not markup[/red]\\r\n"
    assert clean("größer 😀") == "größer 😀"


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (2, "Rotating [1/2] prod/erp\nRotating [2/2] prod/shop\n"),
        (None, "Rotating: prod/erp\nRotating: prod/shop\n"),
    ],
)
def test_progress_elsewhere_is_one_line_per_report(total: int | None, expected: str) -> None:
    """Progress goes to stderr, so that the result stays alone on stdout."""
    made, out, err = output(terminal=False)
    with made.progress("Rotating", total) as report:
        report("prod/erp")
        report("prod/shop")
    assert (out.getvalue(), err.getvalue()) == ("", expected)


def test_progress_on_terminal_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar shows the piece in hand and is gone afterwards."""
    monkeypatch.setenv("TERM", "xterm")
    made, out, err = output(terminal=True)
    with made.progress("Rotating", 1) as report:
        report("prod/erp")
    assert out.getvalue() == ""
    assert "Rotating" in err.getvalue()
    assert err.getvalue().endswith("\x1b[2K")


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(minutes=12), "12 min"),
        (timedelta(hours=23, minutes=59, seconds=59), "23 h 59 min"),
        (timedelta(days=3, hours=4, minutes=5), "3 d 4 h"),
        (timedelta(days=3, minutes=5), "3 d"),
        (-timedelta(hours=2), "2 h"),
    ],
)
def test_duration_is_said_in_its_two_largest_units(length: timedelta, expected: str) -> None:
    """Short enough for a table, exact enough to act on."""
    assert human_duration(length) == expected


def test_instant_is_said_from_now() -> None:
    """Before, now and after."""
    now = datetime(2030, 1, 1, tzinfo=UTC)
    seen = [human_instant(now + timedelta(days=days), now) for days in (-1, 0, 1)]
    assert seen == ["1 d ago", "0 s ago", "in 1 d"]


def test_numbers_agree_with_their_nouns() -> None:
    """One connector, two connectors, no policies."""
    assert [counted(1, "connector"), counted(2, "connector"), counted(0, "policy", "policies")] == [
        "1 connector",
        "2 connectors",
        "0 policies",
    ]
