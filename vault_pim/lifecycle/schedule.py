"""When a credential set is due by its policy. Pure arithmetic on instants; jitter comes from the connector's name."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import assert_never

from cronsim import CronSim

from vault_pim.domain.connector import Connector, ConnectorId
from vault_pim.domain.policy import Calendar, Period, Policy
from vault_pim.domain.state import ConnectorState

LEAD_SHARE = 10
"""A set is replaced, window or not, when a tenth of its max age is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When a set published at some instant must be replaced.

    Attributes:
        opens_at: the schedule's next instant, by age or by calendar.
        closes_at: end of that window; None where there is none.
        lead_at: from here on it is replaced whatever the schedule says, so that it is not overdue at `overdue_at`.
    """

    opens_at: datetime
    closes_at: datetime | None
    lead_at: datetime
    overdue_at: datetime

    @property
    def first(self) -> datetime:
        """The instant at which something becomes due."""
        return min(self.opens_at, self.lead_at)


def due(policy: Policy, connector: ConnectorId, *, published_at: datetime, now: datetime) -> Due:
    """When the set published at `published_at` is due, seen from `now`.

    A missed window is not made up for: the next one counts, or the lead time before max age, whichever is first.
    """
    overdue_at = published_at + policy.max_age
    lead_at = overdue_at - policy.max_age / LEAD_SHARE
    match policy.schedule:
        case Period(every=every, jitter=jitter):
            opens_at = published_at + every * (1 - jitter * spread(connector))
            return Due(opens_at=opens_at, closes_at=None, lead_at=lead_at, overdue_at=overdue_at)
        case Calendar() as calendar:
            opens_at = _opening(calendar, published_at, now)
            closes_at = opens_at + calendar.window
            return Due(opens_at=opens_at, closes_at=closes_at, lead_at=lead_at, overdue_at=overdue_at)
        case _:
            assert_never(policy.schedule)


def due_of_current(state: ConnectorState, connector: Connector | None, now: datetime) -> Due | None:
    """When the served set is due, or None: nothing is served, or no policy is configured."""
    current = state.current
    if connector is None or current is None or current.published_at is None:
        return None
    return due(connector.policy, connector.id, published_at=current.published_at, now=now)


def spread(connector: ConnectorId) -> float:
    """A number from 0 to 1 that is always the same for a connector and evenly spread over connectors."""
    digest = hashlib.sha256(str(connector).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _opening(calendar: Calendar, published_at: datetime, now: datetime) -> datetime:
    """The window that is open now, or the next one; windows that opened before publication do not count.

    In the night in which an hour comes twice, cronsim names an opening in the first one after an instant in the second.
    """
    after = max(published_at, now - calendar.window)
    openings = CronSim(calendar.cron, after.astimezone(calendar.timezone))
    return next(opening for one in openings if (opening := one.astimezone(UTC)) > after)


def retry_at(*, failures: int, last_at: datetime, connector: ConnectorId) -> datetime:
    """When to try again after so many failures in a row: 10 s, doubling up to an hour, a fifth later at the most."""
    wait = min(timedelta(seconds=10) * 2.0 ** min(failures - 1, 12), timedelta(hours=1))
    return last_at + wait * (1 + spread(connector) / 5)
