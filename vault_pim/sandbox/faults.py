"""Faults on demand: an answer that gets lost, a connection cut, a delay, a 503, half a body, an expired session.

Wrapped around the PIM by `pim_server`. A fault waits without holding anything up but its own request.
"""

import asyncio
import fnmatch
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Final, Literal, get_args

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vault_pim.sandbox.akeneo.sessions import SESSION_COOKIE

Kind = Literal["lose_reply", "refuse", "delay", "html_500", "status", "half_body", "expire_session"]
KINDS: Final = get_args(Kind)
HTML_500: Final = "<!DOCTYPE html>\n<html><head><title>An Error Occurred: Internal Server Error</title></head></html>"


@dataclass(slots=True, kw_only=True)
class Fault:
    """What shall go wrong, and with which requests.

    Attributes:
        kind: `lose_reply` lets the request take effect and closes the connection without an answer; `refuse` closes it
            before any effect; `delay` waits `seconds`, before the effect or (`after_effect`) between effect and answer;
            `html_500` and `status` answer without any effect; `half_body` answers half of the body and closes;
            `expire_session` forgets the browser's session first.
        method: the method it waits for; `*` for any.
        path: the path it waits for, with wildcards.
        times: how many requests it meets; None for all.
        seconds: of a delay.
        status: the status to answer.
        headers: sent with that status, such as `Retry-After`.
        body: sent with that status.
    """

    kind: Kind
    method: str = "*"
    path: str = "*"
    times: int | None = 1
    seconds: float = 0.0
    after_effect: bool = False
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no kind of fault; there are {', '.join(KINDS)}")

    def meets(self, method: str, path: str) -> bool:
        return self.times != 0 and self.method in ("*", method) and fnmatch.fnmatchcase(path, self.path)


class Faults:
    """The faults in wait; the first that meets a request acts on it."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request, counted as used."""
        fault = next((one for one in self._faults if one.meets(method, path)), None)
        if fault is not None and fault.times is not None:
            fault.times -= 1
        return fault


class FaultMiddleware:
    """The PIM with its faults.

    Args:
        hang_up: closes the connection of a scope, answer or no answer.
        expire: forgets the session of a cookie value.
    """

    def __init__(
        self, app: ASGIApp, faults: Faults, hang_up: Callable[[Scope], None], expire: Callable[[str], None]
    ) -> None:
        self._app = app
        self._faults = faults
        self._hang_up = hang_up
        self._expire = expire

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._faults.take(scope["method"], scope["path"])
        match fault.kind if fault else None:
            case "refuse":
                await self._hung_up(scope, receive)
                return
            case "html_500":
                await Response(HTML_500, 500, media_type="text/html")(scope, receive, send)
                return
            case "lose_reply":
                await self._app(scope, receive, _swallow)
                await self._hung_up(scope, receive)
                return
            case "expire_session":
                self._expire(_cookie(scope, SESSION_COOKIE))
            case "delay" if fault and fault.after_effect:
                send = _delayed(send, fault.seconds)
            case "delay" if fault:
                await asyncio.sleep(fault.seconds)
            case "half_body":
                await self._app(scope, receive, _halved(send))
                await self._hung_up(scope, receive)
                return
            case "status" if fault:
                await Response(fault.body, fault.status, fault.headers)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _hung_up(self, scope: Scope, receive: Receive) -> None:
        self._hang_up(scope)
        while (await receive())["type"] != "http.disconnect":
            pass


async def _swallow(_: Message) -> None:
    """A `send` that sends nothing."""


def _delayed(send: Send, seconds: float) -> Send:
    async def later(message: Message) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(seconds)
        await send(message)

    return later


def _halved(send: Send) -> Send:
    """Pass half of the body on and leave it at that."""

    async def half(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            message = {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return half


def _cookie(scope: Scope, name: str) -> str:
    cookies: SimpleCookie = SimpleCookie()
    for key, value in scope["headers"]:
        if key == b"cookie":
            cookies.load(value.decode("latin-1"))
    return cookies[name].value if name in cookies else ""
