"""Which release a PIM is, by what it can do rather than by what it says: numbers of hosted PIMs do not compare.

Called by `driver`. Refuses a PIM older than every release we know, one that is not of the configured release, and an
account of ours that may not do its work, before anything is written. Source: contracts/akeneo/by-release.md §6 and
§2.7, observed-older.md §2.
"""

from typing import Final

import requests

from vault_pim.domain.errors import ConfigurationError, PimRefusal, UnknownShape
from vault_pim.pim.answers import read
from vault_pim.pim.http import Http
from vault_pim.pim.releases import RELEASES, Release
from vault_pim.pim.shapes import RootAnswer
from vault_pim.pim.web_session import WebSession

AUTO: Final = "auto"


def detect_release(http: Http, configured: str = AUTO) -> Release:
    """The newest known release whose marker the PIM has. Needs no account.

    Args:
        configured: the release it must be, or `auto`.

    Raises:
        ConfigurationError: the configured release is not one we know.
        UnknownShape: the PIM is older than every release we know, is another one, or is no PIM.
    """
    names = [release.name for release in RELEASES]
    if configured not in (AUTO, *names):
        raise ConfigurationError(
            f"PIM release {configured} is not known",
            advice=f"Set pims.{http.pim}.release to auto or one of {', '.join(names)}.",
        )
    routes = read(http.send("GET", "/api/rest/v1").expect(200), RootAnswer).routes

    def has(marker: str) -> bool:
        if not marker.startswith("/"):
            return marker in routes
        # A page that is there wants a login; one that is not is 404 for everybody (observed-older.md §2).
        status = http.send("GET", marker).expect(302, 401, 404).status
        return status != int(requests.codes.not_found)

    found = next((release for release in RELEASES if has(release.marker)), None)
    if found is None:
        raise UnknownShape(f"PIM {http.pim} is of no release that we know", why="it lacks the routes of PIM 1.7")
    if configured not in (AUTO, found.name):
        raise UnknownShape(
            f"PIM {http.pim} is not of release {configured}",
            why=f"by what it offers it is {found.name}",
            advice=f"Set pims.{http.pim}.release to auto or {found.name}.",
        )
    return found


def held_privileges(web: WebSession, release: Release, needed: frozenset[str]) -> frozenset[str]:
    """What our own account may do.

    Args:
        needed: what it must be allowed to do.

    Raises:
        UnknownShape: the PIM does not know one of these privileges, so it is not what we took it for.
        PimRefusal: the account lacks one.
    """
    told = read(web.call("GET", release.rest("security")).expect(200), dict[str, bool])
    if unknown := sorted(needed - told.keys()):
        raise UnknownShape("the PIM does not know permissions that we need", why=f"missing: {', '.join(unknown)}")
    if lacking := sorted(name for name in needed if not told[name]):
        raise PimRefusal(
            "vault-pim's PIM account may not do its work",
            why=f"its role lacks {', '.join(lacking)}",
            advice="Give that role these permissions at the PIM.",
        )
    return frozenset(name for name, held in told.items() if held)
