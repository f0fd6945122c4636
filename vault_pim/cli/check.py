"""One thing that `doctor` looked at, and what it thinks of it."""

from dataclasses import dataclass

OK, ATTENTION, FAILED = "ok", "attention", "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    subject: str
    outcome: str
    said: str
    advice: str = ""
    exit_code: int = 0
