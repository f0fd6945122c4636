"""The login form, its check, the lock after five failures, logout, the front page."""

from datetime import timedelta
from typing import Final

from starlette.responses import Response

from vault_pim.sandbox.akeneo import http, pages
from vault_pim.sandbox.akeneo.http import Call
from vault_pim.sandbox.akeneo.kernel import LOGIN_CSRF, Area, Route
from vault_pim.sandbox.akeneo.pim import Pim
from vault_pim.sandbox.akeneo.refusals import MissingError
from vault_pim.sandbox.akeneo.sessions import REMEMBER_COOKIE, REMEMBERED, SESSION_COOKIE
from vault_pim.sandbox.akeneo.world import User

FAILURES_ALLOWED: Final = 5
LOCKED_FOR: Final = timedelta(minutes=5)

_WRONG_CREDENTIALS: Final = "Invalid credentials."
_WRONG_CSRF: Final = "Invalid CSRF token."
_LOCKED: Final = "Your account is locked for 5 minutes after too many authentication attempts."


def routes() -> list[Route]:
    return [
        Route(method="GET", path="/", handler=_front),
        Route(method="GET", path="/user/login", handler=_form, area=Area.PUBLIC),
        Route(method="GET", path="/user/login-check", handler=_unchecked),
        Route(method="POST", path="/user/login-check", handler=_check, area=Area.PUBLIC),
        Route(method="GET", path="/user/logout", handler=_logout, area=Area.PUBLIC),
    ]


def _front(_: Call) -> Response:
    return http.html(pages.front())


def _form(call: Call) -> Response:
    session = call.started_session()
    message, session.login_error = session.login_error, ""
    return http.html(pages.login(session.csrf_token(LOGIN_CSRF), message))


def _unchecked(_: Call) -> Response:
    raise MissingError("nothing but the firewall answers here")


def _check(call: Call) -> Response:
    fields = call.parameters()
    login, password = fields.get("_username"), fields.get("_password", "")
    if not isinstance(login, str) or not isinstance(password, str):
        return http.error_page(400)
    session = call.started_session()
    user = _known(call.pim, login)
    token = fields.get("_csrf_token", "")
    if user is None:
        # The PIM loads the user again to count the failure, and cannot: that gives away who exists.
        response = http.html(pages.login(session.csrf_token(LOGIN_CSRF), _WRONG_CREDENTIALS), 401)
    elif reason := _failure(call.pim, user, password, csrf_holds=session.accepts(LOGIN_CSRF, str(token))):
        session.login_error = reason
        response = http.redirect(f"{call.base_url}/user/login")
    else:
        user.last_login, user.login_count = call.pim.clock.now(), user.login_count + 1
        call.pim.sessions.log_in(session, user)
        response = http.redirect(f"{call.base_url}/")
        if fields.get("_remember_me"):
            return _remembered(call, response, user)
    http.delete_cookie(call, response, REMEMBER_COOKIE)
    return response


def _known(pim: Pim, login: str) -> User | None:
    """Who may use the form at all: enabled users of the interface."""
    user = pim.world.user_by_login(login) if login else None
    return user if user is not None and user.enabled and not user.api_type else None


def _failure(pim: Pim, user: User, password: str, *, csrf_holds: bool) -> str:
    """Why this login fails, counted; empty if it succeeds.

    The five minutes run from the first failure. Only a success resets the count, so after them the account is open and
    further failures do not lock it again (by-release.md §2.6).
    """
    now = pim.clock.now()
    if user.failures >= FAILURES_ALLOWED and user.first_failure and now < user.first_failure + LOCKED_FOR:
        return _LOCKED
    reason = _WRONG_CSRF if not csrf_holds else "" if user.has_password(password) else _WRONG_CREDENTIALS
    if reason:
        user.failures += 1
        user.first_failure = user.first_failure or now
    else:
        user.failures, user.first_failure = 0, None
    return reason


def _remembered(call: Call, response: Response, user: User) -> Response:
    value, until = call.pim.sessions.remember(user), call.pim.clock.now() + REMEMBERED
    seconds = int(REMEMBERED.total_seconds())
    attributes = f"{http.cookie_date(until)}; Max-Age={seconds}; path=/; httponly; samesite=lax"
    http.set_cookie(response, REMEMBER_COOKIE, value, attributes)
    return response


def _logout(call: Call) -> Response:
    if call.session is not None:
        call.pim.sessions.end(call.session)
        call.session = None
    call.pim.sessions.forget(call.cookies.get(REMEMBER_COOKIE, ""))
    response = http.redirect(f"{call.base_url}/")
    for name in (SESSION_COOKIE, REMEMBER_COOKIE):
        http.delete_cookie(call, response, name)
    return response
