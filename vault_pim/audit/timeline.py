"""A picture of an incident: one row for each process that worked on it, a mark for each thing it did. Inline SVG.

Used by the HTML export. Readable without colour: what was begun is a ring, what was done a dot, what failed a cross,
the proof a diamond.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape
from itertools import accumulate, pairwise
from math import log1p

from vault_pim.audit.incident import Entry, Record, Summary, is_proof
from vault_pim.domain.wording import human_duration

WIDTH, SIDE, ROW, TOP = 900, 40, 44, 24
SIZE = 6
MOMENT = timedelta(seconds=10)


def timeline(record: Record, facts: Summary) -> str:
    """The picture. Marks stand in order; the longer between them, the further apart, pauses of hours shortened."""
    entries = record.entries
    times = [datetime.fromisoformat(one["at"]) for one in entries]
    height = TOP + ROW * len(facts.runs) + 20
    rows = {run: TOP + ROW * index + 14 for index, run in enumerate(facts.runs)}
    shown = [
        f'<text x="{SIDE}" y="{y - 14}">{escape(run)}</text><line x1="{SIDE}" y1="{y}" x2="{WIDTH - SIDE}" y2="{y}"/>'
        for run, y in rows.items()
    ]
    shown += [_mark(entry, x, rows[str(entry["by"])]) for entry, x in zip(entries, _places(times), strict=True)]
    shown += [
        f'<text x="{SIDE}" y="{height - 6}">{times[0]:%H:%M:%S}</text>',
        f'<text x="{WIDTH - SIDE}" y="{height - 6}" class="end">{times[-1]:%H:%M:%S}, {_length(times)}</text>',
    ]
    drawing = "\n".join(shown)
    return f"""<svg role="img" viewBox="0 0 {WIDTH} {height}" xmlns="http://www.w3.org/2000/svg">
<title>Timeline of incident {escape(facts.incident)}</title>
{drawing}
</svg>"""


def _places(times: Sequence[datetime]) -> list[float]:
    """Where each mark stands from left to right."""
    gaps = [1 + log1p(max(0.0, (after - before).total_seconds() * 10)) for before, after in pairwise(times)]
    reached = [0.0, *accumulate(gaps)]
    scale = (WIDTH - 2 * SIDE) / (reached[-1] or 1)
    return [SIDE + one * scale for one in reached]


def _mark(entry: Entry, x: float, y: float) -> str:
    tag = str(entry["tag"])
    if is_proof(entry):
        shape, kind = f"M{x:.1f} {y - SIZE}l{SIZE} {SIZE}l-{SIZE} {SIZE}l-{SIZE} -{SIZE}z", "proof"
    elif tag.endswith(":failed"):
        shape, kind = f"M{x - SIZE:.1f} {y - SIZE}l{2 * SIZE} {2 * SIZE}m0 -{2 * SIZE}l-{2 * SIZE} {2 * SIZE}", "failed"
    else:
        shape, kind = f"M{x - 4:.1f} {y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z", "begun" if tag.endswith(":begun") else "done"
    told = escape(f"{entry['at']} {tag} {entry.get('step', '')}".rstrip())
    return f'<path class="{kind}" d="{shape}"><title>{told}</title></path>'


def _length(times: Sequence[datetime]) -> str:
    length = times[-1] - times[0]
    return human_duration(length) if length >= MOMENT else f"{length.total_seconds():.1f} s"
