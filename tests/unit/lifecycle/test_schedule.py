"""When a set is due: by age, by calendar in a time zone with its changes of hour, by max age, after a failure."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.builders import DAY, ERP, HOUR, a_policy
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.policy import Calendar, Period
from vault_pim.lifecycle.schedule import LEAD_SHARE, Due, due, retry_at, spread

PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
names = st.from_regex(r"[a-z]{1,12}", fullmatch=True)
connectors = st.builds(ConnectorId, pim=names, name=names)
instants = st.timedeltas(timedelta(0), 5000 * DAY).map(lambda age: START + age)


def nightly(cron: str = "30 2 * * *", window: timedelta = 2 * HOUR) -> Calendar:
    """A window in Paris."""
    return Calendar(cron=cron, timezone=PARIS, window=window)


def seen(calendar: Calendar, *, now: datetime, published_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> Due:
    """What that calendar says at that instant, with a max age that does not matter."""
    policy = a_policy(schedule=calendar, max_age=5000 * DAY)
    return due(policy, ERP, published_at=published_at, now=now)


def test_period_is_due_when_the_set_has_its_age() -> None:
    """There is no window to miss."""
    when = due(a_policy(), ERP, published_at=START, now=START)
    assert when == Due(
        opens_at=START + 30 * DAY,
        closes_at=None,
        lead_at=START + 45 * DAY - timedelta(days=4.5),
        overdue_at=START + 45 * DAY,
    )
    assert when.first == when.opens_at


def test_jitter_takes_a_share_off_that_is_always_the_same() -> None:
    """By the connector's name, so that a hundred connectors are not due in one night."""
    policy = a_policy(schedule=Period(every=30 * DAY, jitter=0.1))
    when = due(policy, ERP, published_at=START, now=START)
    assert START + 27 * DAY < when.opens_at < START + 30 * DAY
    assert when == due(policy, ERP, published_at=START, now=START + DAY)


def test_jitter_spreads_connectors_evenly() -> None:
    """A tenth of them in each tenth, about."""
    shares = [spread(ConnectorId(pim="prod", name=f"c{number}")) for number in range(2000)]
    tenths = [sum(int(share * 10) == tenth for share in shares) for tenth in range(10)]
    assert min(tenths) > 150
    assert max(tenths) < 250


def test_lead_time_comes_before_a_period_as_long_as_max_age() -> None:
    """The set is replaced before it is overdue."""
    policy = a_policy(schedule=Period(every=45 * DAY))
    when = due(policy, ERP, published_at=START, now=START)
    assert when.first == when.lead_at < when.overdue_at


@pytest.mark.parametrize(
    ("now", "opens_at"),
    [
        pytest.param("2026-03-02T01:29:59", "2026-03-02T01:30:00", id="before the window"),
        pytest.param("2026-03-02T01:30:00", "2026-03-02T01:30:00", id="as it opens"),
        pytest.param("2026-03-02T03:29:59", "2026-03-02T01:30:00", id="just before it closes"),
        pytest.param("2026-03-02T03:30:00", "2026-03-03T01:30:00", id="as it closes, so it was missed"),
        pytest.param("2026-03-28T12:00:00", "2026-03-29T01:00:00", id="02:30 does not exist: at 03:00 summer time"),
        pytest.param("2026-03-29T12:00:00", "2026-03-30T00:30:00", id="summer"),
        pytest.param("2026-10-24T12:00:00", "2026-10-25T00:30:00", id="02:30 comes twice: the first counts"),
        pytest.param("2026-10-25T01:30:00", "2026-10-25T00:30:00", id="the second 02:30 is an hour into the window"),
        pytest.param("2026-10-25T02:30:00", "2026-10-26T01:30:00", id="and closes it two true hours after the first"),
    ],
)
def test_window_opens_by_the_clock_of_its_time_zone(now: str, opens_at: str) -> None:
    """All instants here are UTC; the window is 02:30 to 04:30 in Paris."""
    when = seen(nightly(), now=datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert when.opens_at == datetime.fromisoformat(opens_at).replace(tzinfo=UTC)
    assert when.closes_at == when.opens_at + 2 * HOUR


@pytest.mark.parametrize("minutes", [1, 10, 40, 59, 61, 119])
def test_set_published_in_a_window_is_not_due_in_it_again(minutes: int) -> None:
    """Also in the night in which the hour of the window comes twice."""
    opened = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    published_at = opened + timedelta(minutes=minutes)
    when = seen(nightly(), now=published_at + timedelta(seconds=1), published_at=published_at)
    assert when.opens_at == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_set_published_at_the_very_opening_is_not_due_in_that_window() -> None:
    """Only windows that open after it count."""
    opened = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    assert seen(nightly(), now=opened, published_at=opened).opens_at == opened + DAY


@given(
    connector=connectors,
    published_at=instants,
    age=st.timedeltas(timedelta(0), 400 * DAY),
    every=st.timedeltas(HOUR, 45 * DAY),
    jitter=st.floats(0, 0.5),
)
def test_period_never_comes_late_and_never_before_half_of_it(
    connector: ConnectorId, published_at: datetime, age: timedelta, every: timedelta, jitter: float
) -> None:
    """For every connector, period and jitter; and what is due does not move while time passes."""
    policy = a_policy(schedule=Period(every=every, jitter=jitter))
    when = due(policy, connector, published_at=published_at, now=published_at + age)
    assert published_at + every / 2 <= when.opens_at <= published_at + every
    assert when.lead_at == when.overdue_at - policy.max_age / LEAD_SHARE
    assert when == due(policy, connector, published_at=published_at, now=published_at)


@given(
    published_at=instants,
    age=st.timedeltas(timedelta(0), 400 * DAY),
    cron=st.sampled_from(["0 3 * * SUN", "30 2 * * *", "*/20 * * * *", "0 0 29 2 *", "15 1-4 * * *"]),
    window=st.timedeltas(timedelta(minutes=1), 26 * HOUR),
)
def test_window_is_open_or_to_come_and_opened_after_publication(
    published_at: datetime, age: timedelta, cron: str, window: timedelta
) -> None:
    """At no instant of no year is a closed window shown, nor one that was open when the set was published."""
    now = published_at + age
    when = seen(nightly(cron, window), now=now, published_at=published_at)
    assert when.closes_at is not None
    assert when.closes_at > now
    assert when.opens_at > published_at


@given(failures=st.integers(1, 10_000), connector=connectors)
def test_wait_after_failures_doubles_up_to_an_hour(failures: int, connector: ConnectorId) -> None:
    """At most a fifth later, by the connector's name."""
    wait = retry_at(failures=failures, last_at=START, connector=connector) - START
    shortest = min(timedelta(seconds=10) * 2 ** (min(failures, 30) - 1), HOUR)
    assert shortest <= wait <= shortest * 1.2
    assert wait <= retry_at(failures=failures + 1, last_at=START, connector=connector) - START
