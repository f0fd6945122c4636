"""The wire between the engine and the fakes: every port call passes it, and can be lost, refused or cut short there."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from vault_pim.domain.errors import PimNoAnswer, VaultNoAnswer


class Death(BaseException):
    """The process ends here: nothing after this line runs, and no `except Exception` sees it."""


class When(Enum):
    """On which side of the effect something happens."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(kw_only=True)
class Happening:
    """What happens at calls whose name matches; `left` counts down, None stands for ever."""

    pattern: str
    when: When
    deed: Callable[[str], None]
    left: int | None


class Wire:
    """Counts and names all port calls (`driver.issue`, `states.save`, ...), and lets things happen to them."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.calls: list[str] = []
        self._happenings: list[Happening] = []
        self._struck: tuple[int, When, Callable[[str], None]] | None = None

    def count(self, name: str) -> int:
        """How often that call was made."""
        return Counter(self.calls)[name]

    def at(self, pattern: str, deed: Callable[[], None], *, when: When = When.BEFORE, times: int | None = 1) -> None:
        """Let something happen at the next calls of that name (`driver.*` for all of the PIM)."""
        self._happenings.append(Happening(pattern=pattern, when=when, deed=lambda _: deed(), left=times))

    def fail(self, pattern: str, error: Exception, *, when: When = When.BEFORE, times: int | None = 1) -> None:
        """Let the next calls of that name raise."""

        def deed(_: str) -> None:
            raise error

        self._happenings.append(Happening(pattern=pattern, when=when, deed=deed, left=times))

    def silence(self, pattern: str) -> None:
        """No call of that name is answered any more, and none has an effect."""
        self._happenings.append(Happening(pattern=pattern, when=When.BEFORE, deed=_no_answer, left=None))

    def lose_reply(self, pattern: str) -> None:
        """The next call of that name has its effect, but its answer never arrives."""
        self._happenings.append(Happening(pattern=pattern, when=When.AFTER, deed=_no_answer, left=1))

    def die(self, *, at: int, when: When) -> None:
        """Die at the call with that number from now on, counted from 0."""
        self._struck = (len(self.calls) + at, when, _die)

    def lose_answer(self, *, at: int) -> None:
        """The call with that number from now on has its effect, but its answer never arrives."""
        self._struck = (len(self.calls) + at, When.AFTER, _no_answer)

    def heal(self) -> None:
        """Nothing happens any more."""
        self._happenings.clear()
        self._struck = None

    def enter(self, name: str) -> int:
        """A call begins."""
        with self.lock:
            number = len(self.calls)
            self.calls.append(name)
        self._pass(number, name, When.BEFORE)
        return number

    def leave(self, number: int, name: str) -> None:
        """Its effect is there; its answer is on the way."""
        self._pass(number, name, When.AFTER)

    def _pass(self, number: int, name: str, when: When) -> None:
        if self._struck is not None and self._struck[:2] == (number, when):
            self._struck[2](name)
        for happening in list(self._happenings):
            if happening.when is when and happening.left != 0 and fnmatchcase(name, happening.pattern):
                if happening.left is not None:
                    happening.left -= 1
                happening.deed(name)


class Wired(Protocol):
    """A fake that lies behind the wire."""

    room: str
    wire: Wire


SelfT = TypeVar("SelfT", bound=Wired)
P = ParamSpec("P")
R = TypeVar("R")


def port_call(
    method: Callable[Concatenate[SelfT, P], R],
) -> Callable[Concatenate[SelfT, P], R]:
    """Let a method of a fake pass the wire; its effect is atomic among threads."""

    def called(self: SelfT, /, *args: P.args, **kwargs: P.kwargs) -> R:
        name = f"{self.room}.{method.__name__}"
        number = self.wire.enter(name)
        with self.wire.lock:
            result = method(self, *args, **kwargs)
        self.wire.leave(number, name)
        return result

    called.__doc__ = method.__doc__
    return called


def _die(name: str) -> None:
    raise Death(name)


def _no_answer(name: str) -> None:
    if name.startswith("driver."):
        raise PimNoAnswer("the PIM gave no answer")
    raise VaultNoAnswer("Vault gave no answer")
