"""The login form, its check, the lock after five failures, logout, the front page."""

from datetime import timedelta
from typing import Final

from starlette.responses import Response

from vault_pim.sandbox.akeneo import gate, http, pages
from vault_pim.sandbox.akeneo.http import Call
from vault_pim.sandbox.akeneo.pim import Pim
from vault_pim.sandbox.akeneo.refusals import MissingError
from vault_pim.sandbox.akeneo.release import Release
from vault_pim.sandbox.akeneo.routing import LOGIN_CSRF, Area, Route
from vault_pim.sandbox.akeneo.sessions import REMEMBER_COOKIE, REMEMBERED, SESSION_COOKIE
from vault_pim.sandbox.akeneo.world import User

FAILURES_ALLOWED: Final = 5
LOCKED_FOR: Final = timedelta(minutes=5)

_WRONG_CREDENTIALS: Final = "Invalid credentials."
_WRONG_CSRF: Final = "Invalid CSRF token."
_LOCKED: Final = "Your account is locked for 5 minutes after too many authentication attempts."


def routes(release: Release) -> list[Route]:
    return [
        Route(method="GET", path="/", handler=_front),
        Route(method="GET", path=f"/user{release.users.slash}", handler=_front, privilege="pim_user_user_index"),
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
    return gate.login_page(call, 200, message)


def _unchecked(_: Call) -> Response:
    raise MissingError("nothing but the firewall answers here")


def _check(call: Call) -> Response:
    fields = call.parameters()
    login, password = fields.get("_username"), fields.get("_password", "")
    if not isinstance(login, str) or not isinstance(password, str):
        return http.error_page(400)
    session = call.started_session()
    user = call.pim.world.user_by_login(login) if login else None
    csrf_holds = session.accepts(LOGIN_CSRF, str(fields.get("_csrf_token", "")))
    if call.pim.release.login.strangers_see_form and not _may_log_in(user):
        # The PIM loads the user again to count the failure, and cannot: that gives away who exists.
        response = gate.login_page(call, 401, _WRONG_CREDENTIALS)
    else:
        session.login_error = _failure(call.pim, user, password, csrf_holds=csrf_holds)
        if user is not None and not session.login_error:
            return _logged_in(call, user, remember=bool(fields.get("_remember_me")))
        response = http.redirect(f"{call.base_url}/user/login")
    if call.pim.release.login.failure_keeps_cookies:
        call.keeps_session = True
    else:
        http.delete_cookie(call, response, REMEMBER_COOKIE)
    return response


def _logged_in(call: Call, user: User, *, remember: bool) -> Response:
    user.last_login, user.login_count = call.pim.clock.now(), user.login_count + 1
    call.pim.sessions.log_in(call.started_session(), user)
    response = http.redirect(f"{call.base_url}/")
    if remember:
        return _remembered(call, response, user)
    http.delete_cookie(call, response, REMEMBER_COOKIE)
    return response


def _may_log_in(user: User | None) -> bool:
    """Whether this is somebody whom the form is for: an enabled user of the interface."""
    return user is not None and user.enabled and not user.api_type


def _failure(pim: Pim, user: User | None, password: str, *, csrf_holds: bool) -> str:
    """Why this login fails, counted; empty if it succeeds.

    The five minutes run from the first failure. Newer PIMs reset the count at a success alone, so after the five
    minutes the account is open and further failures do not lock it again (by-release.md §2.6).
    """
    login, now = pim.release.login, pim.clock.now()
    reason = _reason(user, password, login.disabled_message, csrf_holds=csrf_holds)
    counted = {"nothing": False, "passwords": reason != _WRONG_CSRF, "failures": True}[login.lock_counts]
    if user is None or not counted:
        return reason
    if login.lock_counts == "passwords" and user.first_failure and now >= user.first_failure + LOCKED_FOR:
        user.failures, user.first_failure = 0, None
    if user.failures >= FAILURES_ALLOWED and user.first_failure and now < user.first_failure + LOCKED_FOR:
        return _LOCKED
    if reason:
        user.failures += 1
        user.first_failure = user.first_failure or now
    else:
        user.failures, user.first_failure = 0, None
    return reason


def _reason(user: User | None, password: str, disabled_message: str, *, csrf_holds: bool) -> str:
    if not csrf_holds:
        return _WRONG_CSRF
    if user is None or user.api_type or not user.has_password(password):
        return _WRONG_CREDENTIALS
    return "" if user.enabled else disabled_message


def _remembered(call: Call, response: Response, user: User) -> Response:
    value, until = call.pim.sessions.remember(user), call.pim.clock.now() + REMEMBERED
    seconds = int(REMEMBERED.total_seconds())
    lifetime = f"{http.cookie_date(until)}; Max-Age={seconds}; "
    http.set_cookie(call, response, REMEMBER_COOKIE, value, lifetime)
    return response


def _logout(call: Call) -> Response:
    if call.session is not None:
        call.pim.sessions.end(call.session)
        call.session = None
    call.pim.sessions.forget(call.cookies.get(REMEMBER_COOKIE, ""))
    response = http.redirect(f"{call.base_url}/")
    if call.pim.release.login.logout_drops_session:
        http.delete_cookie(call, response, SESSION_COOKIE)
    http.delete_cookie(call, response, REMEMBER_COOKIE)
    return response
