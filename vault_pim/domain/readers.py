"""Who reads a connector's credential set, and which generation each of them uses. No secrets.

Seen through the `Readers` port, judged in lifecycle/retirement.py.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Evidence(StrEnum):
    """How it is known which generation a reader uses."""

    SAYS = "says"
    READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One reader of a connector's path.

    Attributes:
        name: the process that says so, or the address that Vault's audit log shows.
        generation: the one it uses; None where that is not known.
        evidence: what it says itself, or that Vault gave it to it.
        since: when it was first known to use that generation.
        heard_at: when it was last heard of.
    """

    name: str
    generation: int | None
    evidence: Evidence
    since: datetime
    heard_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadersSight:
    """The readers of one connector, as far as they are seen.

    Attributes:
        unseen: what could not be looked at, and why; None where everything could.
        partial: why there may be readers who left no trace in what was looked at; None where there is no reason to
            think so.
    """

    readers: tuple[Reader, ...] = ()
    unseen: str | None = None
    partial: str | None = None

    @property
    def whole(self) -> bool:
        """Whether all readers are seen."""
        return self.unseen is None and self.partial is None
