"""What connectors asked of the sandbox PIM, call by call; vault-pim's own calls are left out.

Written by the PIM's thread, read by tests, by way of `connector`.
"""

import base64
import binascii
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vault_pim.sandbox.pim_server import SandboxPim

OURS = "vault-pim/"
"""How vault-pim names itself to a PIM."""
TOKEN_PATH = "/api/oauth/v1/token"  # noqa: S105 - a path
ACCEPTED = range(200, 400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request of a connector.

    Attributes:
        status: 0 where the connection was closed without an answer.
        client_id: of the set it was made with, "" where its token or client is not known.
    """

    method: str
    path: str
    status: int
    client_id: str

    @property
    def accepted(self) -> bool:
        """Whether the PIM did what it was asked."""
        return self.status in ACCEPTED

    @property
    def is_grant(self) -> bool:
        """Whether it asked for an access token."""
        return self.path == TOKEN_PATH


class Traffic:
    """Every call since `forget`."""

    def __init__(self, pim: "SandboxPim") -> None:
        self._pim = pim
        self._calls: list[Call] = []
        self._came = threading.Condition()
        pim.on_answer = self._note

    @property
    def calls(self) -> list[Call]:
        """All so far, oldest first."""
        with self._came:
            return list(self._calls)

    def forget(self) -> None:
        """Begin anew, for another test."""
        with self._came:
            self._calls.clear()

    def wait_until(self, seen: Callable[[], bool], seconds: float) -> bool:
        """Look at every further call whether something is true by now; False if it is not in time."""
        with self._came:
            return self._came.wait_for(seen, seconds)

    def _note(self, scope: Mapping[str, Any], status: int) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if headers.get("user-agent", "").startswith(OURS):
            return
        client_id = self._client(headers.get("authorization", ""))
        call = Call(method=scope["method"], path=scope["path"], status=status, client_id=client_id)
        with self._came:
            self._calls.append(call)
            self._came.notify_all()

    def _client(self, authorization: str) -> str:
        scheme, _, shown = authorization.partition(" ")
        if scheme.lower() == "bearer":
            token = self._pim.world.access_tokens.get(shown)
            return token.client.public_id if token else ""
        try:
            return base64.b64decode(shown).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
