"""From a request to an answer: routing, body, session, permission, in the order of the PIM's framework.

Called by the web server for every request. Once the body has arrived nothing waits, so each request is atomic and the
state needs no locks. What a surface answers is the surface's own business.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import format_datetime
from enum import Enum, auto
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from vault_pim.sandbox.akeneo import http, oauth, pages
from vault_pim.sandbox.akeneo.http import Call
from vault_pim.sandbox.akeneo.pim import Pim
from vault_pim.sandbox.akeneo.refusals import CrashError, ImpossibleError, MissingError
from vault_pim.sandbox.akeneo.sessions import REMEMBER_COOKIE, SESSION_COOKIE
from vault_pim.sandbox.akeneo.world import User

LOGIN_CSRF: Final = "authenticate"
OVERALL_ACCESS: Final = "pim_api_overall_access"
NO_OVERALL_ACCESS: Final = "You are not allowed to access the web API."

Handler = Callable[[Call], Response]


class Area(Enum):
    """Who is let in: everybody, a session, or a bearer token."""

    PUBLIC = auto()
    INTERFACE = auto()
    WEB_API = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path.

    Attributes:
        path: `{name}` stands for one segment, `{name:regex}` for a narrower one.
        privilege: what the user's roles must grant; empty for nothing.
        refusal: the sentence of the web API for a missing privilege.
        needs_xhr: without `X-Requested-With` the answer is a redirect to the front page, and nothing happens.
        content_types: the web API's accepted content types; empty for any.
    """

    method: str
    path: str
    handler: Handler
    area: Area = Area.INTERFACE
    privilege: str = ""
    refusal: str = NO_OVERALL_ACCESS
    needs_xhr: bool = False
    content_types: tuple[str, ...] = ()
    pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        pattern = re.sub(r"\{(\w+):([^}]+)\}|\{(\w+)\}", _segment, self.path)
        object.__setattr__(self, "pattern", re.compile(pattern))

    def accepts(self, method: str) -> bool:
        return method == self.method or (method == "HEAD" and self.method == "GET")


