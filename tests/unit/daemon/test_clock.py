"""A daemon whose clock jumps, or changes between summer and winter: nothing stampedes, nothing is skipped silently."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.fakes.builders import DAY, HOUR, a_policy
from tests.unit.daemon.town import Daemon, Town
from vault_pim.domain.generation import Stage
from vault_pim.domain.policy import Calendar

NAMES = ("prod/dam", "prod/erp", "prod/shop")
QUARTER = timedelta(minutes=15)
PARIS = ZoneInfo("Europe/Paris")
AT_HALF_PAST_TWO = Calendar(cron="30 2 * * *", timezone=PARIS, window=timedelta(hours=2))


def issued(town: Town) -> int:
    """How many sets were ever asked for."""
    return town.wires["prod"].count("driver.issue")


@pytest.fixture
def town() -> Town:
    """Three connectors at one PIM, nothing issued yet."""
    return Town()


@pytest.fixture
def daemon(town: Town) -> Iterator[Daemon]:
    """A daemon that has served them."""
    one = Daemon(town)
    one.wake()
    yield one
    one.worker.drain()


def test_daemon_that_slept_for_ten_weeks_rotates_each_connector_once(town: Town, daemon: Daemon) -> None:
    """Two periods were missed; one successor each makes up for them, and the former sets have their whole grace."""
    town.clock.forward(10 * 7 * DAY)
    slept_until = town.clock.now()
    for _ in range(3):
        daemon.wake()
    assert issued(town) == 2 * len(NAMES)
    for name in NAMES:
        assert town.generation(name) == 2
        former = town.state(name).generations[0]
        assert former.stage is Stage.GRACE
        assert former.retire_at == slept_until + DAY


def test_clock_set_back_a_day_rotates_and_retires_nothing(town: Town, daemon: Daemon) -> None:
    """Wakes before the present of the last pass do nothing; when time has caught up, work goes on as planned."""
    town.clock.forward(30 * DAY)
    daemon.wake()
    before = [town.state(name).generations for name in NAMES]
    town.clock.forward(-DAY)
    for _ in range(3):
        daemon.wake()
    assert [town.state(name).generations for name in NAMES] == before
    assert issued(town) == 2 * len(NAMES)
    town.clock.forward(2 * DAY)
    daemon.wake()
    assert {town.state(name).generations[0].stage for name in NAMES} == {Stage.RETIRED}
    assert all(town.generation(name) == 2 for name in NAMES)


def test_clock_that_jumped_ahead_and_was_put_right_leaves_every_connector_served(town: Town, daemon: Daemon) -> None:
    """A year ahead all rotate once; put right, nothing is done again, and nothing that works is taken away."""
    town.clock.forward(365 * DAY)
    daemon.wake()
    town.clock.forward(-365 * DAY)
    for _ in range(3):
        daemon.wake()
        town.clock.forward(HOUR)
    assert issued(town) == 2 * len(NAMES)
    assert all(town.generation(name) == 2 for name in NAMES)
    assert all(town.state(name).generations[0].stage is Stage.GRACE for name in NAMES)


@pytest.mark.parametrize(
    "midnight",
    [datetime(2027, 3, 26, 23, tzinfo=UTC), datetime(2027, 10, 29, 22, tzinfo=UTC)],
    ids=["half past two does not exist", "half past two comes twice"],
)
def test_day_on_which_the_clocks_change_has_one_rotation(midnight: datetime) -> None:
    """Woken every quarter of an hour over four days, a connector with a nightly hour rotates once each night."""
    town = Town("prod/erp")
    policy = a_policy(schedule=AT_HALF_PAST_TWO, max_age=3 * DAY, grace=6 * HOUR)
    town.connectors = tuple(replace(one, policy=policy) for one in town.connectors)
    town.clock.forward(midnight - town.clock.now())
    daemon = Daemon(town)
    served: dict[int, datetime] = {}
    for _ in range(4 * DAY // QUARTER):
        daemon.wake()
        served.setdefault(town.generation("prod/erp") or 0, town.clock.now())
        town.clock.forward(QUARTER)
    daemon.worker.drain()
    nights = [at.astimezone(PARIS).date() for number, at in served.items() if number > 1]
    assert len(nights) == len(set(nights)) == 4
