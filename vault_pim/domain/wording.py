"""How lengths, instants and texts from outside are written: for people, and as the configuration takes them.

Used by every room that says something. Refuses nothing; holds no sentence of its own (those of reasons are in
reasons.py).
"""

import re
from datetime import datetime, timedelta

UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))

DURATION = re.compile(r"P(?=\d|T\d)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII)
"""ISO 8601, but for months and years, which vary in length."""


def clean(text: str) -> str:
    """The text with control characters written out, so that it cannot steer a terminal."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def human_duration(length: timedelta) -> str:
    """A length in its two largest units: `3 d 4 h`, `12 min`, `0 s`. Rounded down; the sign is dropped."""
    rest = int(abs(length).total_seconds())
    parts: list[tuple[int, str]] = []
    for unit, seconds in UNITS:
        number, rest = divmod(rest, seconds)
        if number or parts:
            parts.append((number, unit))
    return " ".join(f"{number} {unit}" for number, unit in parts[:2] if number) or "0 s"


def human_instant(instant: datetime, now: datetime) -> str:
    """An instant as seen from now: `in 3 d 4 h`, `12 min ago`."""
    return f"in {human_duration(instant - now)}" if instant > now else f"{human_duration(now - instant)} ago"


def format_duration(length: timedelta) -> str:
    """The ISO 8601 text of a positive duration of whole seconds; the configuration takes it so."""
    minutes, seconds = divmod(length.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    clock = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if number)
    return "P" + (f"{length.days}D" if length.days else "") + (f"T{clock}" if clock else "")


def read_duration(text: str) -> timedelta | None:
    """The length that an ISO 8601 text of weeks, days, hours, minutes and seconds says; None if it is no such text."""
    match = DURATION.fullmatch(text)
    if match is None:
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    try:
        return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        return timedelta.max
