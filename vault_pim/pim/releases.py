"""What differs from one PIM release to the next, as far as this package must know: one row per release.

Read by the rest of this package; nothing in it compares release names. A PIM older than every row is refused, a newer
one is taken for the newest. Source: contracts/akeneo/observed-older.md and by-release.md §3 and §6.
"""

from dataclasses import dataclass
from typing import Final

_SYSTEM: Final = "/api/rest/v1/system-information"
_FILES: Final = "/api/rest/v1/media-files?limit=1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The capabilities of one PIM release.

    Attributes:
        name: how the configuration calls it.
        marker: a route of the Web API, or a path of the web interface, that this release has and the one before it
            has not.
        connection_limit: connections and connected apps together, as the PIM advertises it; None where there are no
            connections.
        limit_enforced: whether the PIM keeps that limit, and says when it is reached.
        reports_foreign_users: whether it says who used a connection's client without being its user.
        client_screen: whether the web interface makes OAuth clients.
        label_option: whether the console takes a client's label as an option, not as an argument.
        users_by_rest: whether users are made over REST; by a form before that.
        roles_by_rest: whether roles are listed over REST; in a grid before that.
        trailing_slash: whether paths such as `/rest/user/` end in a slash.
        open_call: a read that needs overall access alone.
        unprotected: privileges that forbid nothing here, those of newer releases among them.
    """

    name: str
    marker: str
    connection_limit: int | None = 50
    limit_enforced: bool = False
    reports_foreign_users: bool = False
    client_screen: bool = False
    label_option: bool = False
    users_by_rest: bool = True
    roles_by_rest: bool = True
    trailing_slash: bool = True
    open_call: str = _FILES
    unprotected: frozenset[str] = frozenset(("pim_api_product_list",))

    def rest(self, name: str) -> str:
        """The path of one of the interface's own lists: `user`, `user_group`, `security`."""
        return f"/rest/{name}{'/' if self.trailing_slash else ''}"


RELEASES: Final = (
    Release(
        name="master",
        marker="pim_api_category_media_file_download",
        limit_enforced=True,
        reports_foreign_users=True,
        open_call=_SYSTEM,
        unprotected=frozenset(),
    ),
    Release(
        name="7.0",
        marker="pim_api_product_uuid_list",
        limit_enforced=True,
        reports_foreign_users=True,
        open_call=_SYSTEM,
        unprotected=frozenset(("pim_api_category_list",)),
    ),
    Release(
        name="6.0",
        marker="pim_analytics_external_api_system_info_get",
        reports_foreign_users=True,
        open_call=_SYSTEM,
        unprotected=frozenset(),
    ),
    Release(name="5.0", marker="pim_api_measurement_family_get", reports_foreign_users=True),
    Release(name="4.0", marker="/rest/connections"),
    Release(name="3.2", marker="/rest/user_role/", connection_limit=None, client_screen=True),
    Release(
        name="2.3",
        marker="pim_api_currency_list",
        connection_limit=None,
        client_screen=True,
        users_by_rest=False,
        roles_by_rest=False,
    ),
    Release(
        name="1.7",
        marker="pim_api_locale_list",
        connection_limit=None,
        label_option=True,
        users_by_rest=False,
        roles_by_rest=False,
        trailing_slash=False,
        unprotected=frozenset(
            (
                "pim_api_product_list",
                "pim_api_currency_list",
                "pim_api_attribute_group_list",
                "pim_api_association_type_list",
            )
        ),
    ),
)
"""Newest first."""

CONNECTIONS: Final = tuple(release for release in RELEASES if release.connection_limit is not None)
"""Releases that have connections, newest first."""
