"""Durations mean one thing, whatever is written; addresses and calendars are judged as documented."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from vault_pim.domain.connector import role_code
from vault_pim.domain.wording import DURATION, format_duration
from vault_pim.settings.values import is_loopback, longest_gap, parse_duration

LENGTHS = st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=36_500)).map(
    lambda length: length - timedelta(microseconds=length.microseconds)
)


@given(LENGTHS)
def test_written_duration_reads_back_as_itself(length: timedelta) -> None:
    """Format and parse are inverse for every whole number of seconds up to 100 years."""
    assert parse_duration(format_duration(length)) == length


@given(st.integers(0, 99), st.integers(0, 999), st.integers(0, 999), st.integers(0, 999), st.integers(0, 99_999))
def test_duration_is_the_sum_of_its_parts(weeks: int, days: int, hours: int, minutes: int, seconds: int) -> None:
    """Each unit counts what ISO 8601 says, however large its number."""
    expected = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    text = f"P{weeks}W{days}DT{hours}H{minutes}M{seconds}S"
    if expected:
        assert parse_duration(text) == expected
    else:
        with pytest.raises(PydanticCustomError):
            parse_duration(text)


@given(st.one_of(st.text(), st.from_regex(r"P?T?[\d.]*[YMWDHS]?", fullmatch=True)))
def test_anything_else_is_refused_with_advice(text: str) -> None:
    """No other text is taken for a duration, and each refusal says what to write."""
    if DURATION.fullmatch(text.strip()):
        return
    with pytest.raises(PydanticCustomError) as caught:
        parse_duration(text)
    assert caught.value.context is not None
    assert caught.value.context["advice"]


@pytest.mark.parametrize("text", ["P", "PT", "P1DT", "P1H", "PT1D", "P1.5D", "-P1D", "P٣D", "1", "P1D1W", "P1Y", "P1M"])
def test_half_written_duration_is_refused(text: str) -> None:
    """Forms that other readers accept or guess at are refused."""
    with pytest.raises(PydanticCustomError):
        parse_duration(text)


def test_minutes_are_no_months() -> None:
    """M after T is minutes."""
    assert parse_duration("PT5M") == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("pim.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost.example.com", False),
        ("127.0.0.1.example.com", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - it is refused
    ],
)
def test_loopback_is_this_machine_alone(host: str, expected: bool) -> None:
    """Names that only look like this machine are not taken for it."""
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("cron", "days"), [("0 3 * * SUN", 7), ("0 3 1 * *", 31), ("0 3 * * *", 1), ("0 0 1 1 *", 366)]
)
def test_longest_pause_of_a_calendar(cron: str, days: int) -> None:
    """The pause that max age must cover is the longest, not the usual one."""
    assert longest_gap(cron) == timedelta(days=days)


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("API minimal", "ROLE_API_MINIMAL"),
        ("Ünï/çode role!", "ROLE___N_____ODE_ROLE_"),
        ("role_x", "ROLE_X"),
        ("a-b", "ROLE_A-B"),
    ],
)
def test_role_code_is_what_the_pim_makes_of_a_label(label: str, code: str) -> None:
    """As observed: every other byte becomes `_`, and the prefix is not doubled."""
    assert role_code(label) == code
