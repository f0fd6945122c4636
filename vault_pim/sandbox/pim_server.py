"""The sandbox PIM as a server: in a thread of a test, or as a process of its own.

    with SandboxPim(release="7.0") as pim:
        requests.get(f"{pim.url}/api/rest/v1")

It listens on 127.0.0.1 only and keeps everything in memory. `python -m vault_pim.sandbox.pim_server` runs it as a
process.
"""

import argparse
import asyncio
import contextlib
import json
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vault_pim.sandbox.akeneo.application import application
from vault_pim.sandbox.akeneo.clock import MovableClock
from vault_pim.sandbox.akeneo.pim import ACCESS_LIFETIME, Pim, add_user, install
from vault_pim.sandbox.akeneo.releases import RELEASES
from vault_pim.sandbox.akeneo.world import Role, World
from vault_pim.sandbox.control import Control
from vault_pim.sandbox.faults import FaultMiddleware, Faults
from vault_pim.sandbox.loopback import LeavingServer, listening_socket, tracking

NO_ANSWER = 0
START_TIMEOUT = 30.0
_SECONDS = int(ACCESS_LIFETIME.total_seconds())


class SandboxPim:
    """A believable PIM on loopback.

    Args:
        release: one of `RELEASES`, from `1.7` to `7.0` and `master`. 6.0 follows documents, the others recordings.
        port: 0 for any free one, which it keeps when it is stopped and started again.
        admin_username: a user who may do everything.
        admin_password: generated unless given.
        secret_marker: worked into every generated secret value whose shape allows it; up to six hexadecimal digits fit
            in all of them.
        control_token: opens the control endpoint to those who show it; there is none without.
        access_token_lifetime: of every access token granted here, in whole seconds.

    Attributes:
        url: the address, once started.
        faults: what shall go wrong.
        requests: method, path and status of every request so far; `NO_ANSWER` where the connection was closed.
        on_answer: called with the scope and the status of each of them, in the thread that serves.
    """

    def __init__(
        self,
        release: str = "7.0",
        *,
        port: int = 0,
        admin_username: str = "admin",
        admin_password: str | None = None,
        secret_marker: str = "",
        control_token: str = "",
        access_token_lifetime: timedelta = ACCESS_LIFETIME,
    ) -> None:
        self.admin_username = admin_username
        self._marker = secret_marker
        self.admin_password = admin_password or secret_marker + secrets.token_urlsafe(18)
        self.faults = Faults()
        self.requests: list[tuple[str, str, int]] = []
        self.on_answer: Callable[[Scope, int], None] = lambda *_: None
        self._port = port
        self._control_token = control_token
        self._pim = install(
            RELEASES[release],
            admin_username=self.admin_username,
            admin_password=self.admin_password,
            marker=secret_marker,
            access_token_lifetime=access_token_lifetime,
        )
        self._connections: dict[tuple[str, int], asyncio.Transport] = {}
        self._server: LeavingServer | None = None
        self._thread: threading.Thread | None = None
        self.url = ""

    @property
    def pim(self) -> Pim:
        """The PIM itself, for its rules to be asked."""
        return self._pim

    @property
    def clock(self) -> MovableClock:
        """The PIM's clock, to be moved."""
        return self._pim.clock

    @property
    def world(self) -> World:
        """The PIM's state, to be looked into."""
        return self._pim.world

    def add_account(self, username: str, privileges: Iterable[str]) -> str:
        """Add a user of the interface, in a role of the same name that grants exactly these privileges.

        Returns:
            The password, generated.
        """
        code = f"ROLE_{username.upper()}"
        role = Role(id=self.world.next_id("role"), code=code, label=username, privileges=set(privileges))
        self.world.roles[role.id] = role
        password = self._marker + secrets.token_urlsafe(18)
        add_user(self._pim, username, password, role)
        return password

    def start(self) -> Self:
        """Serve, in a thread of its own; returns when requests are answered."""
        listening = listening_socket(self._port)
        self._port = listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        app = FaultMiddleware(application(self._pim), self.faults, self._hang_up, self._pim.sessions.expire)
        config = uvicorn.Config(
            Control(self._recorded(app), self._pim, self.faults, self.requests, self._control_token),
            http=tracking(self._connections),
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            date_header=False,
        )
        self._server = LeavingServer(config)
        self._thread = threading.Thread(target=self._server.run, args=([listening],), daemon=True)
        self._thread.start()
        if not self._server.ready.wait(START_TIMEOUT):
            raise RuntimeError("the sandbox PIM does not start")
        return self

    def stop(self) -> None:
        """Stop serving, at once."""
        if self._server is None or self._thread is None:
            return
        self._server.leave()
        self._thread.join()
        self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _recorded(self, app: ASGIApp) -> ASGIApp:
        async def recording(scope: Scope, receive: Receive, send: Send) -> None:
            answered = False

            async def noting(message: Message) -> None:
                nonlocal answered
                if not answered:  # before it is sent: whoever has the answer finds it in the record
                    answered = True
                    self._record(scope, message["status"])
                await send(message)

            # Cancelled means that the server is leaving and has hung up: nobody is left to be told.
            with contextlib.suppress(asyncio.CancelledError):
                try:
                    await app(scope, receive, noting)
                finally:
                    if not answered:
                        self._record(scope, NO_ANSWER)

        return recording

    def _record(self, scope: Scope, status: int) -> None:
        self.requests.append((scope["method"], scope["path"], status))
        self.on_answer(scope, status)

    def _hang_up(self, scope: Scope) -> None:
        self._connections[tuple(scope["client"])].close()


def main(arguments: list[str] | None = None) -> int:
    """Run a PIM until SIGTERM or SIGINT; prints one line of JSON when it is ready."""
    parser = argparse.ArgumentParser(description="A believable Akeneo PIM on loopback, in memory.")
    parser.add_argument("--release", choices=sorted(RELEASES), default="7.0")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--admin-username", default="admin")
    parser.add_argument("--admin-password-file", type=Path, required=True)
    parser.add_argument("--control-token-file", type=Path, help="opens the control endpoint, which the console needs")
    parser.add_argument("--access-token-lifetime", type=int, metavar="SECONDS", default=_SECONDS)
    options = parser.parse_args(arguments)
    password, token = (
        path.read_text(encoding="utf-8").strip() if path else ""
        for path in (options.admin_password_file, options.control_token_file)
    )
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with SandboxPim(
        options.release,
        port=options.port,
        admin_username=options.admin_username,
        admin_password=password,
        control_token=token,
        access_token_lifetime=timedelta(seconds=options.access_token_lifetime),
    ) as pim:
        print(json.dumps({"url": pim.url}), flush=True)  # noqa: T201 -- the one line a caller waits for
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
