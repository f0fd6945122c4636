"""The status page: one self-contained HTML document, readable on a phone, in light and dark.

Asked for by `http.py`. Loads nothing and runs no script; every value from outside is escaped.
"""

from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files

from vault_pim import __version__
from vault_pim.daemon.board import Board, Outcome, Row
from vault_pim.daemon.link import Link
from vault_pim.domain.generation import Generation, Stage
from vault_pim.domain.reasons import SENTENCES
from vault_pim.domain.wording import human_duration, human_instant

REFRESH = 10
ENDED_SHOWN = 2
COLUMNS = ("Connector", "Generations", "Age", "Next due", "Last pass", "Findings")

_STAGES = {
    Stage.PLANNED: "info",
    Stage.ISSUED: "info",
    Stage.VERIFIED: "info",
    Stage.CURRENT: "good",
    Stage.GRACE: "warn",
}
_OUTCOMES = {Outcome.SETTLED: "good", Outcome.ALARM: "bad", Outcome.FAILED: "bad", Outcome.TAKEN_OVER: "info"}


@cache
def style() -> str:
    """The style sheet, which stands inside the page."""
    return files("vault_pim.daemon").joinpath("page.css").read_text(encoding="utf-8")


@cache
def security_policy() -> str:
    """The Content-Security-Policy under which the page works: its own style sheet and nothing else."""
    digest = b64encode(sha256(style().encode()).digest()).decode()
    allowed = f"default-src 'none'; style-src 'sha256-{digest}'"
    return f"{allowed}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def render(board: Board, *, now: datetime, me: str, wrong: list[str]) -> str:
    """The page as it is now.

    Args:
        me: the daemon's own name.
        wrong: why it is not alive or not ready, if so.
    """
    rows = sorted(board.rows(), key=lambda row: (not needs_a_person(row), row.id))
    health = _pill("not ready", "bad") if wrong else _pill("ready", "good")
    links = "".join(f"<li>{_link(link, now)}</li>" for link in (board.vault, *board.pims().values()))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{REFRESH}">
<title>{"(!) " if wrong or any(map(needs_a_person, rows)) else ""}vault-pim</title>
<style>{style()}</style>
</head>
<body><main>
<header><h1>vault-pim</h1>{health}<span class="soft">{_summary(rows)}</span></header>
{_banner(board)}
<ul class="links">{links}</ul>
{_table(rows, now) if rows else '<p class="soft">No connector is known yet.</p>'}
<p class="soft">{escape(me)} · vault-pim {__version__} · {_instant(now)} · refreshes every {REFRESH} s</p>
</main></body>
</html>
"""


def needs_a_person(row: Row) -> bool:
    """Whether a person should look at this connector."""
    told = row.told
    return told is not None and (told.outcome in {Outcome.ALARM, Outcome.FAILED} or bool(told.findings))


def _banner(board: Board) -> str:
    if not board.reload_error:
        return ""
    what = "The configuration was not reloaded; the former one stays in force."
    return f'<p class="banner"><b>{what}</b>\n{escape(board.reload_error)}</p>'


def _summary(rows: Iterable[Row]) -> str:
    found = list(rows)
    counts = {
        "connector" if len(found) == 1 else "connectors": len(found),
        "to look at": sum(map(needs_a_person, found)),
        "cut off": sum(row.state.cut_off and not (row.connector and row.connector.drill) for row in found),
    }
    return " · ".join(f"{number} {what}" for what, number in counts.items() if number or what.startswith("conn"))


def _table(rows: Iterable[Row], now: datetime) -> str:
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(_row(row, now) for row in rows)}</tbody></table>"


def _row(row: Row, now: datetime) -> str:
    cells = (_name(row), _generations(row), _age(row, now), _next(row, now), _last(row, now), _findings(row))
    shown = zip(COLUMNS, cells, strict=True)
    return f"<tr>{''.join(_cell(name, cell) for name, cell in shown)}</tr>"


def _cell(name: str, content: str) -> str:
    return f'<td class="{name.split(maxsplit=1)[0].lower()}" data-label="{name}">{content}</td>'


def _name(row: Row) -> str:
    about = [row.connector.label, row.connector.owner or ""] if row.connector else ["not configured"]
    lines = "".join(f"<small>{escape(text)}</small>" for text in about if text)
    return f"<div><b>{escape(str(row.id))}</b>{lines}</div>"


def _generations(row: Row) -> str:
    """The last ended generations, then the live ones, oldest first."""
    ended = [one for one in row.state.generations if one.stage.final][-ENDED_SHOWN:]
    shown = "".join(f"<li>{_generation(one)}</li>" for one in sorted((*ended, *row.state.live), key=_number))
    cut = _pill("cut off", "bad") if row.state.cut_off else ""
    return f"<div><ol>{shown}{f'<li>{cut}</li>' if cut else ''}</ol></div>" if shown or cut else ""


def _number(generation: Generation) -> int:
    return generation.number


def _generation(generation: Generation) -> str:
    return _pill(f"{generation.number} {generation.stage}", _STAGES.get(generation.stage, "ended"))


def _age(row: Row, now: datetime) -> str:
    """How old the current set is, as a bar to its max age with a tick where it is due."""
    age, due = row.age(now), row.due(now)
    if age is None:
        return ""
    if due is None or row.connector is None:
        return f"<div>{human_duration(age)}</div>"
    longest = row.connector.policy.max_age
    tick = 100 - (due.overdue_at - due.first) / longest * 100
    colour = "bad" if now >= due.overdue_at else "warn" if now >= due.first else "good"
    return (
        f'<div><svg class="{colour}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" width="100" height="8"/>'
        f'<rect class="fill" width="{min(age / longest * 100, 100):.1f}" height="8"/>'
        f'<rect class="tick" x="{min(max(tick, 0), 99):.1f}" width="1" height="8"/></svg>'
        f"<small>{human_duration(age)} of {human_duration(longest)}"
        f"{', overdue' if colour == 'bad' else ''}</small></div>"
    )


def _next(row: Row, now: datetime) -> str:
    due = row.due(now)
    when = (row.told.until if row.told else None) or (due.first if due else None)
    return f"<div>{human_instant(when, now)}<small>{_instant(when)}</small></div>" if when else ""


def _last(row: Row, now: datetime) -> str:
    if row.told is None:
        return ""
    colour = _OUTCOMES[row.told.outcome]
    failures = row.state.failed_tries
    tries = f"<small>{failures} failed in a row</small>" if failures else ""
    return (
        f'<div>{_pill(row.told.outcome, colour)} <span class="soft">{human_instant(row.told.at, now)}</span>'
        f"<small>{escape(row.told.said)}</small>{tries}</div>"
    )


def _findings(row: Row) -> str:
    found = row.told.findings if row.told else ()
    lines = "".join(f"<li>{escape(SENTENCES[one.reason])}<small>{escape(one.detail)}</small></li>" for one in found)
    return f'<ul class="findings warn">{lines}</ul>' if lines else ""


def _link(link: Link, now: datetime) -> str:
    mark, colour = {True: ("●", "good"), False: ("▲", "bad"), None: ("○", "soft")}[link.up]
    since = f", for {human_duration(now - link.since)}" if link.up is False and link.since else ""
    return f'<span class="{colour}">{mark}</span> <b>{escape(link.name)}</b> <small>{escape(link.said)}{since}</small>'


def _pill(text: str, colour: str) -> str:
    return f'<span class="pill {colour}">{escape(text)}</span>'


def _instant(instant: datetime) -> str:
    return f'<time datetime="{instant.isoformat()}">{instant:%Y-%m-%d %H:%M:%S} UTC</time>'
