"""The PIM's own clock: real time plus whatever a test has moved it by.

Token expiry, idle sessions and login locks all read this clock, so a test moves it instead of waiting.
"""

from datetime import UTC, datetime, timedelta


class MovableClock:
    """Real time, shifted."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        """The PIM's present, aware, in UTC."""
        return datetime.now(UTC) + self._offset  # noqa: TID251 -- this is the one clock of the sandbox

    @property
    def ahead(self) -> timedelta:
        """How far it was moved by now."""
        return self._offset

    def advance(self, by: timedelta) -> None:
        """Move the PIM's present forward (or, with a negative span, back)."""
        self._offset += by
