"""From a request to an answer: routing, body, session, permission, in the order of the PIM's framework.

Called by the web server for every request. Once the body has arrived nothing waits, so each request is atomic and the
state needs no locks. What a surface answers is the surface's own business.
"""

import re
from collections.abc import Iterable
from email.utils import format_datetime
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from vault_pim.sandbox.akeneo import gate, http
from vault_pim.sandbox.akeneo.http import Call
from vault_pim.sandbox.akeneo.pim import Pim
from vault_pim.sandbox.akeneo.refusals import CrashError, EncoderError, MissingError
from vault_pim.sandbox.akeneo.routing import Area, Route
from vault_pim.sandbox.akeneo.sessions import SESSION_COOKIE


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
        self._set_session_cookie(call, response, known_id)
        if call.session is not None and call.user is not None and not call.is_api:
            self.pim.sessions.refresh(call.session)
        if response.status_code == HTTPStatus.NO_CONTENT and self.pim.release.web.types_empty_answers:
            response.headers["content-type"] = "text/html; charset=UTF-8"
        if "cache-control" not in response.headers:
            web = self.pim.release.web
            response.headers["cache-control"] = web.api_cache if call.is_api else web.interface_cache
        response.headers["date"] = format_datetime(self.pim.clock.now(), usegmt=True)
        return response

    def _set_session_cookie(self, call: Call, response: Response, known_id: str) -> None:
        match self.pim.release.web.session_cookie:
            case "any":
                call.started_session()
            case "used" if call.is_api and call.user is not None:
                call.started_session()
            case "used" if not call.is_api and not call.keeps_session:
                known_id = ""
        if call.session is not None and call.session.id != known_id:
            http.set_cookie(call, response, SESSION_COOKIE, call.session.id)

    def _routed(self, call: Call) -> Response:
        matching = [(route, found) for route in self._routes if (found := route.pattern.fullmatch(call.path))]
        chosen = next(((route, found) for route, found in matching if route.accepts(call.method)), None)
        if chosen is None and matching:
            return self._not_allowed(call, self._allowed(route for route, _ in matching))
        if chosen is None:
            chosen = self._with_or_without_slash(call)
        if chosen is None:
            return self._early_error(call, 404, f'No route found for "{call.method} {self._named(call)}"')
        route, found = chosen
        if unreadable := self._unreadable(call):
            return self._early_error(call, *unreadable)
        call.parts = found.groupdict()
        return self._handled(call, route)

    def _handled(self, call: Call, route: Route) -> Response:
        try:
            return gate.refused(call, route) or route.handler(call)
        except EncoderError:
            return gate.login_page(call)
        except MissingError as missing:
            return http.error(call, 404, str(missing))
        except CrashError:
            return http.error(call, 500, "Internal Server Error")

    def _allowed(self, routes: Iterable[Route]) -> str:
        methods = dict.fromkeys(route.method for route in routes)
        shown = {"GET": "GET, HEAD"} if self.pim.release.web.allows_head else {}
        return ", ".join(shown.get(method, method) for method in methods)

    def _unreadable(self, call: Call) -> tuple[int, str] | None:
        """Why a request is refused for what it sends or takes, as status and message."""
        accepted = call.headers.get("accept", "*/*")
        kinds = {kind.partition(";")[0].strip() for kind in accepted.split(",")}
        if call.is_api and kinds.isdisjoint(("*/*", "application/*", http.JSON)):
            return 406, f'"{accepted}" in "Accept" header is not valid. Only "{http.JSON}" is allowed.'
        if call.content_type == http.JSON and call.body.strip() and not isinstance(call.json(), dict | list):
            return 400, "Invalid json message received"
        return None

    def _with_or_without_slash(self, call: Call) -> tuple[Route, re.Match[str]] | None:
        """A GET that is one trailing slash away from a route is redirected, once it has been let in."""
        if call.method not in ("GET", "HEAD") or not self.pim.release.web.forgives_slash:
            return None
        other = call.path.removesuffix("/") if call.path.endswith("/") else f"{call.path}/"
        for route in self._routes:
            found = route.pattern.fullmatch(other)
            if found and route.method == "GET":
                return _redirect_to(call.base_url + other, Area.WEB_API if call.is_api else route.area), found
        return None

    def _not_allowed(self, call: Call, allow: str) -> Response:
        message = f'No route found for "{call.method} {self._named(call)}": Method Not Allowed (Allow: {allow})'
        return self._early_error(call, 405, message, {"allow": allow})

    def _early_error(self, call: Call, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
        """An error from before the session is looked at: PHP sends the session's cookie once more by itself."""
        call.keeps_session = True
        response = http.error(call, status, message, headers)
        attributes = self.pim.release.web.early_cookie
        if call.session is not None and not call.is_api and attributes:
            response.headers.append("set-cookie", f"{SESSION_COOKIE}={call.session.id}; {attributes}")
        return response

    def _named(self, call: Call) -> str:
        """The address as an error message has it."""
        return call.url if self.pim.release.web.names_whole_urls else call.path


def _redirect_to(target: str, area: Area) -> Route:
    return Route(method="GET", path="", area=area, handler=lambda _: http.redirect(target, 301))
