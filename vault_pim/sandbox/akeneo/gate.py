"""Who is let in: the session of the interface, the bearer token of the web API, and the right to a route.

Asked by the kernel before a handler runs. A refusal is an answer; what is let in is noted in the call.
"""

import re
from typing import Final

from starlette.responses import Response

from vault_pim.sandbox.akeneo import http, oauth, pages
from vault_pim.sandbox.akeneo.http import Call
from vault_pim.sandbox.akeneo.refusals import ImpossibleError
from vault_pim.sandbox.akeneo.routing import LOGIN_CSRF, NO_OVERALL_ACCESS, OVERALL_ACCESS, Area, Route
from vault_pim.sandbox.akeneo.sessions import REMEMBER_COOKIE
from vault_pim.sandbox.akeneo.world import User

_ANONYMOUS: Final = "Full authentication is required to access this resource."
_OAUTH_ANONYMOUS: Final = "OAuth2 authentication required"


def refused(call: Call, route: Route) -> Response | None:
    """Why this call may not reach its handler; None if it may."""
    match route.area:
        case Area.PUBLIC:
            return _wrong_content_type(call, route)
        case Area.INTERFACE:
            return _refused_by_session(call, route)
        case Area.WEB_API:
            return _refused_by_token(call, route)


def login_page(call: Call, status: int = 401, message: str = "") -> Response:
    """The login form, in a session of this browser."""
    token = call.started_session().csrf_token(LOGIN_CSRF)
    return http.html(pages.login(token, message, call.pim.release.web.form_title), status)


def _refused_by_session(call: Call, route: Route) -> Response | None:
    was_logged_in = call.session is not None and call.session.snapshot is not None
    call.user = _logged_in(call)
    if call.user is None:
        return _to_the_login(call, ended=was_logged_in)
    if route.privilege and not call.user.may(route.privilege):
        return http.error_page(403)
    return http.redirect("/") if route.needs_xhr and not call.is_xhr else None


def _to_the_login(call: Call, *, ended: bool) -> Response:
    login = call.pim.release.login
    if login.front_sees_form if call.path == "/" else login.anonymous_sees_form:
        response = login_page(call)
    else:
        if not call.is_xhr:
            call.started_session()
        response = http.redirect(f"{call.base_url}/user/login")
        if call.path.startswith("/rest/"):
            # The route promises JSON; the page that is sent instead goes by that name.
            response.headers["content-type"] = http.JSON
    if ended and login.ended_forgets:
        http.delete_cookie(call, response, REMEMBER_COOKIE)
    return response


def _logged_in(call: Call) -> User | None:
    sessions = call.pim.sessions
    user = sessions.user_of(call.session) if call.session else None
    if user is None and (user := sessions.remembered(call.cookies.get(REMEMBER_COOKIE, ""))):
        sessions.log_in(call.started_session(), user)
    return user


def _refused_by_token(call: Call, route: Route) -> Response | None:
    who = _bearer(call)
    if isinstance(who, Response):
        return who
    if refusal := _wrong_content_type(call, route):
        return refusal
    if not who.may(OVERALL_ACCESS):
        return http.api_error(403, NO_OVERALL_ACCESS)
    call.user = who
    return None if not route.privilege or who.may(route.privilege) else http.api_error(403, route.refusal)


def _bearer(call: Call) -> User | Response:
    """Who calls the web API, or why nobody may be assumed to."""
    api = call.pim.release.api
    bearer = re.fullmatch(r"Bearer\s(\S+)", call.headers.get("authorization", ""))
    sent = [value for value in (bearer and bearer[1], call.query.get("access_token")) if value]
    if not sent:
        return _challenge(call, _OAUTH_ANONYMOUS) if api.challenges else http.api_error(401, _ANONYMOUS)
    if len(sent) > 1:
        return http.api_error(500, "Internal Server Error")
    try:
        token = oauth.live_token(call.pim, sent[0])
    except ImpossibleError as no:
        return http.api_error(401, str(no))
    if not token.user.enabled:
        return _challenge(call, api.disabled_message)
    oauth.note_call(call.pim, token)
    return token.user


def _challenge(call: Call, message: str) -> Response:
    """A refusal in the OAuth library's own shape."""
    challenge = f'Bearer realm="Service", error="access_denied", error_description="{message}"'
    body = {"error": "access_denied", "error_description": message}
    headers = {"www-authenticate": challenge, "cache-control": call.pim.release.web.challenge_cache}
    if call.pim.release.api.challenges:
        headers["pragma"] = "no-cache"
    return http.json_answer(body, 401, headers)


def _wrong_content_type(call: Call, route: Route) -> Response | None:
    if not route.content_types or call.content_type in route.content_types:
        return None
    names, several = " or ".join(f'"{one}"' for one in route.content_types), len(route.content_types) > 1
    if not call.content_type:
        return http.api_error(415, f'The "Content-Type" header is missing. {names} has to be specified as value.')
    are = "are" if several else "is"
    message = f'"{call.content_type}" in "Content-Type" header is not valid. Only {names} {are} allowed.'
    return http.api_error(415, message)
