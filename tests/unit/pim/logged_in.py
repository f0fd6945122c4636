"""A scripted PIM that lets us in."""

from datetime import UTC, datetime

from tests.canary import CANARY
from tests.fakes.ledger import InMemoryLoginLedger
from tests.fakes.scripted_pim import Scripted, ScriptedPim
from vault_pim.domain.secret import SecretStr
from vault_pim.pim.http import Http
from vault_pim.pim.web_session import WebSession

PASSWORD = SecretStr(f"{CANARY}-password")
LOGIN_PAGE = Scripted(
    content_type="text/html",
    headers=(("Set-Cookie", "BAPID=before; path=/"), ("Set-Cookie", "LB=node1; path=/")),
    body='<form action="/user/login-check"><input name="_username"><input type="hidden" name="_csrf_token" value="t">',
)
LOGGED_IN = Scripted(
    status=302,
    content_type="text/html",
    headers=(
        ("Location", "/"),
        ("Set-Cookie", "BAPRM=deleted; expires=Sun, 23-Nov-2025 22:54:54 GMT; Max-Age=0; path=/"),
        ("Set-Cookie", f"BAPID={CANARY}; path=/; httponly; samesite=lax"),
    ),
)
BACK_TO_LOGIN = Scripted(status=302, content_type="text/html", headers=(("Location", "/user/login"),))


class StoppedClock:
    """`Clock` that stands still."""

    def now(self) -> datetime:
        """New Year."""
        return datetime(2026, 1, 1, tzinfo=UTC)


def tell_login(pim: ScriptedPim) -> None:
    """Let the PIM know the user `Daemon`."""
    pim.tell("GET", "/user/login", LOGIN_PAGE)
    pim.tell("POST", "/user/login-check", LOGGED_IN)
    pim.tell("GET", "/rest/user/", Scripted(body='{"username": "Daemon", "email": "daemon@example.com"}'))
    pim.tell("GET", "/user/logout", BACK_TO_LOGIN)


def session(http: Http, ledger: InMemoryLoginLedger | None = None, username: str = "daemon") -> WebSession:
    """That user's session."""
    return WebSession(
        http, username=username, password=lambda: PASSWORD, ledger=ledger or InMemoryLoginLedger(), clock=StoppedClock()
    )
