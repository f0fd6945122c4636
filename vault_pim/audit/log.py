"""Write events to the audit log, durably, one JSON object a line, each with the hash of the line before. No event holds
a secret.

The `AuditLog` of the engine: written before and after each act.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from vault_pim.audit.chain import ChainFile
from vault_pim.domain.events import Event


class AuditFile:
    """The audit log in a file of mode 0600, which may be rotated at any time.

    Attributes:
        grown: an event was recorded since the last checkpoint of this process.
    """

    def __init__(self, path: Path) -> None:
        self.chain = ChainFile(path)
        self.grown = False

    def record(self, event: Event) -> None:
        """Append one event and wait until it is on the disk.

        Raises:
            AuditUnavailable: it could not be written; the caller does nothing.
        """
        self.chain.append(as_json(event))
        self.grown = True


def as_json(event: Event) -> dict[str, Any]:
    """An event as the line holds it: absent fields left out, instants in ISO 8601 UTC."""
    fields = asdict(event) | {
        "at": event.at.isoformat(),
        "connector": str(event.connector) if event.connector else None,
    }
    return {key: value for key, value in fields.items() if value not in (None, {})}
