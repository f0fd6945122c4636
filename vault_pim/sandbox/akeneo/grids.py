"""The data grids of the interface: sorted rows, a page at a time.

Used by the surfaces of users, roles and API clients, whose grids all work alike.
"""

import unicodedata
from typing import Any, Final

from starlette.responses import Response

from vault_pim.sandbox.akeneo import http
from vault_pim.sandbox.akeneo.http import Call

_ROWS: Final = 25


def page(call: Call, grid: str, rows: list[dict[str, Any]], sorted_by: str) -> Response:
    """The page of a grid that was asked for; 25 rows unless told, and no ceiling."""
    size, number = _pager(call, grid, "_per_page", _ROWS), _pager(call, grid, "_page", 1)
    ordered = sorted(rows, key=lambda row: _collated(str(row[sorted_by])))
    shown = ordered[(number - 1) * size : number * size]
    return http.json_answer({"data": shown, "options": {"totalRecords": len(rows)}})


def _collated(text: str) -> str:
    """A text as the database orders it: letter case and accents do not count."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.lower()) if letter.isascii())


def _pager(call: Call, grid: str, name: str, default: int) -> int:
    text = call.query.get(f"{grid}[_pager][{name}]", "")
    return int(text) if text.isdigit() and int(text) else default
