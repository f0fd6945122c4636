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
        # A lone surrogate (a reason typed in another encoding) becomes its JSON escape.
        line = json.dumps(as_json(event), ensure_ascii=False).encode(errors="backslashreplace") + b"\n"
        try:
            with self._lock:
                descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
                try:
                    line = _after_torn_line(descriptor) + line
                    written = os.write(descriptor, line)
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        except OSError as error:
            raise AuditUnavailable(f"audit log {self._path} cannot be written", why=error.strerror or "") from error
        if written != len(line):
            raise AuditUnavailable(f"audit log {self._path} took only part of an event", why="the disk may be full")


def as_json(event: Event) -> dict[str, Any]:
    """An event as the line holds it: absent fields left out, instants in ISO 8601 UTC."""
    fields = asdict(event) | {
        "at": event.at.isoformat(),
        "connector": str(event.connector) if event.connector else None,
    }
    return {key: value for key, value in fields.items() if value not in (None, {})}


def _after_torn_line(descriptor: int) -> bytes:
    """What ends the line before ours, if a full disk or a crash tore it."""
    size = os.fstat(descriptor).st_size
    return b"" if size == 0 or os.pread(descriptor, 1, size - 1) == b"\n" else b"\n"
