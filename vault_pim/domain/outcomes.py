"""Answers as types: what `decide()` says, and what a verification or a proof found."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from vault_pim.domain.generation import Step
from vault_pim.domain.reasons import Reason


class Part(StrEnum):
    """A part of a connector's surroundings that can be mended without moving a generation."""

    ROLE = "role"
    ACCESS = "access"
    SERVED = "served"
    ORPHAN = "orphan"
    PROOF = "proof"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True, kw_only=True)
class Do:
    """This step is due for this generation.

    Attributes:
        replaces: of ISSUE: the generation whose connection is taken over in place, or None.
    """

    step: Step
    number: int
    reason: Reason
    replaces: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """Put a part of the surroundings back to what state and configuration say; no generation changes its stage."""

    part: Part
    reason: Reason
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Nothing is due before `until`; None where only a person or an outside change can make something due."""

    until: datetime | None
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A person must act; `detail` names the object, `advice` says what to do."""

    reason: Reason
    detail: str
    advice: str


Decision = Do | Mend | Wait | Alarm


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a person should know; does not stop anything by itself.

    Attributes:
        about: tells findings of one reason apart where there may be several; a person is told anew of each.
    """

    reason: Reason
    detail: str
    about: str = field(default="", compare=False)

    @property
    def key(self) -> tuple[Reason, str]:
        """Stays the same for as long as it is the same thing, whatever its detail says by then."""
        return self.reason, self.about


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A credential set works and may do only what was declared.

    Attributes:
        allowed: the call that was let through, e.g. `GET /api/rest/v1/channels`.
        forbidden: the call that was refused; None where the declared permissions forbid nothing we may ask.
        access_token_lifetime: seconds, as the PIM said.
    """

    allowed: str
    forbidden: str | None
    access_token_lifetime: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A credential set does not work, or may do more or less than declared."""

    reason: str


Verification = Verified | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """Every way the old set could be used was tried and refused; `evidence` is one line each, without secrets."""

    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive:
    """Something of the old set still works, or could not be shown not to."""

    unproven: tuple[str, ...]


Proof = Dead | Alive
