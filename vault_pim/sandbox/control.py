"""The control endpoint of a sandbox PIM that runs as a process: faults, clock, console, list of requests.

It answers under `/_sandbox/` to those who show its token, and does not exist where no token was given. `pim_console`
and tests in another process call it; connectors never do.
"""

import json
import secrets
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from vault_pim.sandbox.akeneo import console
from vault_pim.sandbox.akeneo.pim import Pim
from vault_pim.sandbox.faults import Fault, Faults
from vault_pim.sandbox.pim_console import CONTROL_HEADER, CONTROL_PREFIX


class Control:
    """The PIM with its control endpoint in front.

    Args:
        requests: the record of served requests, to be shown.
    """

    def __init__(
        self, app: ASGIApp, pim: Pim, faults: Faults, requests: list[tuple[str, str, int]], token: str
    ) -> None:
        self._app = app
        self._pim = pim
        self._faults = faults
        self._requests = requests
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._token or not scope["path"].startswith(CONTROL_PREFIX):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        shown = request.headers.get(CONTROL_HEADER, "")
        if not secrets.compare_digest(shown.encode(), self._token.encode()):
            await Response(status_code=403)(scope, receive, send)
            return
        body = await request.body()
        try:
            response = self._answer(
                request.method, scope["path"].removeprefix(CONTROL_PREFIX), json.loads(body or b"{}")
            )
        except (KeyError, TypeError, ValueError) as error:
            response = JSONResponse({"error": str(error)}, 400)
        await response(scope, receive, send)

    def _answer(self, method: str, name: str, data: dict[str, Any]) -> Response:
        match method, name:
            case "POST", "faults":
                self._faults.add(Fault(**data))
            case "DELETE", "faults":
                self._faults.clear()
            case "POST", "clock":
                self._pim.clock.advance(timedelta(seconds=float(data["advance_seconds"])))
            case "GET", "requests":
                return JSONResponse([list(one) for one in self._requests])
            case "POST", "console":
                result = console.run(
                    self._pim, list(data["arguments"]), data.get("answer"), terminal=bool(data.get("terminal"))
                )
                return JSONResponse(
                    {"exit": result.exit, "stdout": result.stdout, "stderr": result.stderr, "question": result.question}
                )
            case _:
                return Response(status_code=404)
        return Response(status_code=204)
