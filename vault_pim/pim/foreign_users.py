"""Who used a connection's client without being its user, as the PIM reports it.

Used by `driver`. The PIM takes any client with any user; from 5.0 on it tells for seven days who did so. Refused grants
are not told (contracts/akeneo/by-release.md §7).
"""

from vault_pim.domain.facts import ForeignUser
from vault_pim.pim.answers import read
from vault_pim.pim.releases import Release
from vault_pim.pim.shapes import WronglyUsed
from vault_pim.pim.web_session import WebSession

_PATH = "/rest/connections/wrong-credentials-combination"
_NOBODY = "[]"
"""Not the empty object that one would expect."""


def foreign_users(web: WebSession, release: Release) -> tuple[ForeignUser, ...]:
    """All of them, of connections that are not ours too; nobody where the PIM does not say."""
    if not release.reports_foreign_users:
        return ()
    answer = web.call("GET", _PATH).expect(200)
    told = {} if answer.text.strip() == _NOBODY else read(answer, dict[str, WronglyUsed])
    return tuple(
        ForeignUser(label=one.code, username=user.username, last_at=user.date)
        for one in told.values()
        for user in one.users
    )
