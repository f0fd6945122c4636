"""The lists that a PIM's screens show, read page by page.

Used by `roles`, `users` and `clients`, for what has no list over REST. Source: contracts/akeneo/observed-older.md §6.
"""

from typing import Final, TypeVar

from vault_pim.domain.errors import PimNoAnswer
from vault_pim.pim.answers import Shape, read
from vault_pim.pim.web_session import WebSession

PAGE_SIZE: Final = 100
"""The largest that a screen itself offers."""

R = TypeVar("R", bound=Shape)


class _Options(Shape):
    totalRecords: int  # noqa: N815 - the PIM's own word


def grid_rows(web: WebSession, grid: str, row: type[R]) -> tuple[R, ...]:
    """Every row of a grid, in its shape.

    Raises:
        PimNoAnswer: the list changed while it was read.
    """

    class Page(Shape):
        data: tuple[row, ...]  # type: ignore[valid-type]
        options: _Options

    rows: list[R] = []
    for number in range(1, 1_000_000):
        query = f"{grid}%5B_pager%5D%5B_page%5D={number}&{grid}%5B_pager%5D%5B_per_page%5D={PAGE_SIZE}"
        page = read(web.call("GET", f"/datagrid/{grid}?{query}").expect(200), Page)
        rows += page.data
        if len(rows) >= page.options.totalRecords:
            return tuple(rows)
        if not page.data:
            break
    raise PimNoAnswer(f"the list {grid} of the PIM changed while it was read", advice="Run the command again.")
