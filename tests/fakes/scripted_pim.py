"""A server on loopback that answers what a test told it to, for answers no well-behaved PIM gives."""

import ssl
import sys
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came; the path without its query."""

    method: str
    path: str
    headers: dict[str, str]
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted:
    """One answer.

    Attributes:
        hangs: it is sent only when the server is closed.
        withheld: so many bytes more are announced than are ever sent.
    """

    status: int = 200
    body: str = ""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    hangs: bool = False
    withheld: int = 0


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has had enough is no error of the server; anything else is told."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class ScriptedPim:
    """Answers by method and path; the last answer told for a pair is repeated, an untold pair is a 404.

    Args:
        tls: serve https with this context.

    Attributes:
        asked: every request so far.
        most_at_once: how many requests were under way at the same time, at most.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self._at_once = 0
        self._answers: dict[tuple[str, str], list[Scripted]] = defaultdict(list)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"

    def tell(self, method: str, path: str, *answers: Scripted) -> None:
        """What to answer to this method and path, in this order; replaces what was told before."""
        self._answers[method, path] = list(answers)

    def times_asked(self, method: str, path: str) -> int:
        """How often this was asked."""
        return sum((one.method, one.path) == (method, path) for one in self.asked)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, asked: Asked) -> Scripted:
        """The next answer to a request."""
        with self._lock:
            self.asked.append(asked)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            told = self._answers.get((asked.method, asked.path)) or [Scripted(status=404, content_type="text/html")]
            answer = told.pop(0) if len(told) > 1 else told[0]
        if answer.hangs:
            self._closed.wait()
        return answer

    def done(self) -> None:
        """A request has its answer."""
        with self._lock:
            self._at_once -= 1


def _handler(pim: ScriptedPim) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            answer = pim.take(
                Asked(
                    method=self.command,
                    path=self.path.partition("?")[0],
                    headers=dict(self.headers.items()),
                    body=body,
                )
            )
            try:
                self.reply(answer)
            finally:
                pim.done()

        def reply(self, answer: Scripted) -> None:
            payload = answer.body.encode()
            self.send_response(answer.status)
            for name, value in (
                ("Content-Type", answer.content_type),
                ("Content-Length", str(len(payload) + answer.withheld)),
                *answer.headers,
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the names http.server looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
            """Say nothing."""

    return Handler
