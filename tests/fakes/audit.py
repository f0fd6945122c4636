"""An audit log in memory that can be full."""

from datetime import datetime

from tests.fakes.wire import Wire, port_call
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import AuditUnavailable
from vault_pim.domain.events import Event, Tag
from vault_pim.domain.state import asked_at


class FakeAudit:
    """The `AuditLog` of tests."""

    room = "audit"

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.events: list[Event] = []
        self.full = False

    @property
    def tags(self) -> list[Tag]:
        """What was recorded, in order."""
        return [event.tag for event in self.events]

    @port_call
    def record(self, event: Event) -> None:
        """Unless it is full."""
        if self.full:
            raise AuditUnavailable("the audit log is full")
        self.events.append(event)

    def revoked_at(self, connector: ConnectorId) -> datetime | None:
        """By the names of the incidents that were recorded."""
        names = {event.incident for event in self.events if event.incident and event.connector == connector}
        return max(map(asked_at, names), default=None)
