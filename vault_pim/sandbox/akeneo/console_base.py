"""What every command of the console is made of: a syntax, an action, a result, an error that nobody catches.

`console_clients` and `console_accounts` declare the commands; `console` runs them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from vault_pim.sandbox.akeneo.console_input import Input, Syntax
from vault_pim.sandbox.akeneo.pim import Pim

SUCCESS: Final = 0
FAILURE: Final = 1
UNCAUGHT: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a command leaves behind; a `question` is put to the person first, and the command run again."""

    exit: int = SUCCESS
    stdout: str = ""
    stderr: str = ""
    question: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thrown:
    """One exception: where it was thrown, if that is shown, and what it says."""

    kind: str
    message: str
    file: str = ""


class UncaughtError(Exception):
    """An error that no command catches.

    Args:
        kind: the class a PIM names.
        message: what it says.
        file: where it was thrown, as older consoles show it; empty for the console's own.
        code: the exit status it asks for.
        causes: what it was thrown because of, one behind the other.
        asked: what the command had put on standard output and on standard error before.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        file: str = "",
        code: int = FAILURE,
        causes: Sequence[Thrown] = (),
        asked: tuple[str, str] = ("", ""),
    ) -> None:
        super().__init__(message)
        self.thrown = [Thrown(kind=kind, message=message, file=file), *causes]
        self.code = code
        self.asked = asked


@dataclass(frozen=True, slots=True)
class Command:
    """A command: what it takes and what it does; `answer` is None where nobody has been asked yet."""

    syntax: Syntax
    run: Callable[[Pim, Input, str | None], Result]


def printed(lines: list[str], exit_code: int = SUCCESS) -> Result:
    return Result(exit=exit_code, stdout="".join(f"{line}\n" for line in lines))
