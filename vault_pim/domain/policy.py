"""When a credential set is to be replaced, and how long the old one lives on."""

from dataclasses import dataclass
from datetime import timedelta, tzinfo
from enum import StrEnum
from typing import assert_never

from vault_pim.domain.errors import ConfigurationError
from vault_pim.domain.wording import format_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Rotate when a set has reached an age; jitter is the share of the period, 0 to 0.5, taken off by connector."""

    every: timedelta
    jitter: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Rotate at the instants of a cron expression, in a time zone, and only within `window` after each."""

    cron: str
    timezone: tzinfo
    window: timedelta


class Retire(StrEnum):
    """When a superseded set goes."""

    GRACE_OVER = "grace-over"
    PICKED_UP = "picked-up"


class LateReaders(StrEnum):
    """What becomes of a superseded set that readers still use when its grace is over."""

    CUT = "cut"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rotation policy of a connector.

    Attributes:
        name: its key in the configuration.
        schedule: by age or by calendar.
        max_age: past this age a set is overdue, whatever the schedule says.
        grace: how long the former set is accepted after its successor was published.
        refresh_interval: the longest a connector takes to notice a new set at its path.
        retire: when the grace is over, or before that as soon as all known readers have moved on.
        late_readers: whether the grace is the end, or is waited for readers who have not moved on until then.
    """

    name: str
    schedule: Period | Calendar
    max_age: timedelta
    grace: timedelta
    refresh_interval: timedelta
    retire: Retire = Retire.GRACE_OVER
    late_readers: LateReaders = LateReaders.CUT

    def __post_init__(self) -> None:
        lengths = {"grace": self.grace, "max_age": self.max_age, "refresh_interval": self.refresh_interval}
        match self.schedule:
            case Period(every=every, jitter=jitter):
                lengths["rotate_every"] = every
                if not 0 <= jitter <= 0.5:  # noqa: PLR2004 - the bound is the rule itself
                    raise ConfigurationError(f"jitter of policy {self.name} is {jitter}", advice="Give 0 to 0.5.")
                if every > self.max_age:
                    raise ConfigurationError(
                        f"policy {self.name} rotates after its max_age", advice="Make rotate_every at most max_age."
                    )
            case Calendar(window=window):
                lengths["window"] = window
            case _:
                assert_never(self.schedule)
        for key, value in lengths.items():
            if value <= timedelta(0):
                raise ConfigurationError(f"{key} of policy {self.name} is not positive", advice="Give it a length.")

    def least_grace(self, access_token_lifetime: timedelta) -> timedelta:
        """The shortest grace in which no connector is left with a dead set: it may notice a new one only after
        `refresh_interval`, and its last access token lives on after that."""
        return self.refresh_interval + access_token_lifetime

    def check_grace(self, access_token_lifetime: timedelta) -> None:
        """Refuse a grace in which a connector could be left with a dead set.

        Raises:
            ConfigurationError: grace < refresh interval + lifetime of an access token at the PIM.
        """
        needed = self.least_grace(access_token_lifetime)
        least = format_duration(needed)
        if self.grace < needed:
            raise ConfigurationError(
                f"grace of policy {self.name} is {format_duration(self.grace)}, shorter than {least}",
                why="a connector may notice a new set only after refresh_interval, and its last access token "
                f"lives {format_duration(access_token_lifetime)} more",
                advice=f"Set grace to at least {least}, or shorten refresh_interval.",
            )
