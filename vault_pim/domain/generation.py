"""One issued credential set: where it stands and what moves it. The moves are in lifecycle/transitions.py."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from vault_pim.domain.connector import Mechanism


class Stage(StrEnum):
    """Where a generation stands."""

    PLANNED = "planned"
    ISSUED = "issued"
    VERIFIED = "verified"
    CURRENT = "current"
    GRACE = "grace"
    RETIRED = "retired"
    REVOKED = "revoked"
    ABANDONED = "abandoned"

    @property
    def final(self) -> bool:
        """Nothing moves it any more."""
        return self in _FINAL

    @property
    def pending(self) -> bool:
        """Issued or about to be, but not served."""
        return self in _PENDING


_FINAL = frozenset({Stage.RETIRED, Stage.REVOKED, Stage.ABANDONED})
_PENDING = frozenset({Stage.PLANNED, Stage.ISSUED, Stage.VERIFIED})


class Step(StrEnum):
    """What moves a generation from stage to stage."""

    ISSUE = "issue"
    VERIFY = "verify"
    PUBLISH = "publish"
    RETIRE = "retire"
    REVOKE = "revoke"
    ABANDON = "abandon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One credential set issued to one connector; holds no secret.

    Attributes:
        number: never reused.
        label: its name at the PIM; that of the generation it replaces, if it was made in place.
        marker: random text in the PIM object's description that proves it ours before its client id is known.
        role: name of its role at the PIM.
        reason: why it was planned (a `Reason` value).
        client_id, username: its names at the PIM; None until issued, unless it is made in place.
        fingerprints: keyed fingerprint by field, by which a leaked value is found again.
        refusal: why it cannot be used: verification refused it, or its stored copy is lost; None if neither.
        access_token_lifetime: seconds that an access token of it lives, as the PIM said; None until verified.
        retire_at: when its grace ends; None before GRACE.
        kv_version: the one by which it was first served; None before that, or not known.
        replaces: made in place: the generation whose connection it took over, with a new secret and password.
        regenerated_at: when the set that it replaces began to die; None if not made in place, or not known.
    """

    number: int
    stage: Stage
    label: str
    marker: str
    role: str
    mechanism: Mechanism
    reason: str
    planned_at: datetime
    client_id: str | None = None
    username: str | None = None
    pim_release: str | None = None
    fingerprints: dict[str, str] = field(default_factory=dict)
    issued_at: datetime | None = None
    published_at: datetime | None = None
    kv_version: int | None = None
    retire_at: datetime | None = None
    ended_at: datetime | None = None
    refusal: str | None = None
    access_token_lifetime: int | None = None
    replaces: int | None = None
    regenerated_at: datetime | None = None
