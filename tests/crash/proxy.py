"""A loopback proxy for plain HTTP/1.1 with keep-alive that numbers and names every request, and does harm on order.

Knows nothing of the product. One `Tap` sees the requests to both sides in one order; one `Proxy` stands before each.
"""

import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.client import HTTPConnection, HTTPException, HTTPMessage, parse_headers
from io import BufferedReader
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.crash.points import Point, request_name

UPSTREAM_TIMEOUT = 30.0
READING = ("GET", "HEAD", "LIST")
_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}
_RESET = struct.pack("ii", 1, 0)


class Deed(StrEnum):
    """What is done to one request."""

    KILL_BEFORE = "killed before"
    KILL_DURING = "killed during"
    KILL_AFTER = "killed after"
    LOSE_REPLY = "reply lost"
    DELAY = "reply too late"
    RESET = "reset"
    HALF_BODY = "half a body"
    HTML_500 = "500 HTML"
    BUSY = "429"
    UNAVAILABLE = "503"
    SESSION_ENDED = "401 HTML"
    SEALED = "503 sealed"
    VAULT_DIES = "OpenBao killed"
    VAULT_DIES_AFTER = "OpenBao killed, reply lost"
    VAULT_SEALED = "OpenBao sealed"
    LEADER_DIES = "leader killed"
    LEADER_DIES_AFTER = "leader killed, reply lost"
    LEADER_STEPS_DOWN = "leader steps down"
    RELOADED = "configuration changed"
    TAKEN_OUT = "connector taken out of the configuration"


KILLS = (Deed.KILL_BEFORE, Deed.KILL_DURING, Deed.KILL_AFTER)
CONFIGURED = (Deed.RELOADED, Deed.TAKEN_OUT)
"""Done to a daemon's configuration, which is then read again; the request waits for that."""
HARM_BEFORE = (Deed.VAULT_DIES, Deed.VAULT_SEALED, Deed.LEADER_DIES, Deed.LEADER_STEPS_DOWN, *CONFIGURED)
"""Done before a request is passed on, to either side."""
HARM_AFTER = (Deed.VAULT_DIES_AFTER, Deed.LEADER_DIES_AFTER)
OF_A_CLUSTER = (Deed.LEADER_DIES, Deed.LEADER_DIES_AFTER, Deed.LEADER_STEPS_DOWN)
OF_ONE_NODE = (Deed.VAULT_DIES, Deed.VAULT_DIES_AFTER, Deed.VAULT_SEALED)
FAULTS = tuple(deed for deed in Deed if deed not in KILLS)
PIM, VAULT = "PIM", "Vault"
At = Point | int
"""A request by its name, or whatever request is the n-th of all."""
ONE_SIDED = {Deed.SESSION_ENDED: PIM, Deed.SEALED: VAULT, **dict.fromkeys(HARM_AFTER, VAULT)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)

    def raw(self) -> tuple[bytes, bytes]:
        """Head and body as sent."""
        kept = [(name, value) for name, value in self.headers if name.lower() not in _HOP_BY_HOP]
        lines = [f"HTTP/1.1 {self.status} -", *(f"{name}: {value}" for name, value in kept)]
        lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1"), self.body


def html(status: int, text: str) -> Answer:
    """A page where JSON was expected."""
    body = f"<!DOCTYPE html><html><body>{text}</body></html>".encode()
    return Answer(status=status, headers=(("Content-Type", "text/html"), ("Date", _date())), body=body)


def in_json(status: int, body: str) -> Answer:
    """An answer in JSON."""
    return Answer(status=status, headers=(("Content-Type", "application/json"), ("Date", _date())), body=body.encode())


def _date() -> str:
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())


_INSTEAD: Mapping[Deed, Callable[[], Answer]] = {
    Deed.HTML_500: lambda: html(500, "Internal Server Error"),
    Deed.BUSY: lambda: in_json(429, '{"errors":[]}'),
    Deed.UNAVAILABLE: lambda: html(503, "Service Unavailable"),
    Deed.SESSION_ENDED: lambda: html(401, "Log in"),
    Deed.SEALED: lambda: in_json(503, '{"errors":["Vault is sealed"]}'),
}


