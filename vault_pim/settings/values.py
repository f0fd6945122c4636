"""The kinds of value a configuration may hold: durations, time zones, calendars, addresses, paths.

Used by `shape.py`. Each kind refuses what could mean two things: a bare number for a duration, a month, a relative
path. A refusal repeats the rejected text only where that text cannot be a secret.
"""

import re
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from ipaddress import ip_address, ip_network
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from vault_pim.domain.wording import DURATION, format_duration, read_duration

LONGEST = timedelta(days=36_500)
SHORTHAND = re.compile(r"(\d+)\s*([smhdw])", re.ASCII | re.IGNORECASE)
CRON_FIELDS = 5
CALENDAR_ANCHOR = datetime(2024, 1, 1, tzinfo=UTC)  # fixed, so that one configuration is always judged alike
CALENDAR_SAMPLE = 60


def refusal(what: str, advice: str) -> PydanticCustomError:
    """An error of one value: what is wrong with it, after its key; what to write instead."""
    return PydanticCustomError("vault_pim", "{what}", {"what": what, "advice": advice})


def parse_duration(value: object) -> timedelta:
    """Read an ISO 8601 duration of weeks, days, hours, minutes and seconds.

    Raises:
        PydanticCustomError: it is a bare number, has months or years, or is zero or longer than 100 years.
    """
    if isinstance(value, timedelta):
        return value
    text = str(value).strip()
    length = read_duration(text)
    if length is None:
        raise refusal(f"{text!r} is not an ISO 8601 duration", _duration_advice(text))
    if not timedelta(0) < length <= LONGEST:
        raise refusal(f"{text!r} is not between one second and 100 years", "Give a length such as P30D or PT24H.")
    return length


def _duration_advice(text: str) -> str:
    shorthand = SHORTHAND.fullmatch(text)
    if shorthand:
        number, unit = shorthand[1], shorthand[2].upper()
        return f"Write P{number}{unit}." if unit in "DW" else f"Write PT{number}{unit}."
    if re.fullmatch(r"-?[\d.]+", text):
        return f"A bare number has no unit: write PT{text.strip('-.')}S for seconds, P30D for days."
    if re.fullmatch(r"P.*\d[YM].*", text.partition("T")[0], re.IGNORECASE):
        return "Months and years vary in length: write days, such as P30D."
    if DURATION.fullmatch(text.upper()):
        return f"Write {text.upper()}."
    return "Write it like P30D, PT24H or P1DT12H."


def _zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    name = str(value)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        close = get_close_matches(name, sorted(available_timezones()), n=1)
        advice = f"Did you mean {close[0]}?" if close else "Write it like Europe/Paris."
        raise refusal(f"{name!r} is not a time zone", advice) from error


def _cron(value: object) -> str:
    text = " ".join(str(value).split())
    advice = 'Write minute, hour, day, month and weekday, such as "0 3 * * SUN".'
    if len(text.split()) != CRON_FIELDS:
        raise refusal(f"{text!r} has not {CRON_FIELDS} fields", advice)
    try:
        next(CronSim(text.upper(), CALENDAR_ANCHOR))
    except (CronSimError, StopIteration) as error:
        reason = str(error).lower() or "it never comes"
        raise refusal(f"{text!r} is not a cron expression: {reason}", advice) from error
    return text.upper()


def longest_gap(cron: str) -> timedelta:
    """The longest time between two instants of a cron expression, among its first 60 from a fixed date."""
    calendar = CronSim(cron, CALENDAR_ANCHOR)
    instants = [instant for instant, _ in zip(calendar, range(CALENDAR_SAMPLE), strict=False)]
    return max((later - earlier for earlier, later in pairwise(instants)), default=LONGEST)


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _url(value: object) -> str:
    advice = "Write it like https://pim.example.com, without user, query or fragment."
    try:
        parts = urlsplit(str(value).strip())
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise refusal("is not a URL", advice) from None
    if not valid or parts.username is not None or parts.query or parts.fragment:
        raise refusal("is not a plain http or https URL", advice)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise refusal(
            f"would send secrets unencrypted to {parts.hostname}", "Write https; http is for this machine alone."
        )
    return parts.geturl().rstrip("/")


def _path(value: object) -> Path:
    path = Path(str(value))
    if not path.is_absolute():
        # The text is not repeated: a secret written in place of its file would stand here.
        raise refusal("is not an absolute path", "Name a file by its whole path, such as /etc/vault-pim/secret_id.")
    return path


def _release(value: object) -> str:
    text = str(value)
    if not re.fullmatch(r"auto|master|\d{1,2}\.\d{1,2}", text, re.ASCII):
        raise refusal(f"{text!r} is not a PIM release", "Write auto, master, or two numbers such as 7.0.")
    return text


def _listen(value: object) -> str:
    text = str(value)
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:  # noqa: PLR2004 - TCP
        raise refusal(f"{text!r} is not host:port", "Write it like 127.0.0.1:8300, or [::1]:8300.")
    return text


def _network(value: object) -> str:
    try:
        return str(ip_network(str(value)))
    except ValueError as error:
        raise refusal(f"{value!r} is not a network", "Write it like 10.1.0.0/16.") from error


def _text_schema(**more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", **more})


Duration = Annotated[
    timedelta,
    PlainValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    _text_schema(format="duration", examples=["P30D", "PT24H"]),
]
Zone = Annotated[
    ZoneInfo, PlainValidator(_zone), PlainSerializer(str, return_type=str), _text_schema(format="time-zone")
]
Cron = Annotated[str, PlainValidator(_cron), _text_schema(format="cron")]
Url = Annotated[str, PlainValidator(_url), _text_schema(format="uri")]
AbsolutePath = Annotated[
    Path, PlainValidator(_path), PlainSerializer(str, return_type=str), _text_schema(format="path")
]
Release = Annotated[
    str,
    PlainValidator(_release),
    WithJsonSchema({"type": ["string", "number"], "examples": ["auto", "1.7", "7.0", "master"]}),
]
Listen = Annotated[str, PlainValidator(_listen), _text_schema(format="host:port")]
Network = Annotated[str, PlainValidator(_network), _text_schema(format="network")]
