"""The ways a PIM's own rules say no. Raised by the rules, turned into HTTP or console output at the surfaces.

RefusalError
├── ViolationError     the input breaks validation rules
├── ImpossibleError    the rules name the reason in one sentence
├── MissingError       there is no such thing
├── EncoderError       the password encoder takes no such password, and nobody catches it
└── CrashError         what is, on the real PIM, an uncaught error
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: where, and its message or message key."""

    path: str
    message: str


class RefusalError(Exception):
    """Base of all refusals."""


class ViolationError(RefusalError):
    """The input breaks these rules, in the order the PIM lists them."""

    def __init__(self, violations: list[Violation]) -> None:
        super().__init__("; ".join(f"{one.path}: {one.message}" for one in violations))
        self.violations = violations


class ImpossibleError(RefusalError):
    """The PIM refuses and says why."""


class MissingError(RefusalError):
    """There is no such thing."""


class EncoderError(RefusalError):
    """A password the encoder does not take: older PIMs answer as if nobody were logged in."""


class CrashError(RefusalError):
    """The PIM falls over: a 500 page, or an error on the console."""