class Kernel:
    """The ASGI application of one PIM."""

    def __init__(self, pim: Pim, routes: list[Route]) -> None:
        self.pim = pim
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        call = Call(
            pim=self.pim,
            method=request.method,
            path=request.scope["path"],
            base_url=f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}",
            headers=request.headers,
            query=request.query_params,
            cookies=request.cookies,
            body=body,
        )
        response = self.answer(call)
        await response(scope, receive, send)

    def answer(self, call: Call) -> Response:
        """The answer to one request, with its session kept up to date."""
        call.session = self.pim.sessions.find(call.cookies.get(SESSION_COOKIE, ""))
        known_id = call.session.id if call.session else ""
        response = self._routed(call)
        if call.session is not None:
            if call.session.id != known_id:
                http.set_cookie(response, SESSION_COOKIE, call.session.id)
            if call.user is not None and not call.is_api:
                self.pim.sessions.refresh(call.session)
        if "cache-control" not in response.headers:
            private = "no-cache, private" if call.is_api else "max-age=0, must-revalidate, private"
            response.headers["cache-control"] = private
        response.headers["date"] = format_datetime(self.pim.clock.now(), usegmt=True)
        return response

    def _routed(self, call: Call) -> Response:
        matching = [(route, found) for route in self._routes if (found := route.pattern.fullmatch(call.path))]
        chosen = next(((route, found) for route, found in matching if route.accepts(call.method)), None)
        if chosen is None and matching:
            return self._not_allowed(call, ", ".join(dict.fromkeys(route.method for route, _ in matching)))
        if chosen is None:
            chosen = self._with_or_without_slash(call)
        if chosen is None:
            return self._early_error(call, 404, f'No route found for "{call.method} {call.url}"')
        route, found = chosen
        if call.content_type == http.JSON and call.body.strip() and not isinstance(call.json(), dict | list):
            return self._early_error(call, 400, "Invalid json message received")
        call.parts = found.groupdict()
        try:
            return self._refused(call, route) or route.handler(call)
        except MissingError as missing:
            return http.error(call, 404, str(missing))
        except CrashError:
            return http.error(call, 500, "Internal Server Error")

    def _with_or_without_slash(self, call: Call) -> tuple[Route, re.Match[str]] | None:
        """A GET that is one trailing slash away from a route is redirected, once it has been let in."""
        if call.method not in ("GET", "HEAD"):
            return None
        other = call.path.removesuffix("/") if call.path.endswith("/") else f"{call.path}/"
        for route in self._routes:
            found = route.pattern.fullmatch(other)
            if found and route.method == "GET":
                return _redirect_to(call.base_url + other, Area.WEB_API if call.is_api else route.area), found
        return None

    def _not_allowed(self, call: Call, allow: str) -> Response:
        message = f'No route found for "{call.method} {call.url}": Method Not Allowed (Allow: {allow})'
        return self._early_error(call, 405, message, {"allow": allow})

    def _early_error(self, call: Call, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
        """An error from before the session is looked at: PHP sends the session's cookie once more by itself."""
        response = http.error(call, status, message, headers)
        if call.session is not None and not call.is_api:
            http.set_cookie(response, SESSION_COOKIE, call.session.id, "path=/; HttpOnly; SameSite=lax")
        return response

    def _refused(self, call: Call, route: Route) -> Response | None:
        match route.area:
            case Area.PUBLIC:
                return _wrong_content_type(call, route)
            case Area.INTERFACE:
                return self._refused_by_session(call, route)
            case Area.WEB_API:
                return self._refused_by_token(call, route)

    def _refused_by_session(self, call: Call, route: Route) -> Response | None:
        call.user = self._logged_in(call)
        if call.user is None:
            if call.path == "/":
                if not call.is_xhr:
                    call.started_session()
                return http.redirect(f"{call.base_url}/user/login")
            return http.html(pages.login(call.started_session().csrf_token(LOGIN_CSRF)), 401)
        if route.privilege and not call.user.may(route.privilege):
            return http.error_page(403)
        return http.redirect("/") if route.needs_xhr and not call.is_xhr else None

    def _logged_in(self, call: Call) -> User | None:
        sessions = self.pim.sessions
        user = sessions.user_of(call.session) if call.session else None
        if user is None and (user := sessions.remembered(call.cookies.get(REMEMBER_COOKIE, ""))):
            sessions.log_in(call.started_session(), user)
        return user

    def _refused_by_token(self, call: Call, route: Route) -> Response | None:
        who = self._bearer(call)
        if isinstance(who, Response):
            return who
        call.user = who
        if refusal := _wrong_content_type(call, route):
            return refusal
        if not who.may(OVERALL_ACCESS):
            return http.api_error(403, NO_OVERALL_ACCESS)
        return None if not route.privilege or who.may(route.privilege) else http.api_error(403, route.refusal)

    def _bearer(self, call: Call) -> User | Response:
        """Who calls the web API, or why nobody may be assumed to."""
        bearer = re.fullmatch(r"Bearer\s(\S+)", call.headers.get("authorization", ""))
        sent = [value for value in (bearer and bearer[1], call.query.get("access_token")) if value]
        if not sent:
            return http.api_error(401, "Full authentication is required to access this resource.")
        if len(sent) > 1:
            return http.api_error(500, "Internal Server Error")
        try:
            token = oauth.live_token(self.pim, sent[0])
        except ImpossibleError as no:
            return http.api_error(401, str(no))
        if not token.user.enabled:
            return _disabled()
        oauth.note_call(self.pim, token)
        return token.user


def _redirect_to(target: str, area: Area) -> Route:
    return Route(method="GET", path="", area=area, handler=lambda _: http.redirect(target, 301))


def _segment(found: re.Match[str]) -> str:
    name, regex = (found[1], found[2]) if found[1] else (found[3], "[^/]+")
    return f"(?P<{name}>{regex})"


def _wrong_content_type(call: Call, route: Route) -> Response | None:
    if not route.content_types or call.content_type in route.content_types:
        return None
    names, several = " or ".join(f'"{one}"' for one in route.content_types), len(route.content_types) > 1
    if not call.content_type:
        return http.api_error(415, f'The "Content-Type" header is missing. {names} has to be specified as value.')
    are = "are" if several else "is"
    message = f'"{call.content_type}" in "Content-Type" header is not valid. Only {names} {are} allowed.'
    return http.api_error(415, message)


def _disabled() -> Response:
    """The one refusal of the web API that has the OAuth library's own shape."""
    challenge = 'Bearer realm="Service", error="access_denied", error_description="Bad credentials."'
    body = {"error": "access_denied", "error_description": "Bad credentials."}
    return http.json_answer(body, 401, {"www-authenticate": challenge})
