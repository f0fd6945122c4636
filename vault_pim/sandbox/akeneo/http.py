"""A request and the answers to it, as the surfaces see them.

`Call` is one request with what the kernel has found out about it; the functions build the answers a PIM gives.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, QueryParams
from starlette.responses import HTMLResponse, Response

from vault_pim.sandbox.akeneo import pages
from vault_pim.sandbox.akeneo.pim import Pim
from vault_pim.sandbox.akeneo.sessions import SESSION_COOKIE, Session
from vault_pim.sandbox.akeneo.world import User

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
COLLECTION: Final = "application/vnd.akeneo.collection+json"
MULTIPART: Final = "multipart/form-data"


@dataclass(slots=True, kw_only=True)
class Call:
    """One request; `session` and `user` are filled in by the kernel.

    Attributes:
        keeps_session: whether the answer leaves the browser's session cookie as it is.
    """

    pim: Pim
    method: str
    path: str
    base_url: str
    headers: Headers
    query: QueryParams
    cookies: dict[str, str]
    body: bytes = field(repr=False)
    parts: dict[str, str] = field(default_factory=dict)
    session: Session | None = None
    user: User | None = None
    keeps_session: bool = False

    @property
    def url(self) -> str:
        """The address without its query, as error messages name it."""
        return self.base_url + self.path

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_xhr(self) -> bool:
        return self.headers.get("x-requested-with") == "XMLHttpRequest"

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    def json(self) -> Any:
        """The body read as JSON, whatever its content type says; None where it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def parameters(self) -> dict[str, Any]:
        """The members of a JSON object, or the fields of a form."""
        if self.content_type == JSON:
            data = self.json()
            return data if isinstance(data, dict) else {}
        if self.content_type == FORM:
            return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))
        return {}

    def started_session(self) -> Session:
        """The session of this browser; a new one where it had none."""
        if self.session is None:
            self.session = self.pim.sessions.start()
        return self.session

    @property
    def logged_in_user(self) -> User:
        if self.user is None:
            raise RuntimeError("the kernel lets nobody in without a user")
        return self.user


def json_answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON as PHP writes it, slashes escaped."""
    text = json.dumps(data, separators=(",", ":")).replace("/", "\\/")
    return Response(text, status, headers=headers, media_type=JSON)


def api_error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return json_answer({"code": status, "message": message}, status, headers)


def html(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, headers={"content-type": "text/html; charset=UTF-8"})


def error_page(status: int) -> Response:
    return html(pages.error(status, HTTPStatus(status).phrase), status)


def error(call: Call, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    """An error in the manner of the surface that was called."""
    if call.is_api:
        return api_error(status, message, headers)
    response = error_page(status)
    response.headers.update(headers or {})
    return response


def redirect(location: str, status: int = 302) -> Response:
    response = html(pages.redirect(location), status)
    response.headers["location"] = location
    return response


def empty(status: int = 204) -> Response:
    return Response(status_code=status)


def set_cookie(call: Call, response: Response, name: str, value: str, lifetime: str = "") -> None:
    """Set a cookie; without a lifetime it lasts as long as the browser."""
    web = call.pim.release.web
    attributes = web.session_attributes if name == SESSION_COOKIE else web.cookie_attributes
    response.headers.append("set-cookie", f"{name}={value}; {lifetime}{attributes}")


def delete_cookie(call: Call, response: Response, name: str) -> None:
    """Tell the browser to drop a cookie, dated a year back as the PIM does."""
    past = call.pim.clock.now().replace(year=call.pim.clock.now().year - 1, day=1)
    set_cookie(call, response, name, "deleted", f"{cookie_date(past)}; Max-Age=0; ")


def cookie_date(moment: datetime) -> str:
    return f"expires={moment:%a, %d-%b-%Y %H:%M:%S} GMT"