@dataclass(kw_only=True)
class Tap:
    """What went by, and what shall be done to it.

    Attributes:
        kill: ends the program; set by who started it.
        harm: does to Vault, or to the configuration, what is ordered, and sees to it that it comes back.
        step: names the step in hand.
        happened: called after each request that may have changed something, with its effect in place.
        rule: answers some requests itself, so that a scenario can be had in which a side says no.
        late: how long a reply that comes too late takes.
        most: requests to each side that were under way at once.
    """

    kill: Callable[[], None] = lambda: None
    harm: Callable[[Deed], None] = lambda _: None
    step: Callable[[], str] = lambda: ""
    happened: Callable[[str], None] = lambda _: None
    rule: Callable[[str], Answer | None] = lambda _: None
    late: float = 2.0
    orders: dict[At, Deed] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    met: list[tuple[str, Deed]] = field(default_factory=list)
    most: Counter[str] = field(default_factory=Counter)
    _seen: Counter[str] = field(default_factory=Counter)
    _under_way: Counter[str] = field(default_factory=Counter)
    _lock: threading.Condition = field(default_factory=threading.Condition)

    def begin(self, orders: Mapping[At, Deed] | None = None) -> None:
        """Count from 0 again, under new orders."""
        self.orders, self.names, self.met, self._seen = dict(orders or {}), [], [], Counter()

    def enter(self, side: str, method: str, target: str, body: bytes = b"") -> tuple[str, Deed | None]:
        """A request came."""
        with self._lock:
            self._under_way[side] += 1
            self.most[side] = max(self.most[side], self._under_way[side])
            name = f"{self.step()}: {request_name(side, method, target, body)}"
            deed = self.orders.get(Point(name=name, nth=self._seen[name]), self.orders.get(len(self.names)))
            self.names.append(name)
            self._seen[name] += 1
            if deed is not None and ONE_SIDED.get(deed, side) == side:
                self.met.append((name, deed))
                return name, deed
            return name, None

    def leave(self, side: str) -> None:
        """A request is over."""
        with self._lock:
            self._under_way[side] -= 1
            self._lock.notify_all()

    def quiet(self, timeout: float = UPSTREAM_TIMEOUT) -> bool:
        """Wait until nothing is under way."""
        with self._lock:
            return self._lock.wait_for(lambda: not self._under_way.total(), timeout)


class Proxy:
    """Stands before one side.

    Args:
        side: `PIM` or `Vault`.
        upstream: gives the address for the next request: as a load balancer, where there are several.
    """

    def __init__(self, side: str, upstream: Callable[[], str], tap: Tap) -> None:
        self._side = side
        self._tap = tap
        self._upstream = upstream
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._clients: dict[socket.socket, threading.Thread] = {}

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for client, thread in list(self._clients.items()):
            with suppress(OSError):  # closed by its own thread
                client.shutdown(socket.SHUT_RDWR)
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):  # closed: the end
            while True:
                client, _ = self._listening.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._clients[client] = threading.Thread(target=self._serve, args=(client,), daemon=True)
                self._clients[client].start()

    def _serve(self, client: socket.socket) -> None:
        upstreams: dict[str, HTTPConnection] = {}
        with client, client.makefile("rb") as reader, suppress(OSError, HTTPException):
            while self._one(client, reader, upstreams):
                pass
        for upstream in upstreams.values():
            upstream.close()
        self._clients.pop(client, None)

    def _one(self, client: socket.socket, reader: BufferedReader, upstreams: dict[str, HTTPConnection]) -> bool:
        """Pass one request on, or do to it what was ordered; whether the connection goes on."""
        line = reader.readline()
        if not line.strip():
            return False
        method, target, _ = line.decode("latin-1").split()
        headers = parse_headers(reader)
        body = reader.read(int(headers.get("Content-Length") or 0))
        name, deed = self._tap.enter(self._side, method, target, body)
        try:
            return self._do(client, deed, name, lambda: self._ask(upstreams, name, method, target, headers, body))
        finally:
            self._tap.leave(self._side)

    def _do(self, client: socket.socket, deed: Deed | None, name: str, ask: Callable[[], Answer]) -> bool:
        if deed is Deed.KILL_BEFORE:
            self._tap.kill()
            return False
        if deed is Deed.RESET:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            return False
        if deed is not None and deed in _INSTEAD:
            head, body = _INSTEAD[deed]().raw()
            client.sendall(head + body)
            return True
        if deed in HARM_BEFORE:
            self._tap.harm(deed)
        answer = self._tap.rule(name) or ask()
        return self._answer(client, deed, *answer.raw())

    def _answer(self, client: socket.socket, deed: Deed | None, head: bytes, body: bytes) -> bool:
        """Send the answer, or what is left of it; whether the connection goes on."""
        match deed:
            case Deed.VAULT_DIES_AFTER | Deed.LEADER_DIES_AFTER:
                self._tap.harm(deed)
            case Deed.KILL_AFTER:
                self._tap.kill()
            case Deed.KILL_DURING:
                whole = head + body
                client.sendall(whole[: len(whole) // 2])
                self._tap.kill()
            case Deed.LOSE_REPLY:
                pass
            case Deed.DELAY:
                threading.Event().wait(self._tap.late)
            case Deed.HALF_BODY:
                client.sendall(head + body[: len(body) // 2] if body else head[: len(head) // 2])
            case _:
                client.sendall(head + body)
                return True
        return False

    def _ask(
        self,
        upstreams: dict[str, HTTPConnection],
        name: str,
        method: str,
        target: str,
        headers: HTTPMessage,
        body: bytes,
    ) -> Answer:
        url = self._upstream()
        upstream = upstreams.setdefault(url, HTTPConnection(urlsplit(url).netloc, timeout=UPSTREAM_TIMEOUT))
        sent = {key: value for key, value in headers.items() if key.lower() not in _HOP_BY_HOP}
        try:
            upstream.request(method, target, body or None, sent)
            response = upstream.getresponse()
        except (HTTPException, ConnectionError):  # it closed a connection that was idle: nothing was sent yet
            upstream.close()
            upstream.request(method, target, body or None, sent)
            response = upstream.getresponse()
        answer = Answer(status=response.status, headers=tuple(response.getheaders()), body=response.read())
        if method not in READING:
            self._tap.happened(name)
        return answer
