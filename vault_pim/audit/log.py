"""Write events to an append-only file, durably, one JSON object a line. No event holds a secret.

Written by the engine before and after each act. Several processes may append to one file: each line is one `write` to a
file opened for appending.
"""

import json
import os
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vault_pim.domain.errors import AuditUnavailable
from vault_pim.domain.events import Event


class AuditFile:
    """The audit log in a file of mode 0600; reopened for each event, so that it may be rotated at any time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def record(self, event: Event) -> None:
        """Append one event and wait until it is on the disk.

        Raises:
            AuditUnavailable: it could not be written; the caller does nothing.
        """
        line = json.dumps(as_json(event), ensure_ascii=False) + "\n"
        try:
            with self._lock:
                descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
                try:
                    written = os.write(descriptor, line.encode())
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        except OSError as error:
            raise AuditUnavailable(f"audit log {self._path} cannot be written", why=error.strerror or "") from error
        if written != len(line.encode()):
            raise AuditUnavailable(f"audit log {self._path} took only part of an event", why="the disk may be full")


def as_json(event: Event) -> dict[str, Any]:
    """An event as the line holds it: absent fields left out, instants in ISO 8601 UTC."""
    fields = asdict(event) | {
        "at": event.at.isoformat(),
        "connector": str(event.connector) if event.connector else None,
    }
    return {key: value for key, value in fields.items() if value not in (None, {})}
