"""A policy that could leave a connector with a dead or an ever older set is refused."""

from datetime import UTC, timedelta
from typing import Any

import pytest

from tests.fakes.builders import DAY, HOUR, a_policy
from vault_pim.domain.errors import ConfigurationError
from vault_pim.domain.policy import Calendar, Period


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"grace": timedelta(0)}, "grace"),
        ({"max_age": timedelta(0), "schedule": Calendar(cron="0 3 * * *", timezone=UTC, window=HOUR)}, "max_age"),
        ({"refresh_interval": -HOUR}, "refresh_interval"),
        ({"schedule": Period(every=timedelta(0))}, "rotate_every"),
        ({"schedule": Period(every=46 * DAY)}, "max_age"),
        ({"schedule": Period(every=DAY, jitter=0.51)}, "jitter"),
        ({"schedule": Period(every=DAY, jitter=-0.1)}, "jitter"),
        ({"schedule": Period(every=DAY, jitter=float("nan"))}, "jitter"),
        ({"schedule": Calendar(cron="0 3 * * *", timezone=UTC, window=timedelta(0))}, "window"),
    ],
)
def test_policy_without_sense_is_refused_by_name(given: dict[str, Any], named: str) -> None:
    """The key, the policy, and what to do."""
    with pytest.raises(ConfigurationError, match=named) as refused:
        a_policy(**given)
    assert "default" in refused.value.what
    assert refused.value.advice


@pytest.mark.parametrize(
    "schedule",
    [
        Period(every=45 * DAY),
        Period(every=DAY, jitter=0.5),
        Calendar(cron="0 3 * * *", timezone=UTC, window=timedelta(seconds=1)),
    ],
)
def test_policy_at_its_bounds_is_allowed(schedule: Period | Calendar) -> None:
    """To the second."""
    assert a_policy(schedule=schedule).schedule == schedule


def test_grace_covers_the_refresh_interval_and_one_access_token() -> None:
    """A second less, and the last token of the old set could outlive it."""
    policy = a_policy(grace=HOUR + timedelta(minutes=5))
    policy.check_grace(HOUR)
    with pytest.raises(ConfigurationError, match="shorter than PT1H5M1S") as refused:
        policy.check_grace(HOUR + timedelta(seconds=1))
    assert "PT1H5M1S" in refused.value.advice
