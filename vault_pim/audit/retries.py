"""Leave out of an incident's record the tries that fail exactly as the one before: hours of a silent PIM would fill it.

Used by `incident_log`. The first failure is told, and then one every quarter of an hour; a try that ends otherwise is
told whole. The audit log has every one.
"""

import threading
from datetime import datetime, timedelta

from vault_pim.domain.events import Event

AGAIN_AFTER = timedelta(minutes=15)
BEGUN, FAILED = ":begun", ":failed"

Try = tuple[str | None, str | None, int | None]


class Retries:
    """What was tried lately, by this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed: dict[Try, tuple[dict[str, str], datetime]] = {}
        self._begun: dict[Try, Event] = {}

    def worth_telling(self, event: Event) -> tuple[Event, ...]:
        """What is to be written now that this happened: nothing, the event, or with it the beginning held back."""
        key = (event.incident, event.step, event.generation)
        with self._lock:
            failed = self._failed.get(key)
            if failed is None or event.at - failed[1] >= AGAIN_AFTER:
                if event.tag.endswith(FAILED):
                    self._failed[key] = event.detail, event.at
            elif event.tag.endswith(BEGUN):
                self._begun[key] = event
                return ()
            elif event.tag.endswith(FAILED) and event.detail == failed[0]:
                self._begun.pop(key, None)
                return ()
            else:
                del self._failed[key]
                if event.tag.endswith(FAILED):
                    self._failed[key] = event.detail, event.at
            held_back = self._begun.pop(key, None)
        return (event,) if held_back is None else (held_back, event)
