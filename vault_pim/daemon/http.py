"""Answers `/healthz`, `/readyz`, `/metrics` and the status page on `daemon.listen`. Reads only, and tells no secret.

Started by `process.py`. Refuses every method but GET and HEAD, and every name it is called by that could be another's:
a page of a stranger whose name is made to mean this machine (DNS rebinding) gets no answer.
"""

import json
import logging
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

from vault_pim.daemon import page
from vault_pim.daemon.service import Service
from vault_pim.domain.errors import ConfigurationError

logger = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds a caller may take for his next byte."""
AT_ONCE = 16
NOTICE_END = 0.1
"""Seconds until the server notices that it shall end."""
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Answer = tuple[HTTPStatus, str, bytes]


class Server:
    """The daemon's address, served while the context lasts.

    Attributes:
        url: where it listens.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """

    def __init__(self, service: Service) -> None:
        listen = service.installation.settings.daemon.listen
        host, _, port = listen.rpartition(":")
        host = host.strip("[]")
        try:
            self._http = _Listener(service, host, int(port))
        except OSError as error:
            raise ConfigurationError(
                f"daemon.listen {listen} cannot be listened on",
                why=error.strerror or "",
                advice="Choose another address, or end the program that has it.",
            ) from error
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(NOTICE_END,), name="http", daemon=True).start()
        logger.info("listening", extra={"address": self.url})
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Listener(ThreadingHTTPServer):
    """A thread per request, but not more than `AT_ONCE`."""

    daemon_threads = True
    request_queue_size = 64
    block_on_close = False

    def __init__(self, service: Service, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.service = service
        self.name = host
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Bind, without asking DNS for our own name as the base class does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._slots.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, *_: object) -> None:
        """A caller that went away is his own business."""
        logger.debug("an HTTP request was not answered to the end")


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    timeout = PATIENCE

    def parse_request(self) -> bool:
        """Read the request; whatever it wants but GET and HEAD is refused here."""
        if not super().parse_request():
            return False
        if self.command in {"GET", "HEAD"}:
            return True
        self._send(_text(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD"), {"Allow": "GET, HEAD"})
        return False

    def do_GET(self) -> None:
        """Answer."""
        routes = {"/healthz": _health, "/readyz": _readiness, "/metrics": _metrics, "/": _status}
        route = routes.get(urlsplit(self.path).path)
        if not self._called_by_our_name():
            self._send(_text(HTTPStatus.MISDIRECTED_REQUEST, "call me by the configured name or an address"))
        elif route is None:
            self._send(_text(HTTPStatus.NOT_FOUND, "not found"))
        else:
            self._send(route(self.server.service))

    def do_HEAD(self) -> None:
        """The same without the body."""
        self.do_GET()

    def _called_by_our_name(self) -> bool:
        """An address cannot be made to mean another machine; a name can, unless it is one we know."""
        host = ""
        try:
            host = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
            ip_address(host)
        except ValueError:
            return host in {"localhost", self.server.name.lower()}
        return True

    def _send(self, answer: Answer, more: dict[str, str] | None = None) -> None:
        status, kind, body = answer
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body))} | HEADERS | (more or {})
        headers["Content-Security-Policy"] = page.security_policy()
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        return "vault-pim"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Callers come every few seconds; nothing is said of them."""


def _health(service: Service) -> Answer:
    ailments = service.ailments()
    return _judged({"alive": not ailments, "reasons": ailments}, well=not ailments)


def _readiness(service: Service) -> Answer:
    obstacles = service.obstacles()
    pims = {name: {"up": link.up, "said": link.said} for name, link in service.board.pims().items()}
    vault = {"up": service.board.vault.up, "said": service.board.vault.said}
    body = {"ready": not obstacles, "reasons": obstacles, "vault": vault, "pims": pims}
    return _judged(body, well=not obstacles)


def _metrics(service: Service) -> Answer:
    return HTTPStatus.OK, "text/plain; version=0.0.4; charset=utf-8", service.metrics.page()


def _status(service: Service) -> Answer:
    shown = page.render(
        service.board,
        now=service.installation.clock.now(),
        me=service.installation.me,
        wrong=[*service.ailments(), *service.obstacles()],
    )
    return HTTPStatus.OK, "text/html; charset=utf-8", shown.encode()


def _judged(body: dict[str, Any], *, well: bool) -> Answer:
    status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
    return status, "application/json", json.dumps(body, ensure_ascii=False).encode() + b"\n"


def _text(status: HTTPStatus, text: str) -> Answer:
    return status, "text/plain; charset=utf-8", text.encode() + b"\n"
