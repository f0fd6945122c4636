"""What differs from one PIM release to the next, as far as this package must know: one row per release.

Read by `detect`, `driver` and `verification`; none of them compares release names. A release without a row is
refused. Source: contracts/akeneo/by-release.md §3.1, §3.7 and §6.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The capabilities of one PIM release.

    Attributes:
        name: how the configuration calls it.
        marker_route: a route of the Web API that this release has and the one before it has not.
        connection_limit: connections and connected apps together, enforced by the PIM; None where it enforces none.
        unprotected: privileges that forbid nothing here, though the PIM offers them.
    """

    name: str
    marker_route: str
    connection_limit: int | None
    unprotected: frozenset[str]


CONNECTIONS: Final = (
    Release(
        name="master",
        marker_route="pim_api_category_media_file_download",
        connection_limit=50,
        unprotected=frozenset(),
    ),
    Release(
        name="7.0",
        marker_route="pim_api_product_uuid_list",
        connection_limit=50,
        unprotected=frozenset(("pim_api_category_list",)),
    ),
)
"""Releases whose connections we know, newest first."""
