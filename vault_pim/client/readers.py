"""Tells vault-pim which generation this process uses (docs/reference/vault-layout.md, "What readers say").

Called by `watch` from the thread of a source. Custom metadata alone, at a path of this process. Refuses to hurt the
connector: where an older policy does not allow it, that is said once in the log.
"""

import os
import re
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime

from vault_pim.client.words import say
from vault_pim.domain.errors import NoAnswer, Refusal
from vault_pim.domain.identity import ConnectorId
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import readers

AGAIN_AFTER = 3000.0
"""Seconds after which the same is said again; vault-pim expects it within the hour."""
HOST_LENGTH = 60


class Reader:
    """What one process says of itself."""

    def __init__(self, kv: KeyValue, connector: ConnectorId) -> None:
        host = re.sub("[^a-z0-9.-]", "-", os.uname().nodename.lower())[:HOST_LENGTH].strip("-.") or "host"
        self._kv = kv
        self._host = host
        self._path = f"{readers(connector)}/{host}-{os.getpid()}-{os.urandom(3).hex()}"
        self._said: int | None = None
        self._said_at = 0.0
        self._refused = False
        self._is_there = self._left = False
        self._speaking = threading.Lock()

    def said(self, oldest: int, newest: int) -> bool:
        """Whether there is nothing to say: the newest generation is in use, and was said to be."""
        return (oldest == newest == self._said) or self._refused

    def says(self, generation: int) -> None:
        """Say which generation is in use, if it is news, or long ago that it was said."""
        with self._speaking:
            if not self._left:
                self._say(generation)

    def _say(self, generation: int) -> None:
        now = time.monotonic()
        if generation == self._said and now < self._said_at + AGAIN_AFTER:
            return
        at = datetime.now(UTC).isoformat(timespec="seconds")  # noqa: TID251 - what a connector says has its own time
        try:
            self._kv.note(self._path, {"generation": str(generation), "at": at, "host": self._host})
        except Refusal as error:
            if not self._refused:
                say("warning", "vault-pim is not told which generation is in use: %s", error)
            self._refused = True
        except NoAnswer:
            return
        else:
            self._is_there, self._refused = True, False
        self._said, self._said_at = generation, now

    def leave(self) -> None:
        """Say that nothing is in use any more, and nothing after that."""
        with self._speaking:
            self._left = True
            if self._is_there:
                with suppress(NoAnswer, Refusal):
                    self._kv.drop_note(self._path)
