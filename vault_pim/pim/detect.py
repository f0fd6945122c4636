"""Which release a PIM is, by what it can do rather than by what it says: numbers of hosted PIMs do not compare.

Called by `driver`. Refuses a PIM that lacks what the mechanism needs, one that is not of the configured release, and
an account of ours that may not do its work, before anything is written. Source: contracts/akeneo/by-release.md §6 and
§2.7.
"""

from typing import Final

from vault_pim.domain.errors import ConfigurationError, PimRefusal, UnknownShape
from vault_pim.pim.answers import RootAnswer, read
from vault_pim.pim.http import Http
from vault_pim.pim.releases import CONNECTIONS, Release
from vault_pim.pim.web_session import WebSession

AUTO: Final = "auto"

_NEEDED = (
    "akeneo_connectivity_connection_manage_settings",
    "pim_user_role_create",
    "pim_user_role_edit",
    "pim_user_role_index",
)


def detect_release(http: Http, configured: str = AUTO) -> Release:
    """The newest known release whose marker route the PIM has. Needs no account.

    Args:
        configured: the release it must be, or `auto`.

    Raises:
        ConfigurationError: the configured release has no connections that we know.
        UnknownShape: the PIM is older than every release we know, is another one, or is no PIM.
    """
    if configured != AUTO and configured not in (release.name for release in CONNECTIONS):
        raise ConfigurationError(
            f"PIM release {configured} is not known to the mechanism `connections`",
            advice=f"Set pims.{http.pim}.release to auto or one of {', '.join(one.name for one in CONNECTIONS)}.",
        )
    routes = read(http.send("GET", "/api/rest/v1").expect(200), RootAnswer).routes
    found = next((release for release in CONNECTIONS if release.marker_route in routes), None)
    if found is None:
        raise UnknownShape(f"PIM {http.pim} is of no release whose connections we know")
    if configured not in (AUTO, found.name):
        raise UnknownShape(
            f"PIM {http.pim} is not of release {configured}",
            why=f"by the routes of its Web API it is {found.name}",
            advice=f"Set pims.{http.pim}.release to auto or {found.name}.",
        )
    return found


def check_account(web: WebSession) -> None:
    """See that our own account may do what the mechanism needs.

    Raises:
        UnknownShape: the PIM does not know one of the privileges, so it is not what we took it for.
        PimRefusal: the account lacks one.
    """
    held = read(web.call("GET", "/rest/security/").expect(200), dict[str, bool])
    unknown = [name for name in _NEEDED if name not in held]
    if unknown:
        raise UnknownShape("the PIM does not know the permissions of connections", why=f"missing: {', '.join(unknown)}")
    lacking = [name for name in _NEEDED if not held[name]]
    if lacking:
        raise PimRefusal(
            "vault-pim's PIM account may not do its work",
            why=f"its role lacks {', '.join(lacking)}",
            advice="Give that role these permissions at the PIM.",
        )
