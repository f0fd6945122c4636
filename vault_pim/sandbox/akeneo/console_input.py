"""A console's command line, read the way Symfony reads it.

Used by `console`. It knows the global options, a command's own arguments and options, and Symfony's words for what does
not fit.
"""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from vault_pim.sandbox.akeneo.traits import ConsoleTraits

_FLAGS: Final = {
    "-h": "help", "--help": "help", "-q": "quiet", "--quiet": "quiet", "-V": "version", "--version": "version",
    "-n": "no-interaction", "--no-interaction": "no-interaction", "--ansi": "ansi", "--no-ansi": "ansi",
    "--no-debug": "no-debug", "-v": "verbose", "-vv": "verbose", "-vvv": "verbose", "--verbose": "verbose",
}  # fmt: skip


class UsageError(Exception):
    """The command line does not fit the command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Syntax:
    """What a command takes.

    Attributes:
        description: one line for its help.
        required: names of the arguments that must be there.
        optional: names of the arguments behind them.
        options: names of the options with a value.
        values: names of the options with a value that may be empty.
        flags: names of the options without one, or (`name?`) with a value that may be left out.
    """

    description: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(slots=True)
class Input:
    """A command line that has been read."""

    arguments: dict[str, str] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    switched_on: set[str] = field(default_factory=set)

    def option(self, name: str, default: str = "") -> str:
        return self.options.get(name, [default])[-1]


def switches(tokens: Iterable[str]) -> set[str]:
    """The global switches among the tokens before a `--`."""
    found = set()
    for word in tokens:
        if word == "--":
            break
        if word in _FLAGS:
            found.add(_FLAGS[word])
    return found


def command_name(tokens: list[str]) -> str:
    """The first word that is no option."""
    return next((word for word in tokens if not word.startswith("-")), "")


def read(name: str, tokens: list[str], syntax: Syntax, traits: ConsoleTraits) -> Input:
    """Read the tokens behind the command's name.

    Raises:
        UsageError: they do not fit, in Symfony's words.
    """
    found, values, pending = Input(switched_on=switches(tokens)), list[str](), list(tokens)
    pending.remove(name)
    while pending:
        word = pending.pop(0)
        if word == "--":
            values += pending
            break
        names = (*syntax.required, *syntax.optional)
        if len(values) > len(names):
            break
        if word.startswith("-") and word not in _FLAGS and word != "-":
            _read_option(word, pending, syntax, found, traits)
        elif word not in _FLAGS:
            values.append(word)
    names = (*syntax.required, *syntax.optional)
    if len(values) > len(names):
        raise UsageError(_too_many(name, values[len(names)], names, traits))
    found.arguments = dict(zip(names, values, strict=False))
    missing = [one for one in syntax.required if one not in found.arguments]
    if missing:
        raise UsageError(f'Not enough arguments (missing: "{", ".join(missing)}").')
    return found


def shown(name: str, tokens: list[str]) -> str:
    """The command line as an error names it: all but the command's name quoted like a shell's, secrets and all."""
    return " ".join(word if word == name else _escaped(word) for word in tokens)


def _read_option(word: str, pending: list[str], syntax: Syntax, found: Input, traits: ConsoleTraits) -> None:
    if word in ("-e", "--env"):
        pending[:1] = []
        return
    name, equals, value = word.removeprefix("--").partition("=")
    if name == "env":
        return
    if name in syntax.options or name in syntax.values:
        if not equals and pending:
            value = pending.pop(0)
        elif not equals or (not value and traits.error_style == "titled"):
            raise UsageError(f'The "--{name}" option requires a value.')
    elif name not in syntax.flags and f"{name}?" not in syntax.flags:
        raise UsageError(f'The "{word.partition("=")[0]}" option does not exist.')
    found.options.setdefault(name, []).append(value)


def _too_many(name: str, extra: str, names: tuple[str, ...], traits: ConsoleTraits) -> str:
    if traits.error_style != "line":
        return "Too many arguments, expected arguments " + " ".join(f'"{one}"' for one in ("command", *names)) + "."
    if not names:
        return f'No arguments expected for "{name}" command, got "{extra}".'
    listed = " ".join(f'"{one}"' for one in names)
    return f'Too many arguments to "{name}" command, expected arguments {listed}.'


def _escaped(word: str) -> str:
    if found := re.fullmatch(r"(-[^=]+=)(.+)", word, re.DOTALL):
        return found[1] + _quoted(found[2])
    return word if word.startswith("-") else _quoted(word)


def _quoted(word: str) -> str:
    if not word or re.fullmatch(r"[\w-]+", word):
        return word
    quoted = shlex.quote(word)
    return quoted if quoted.startswith("'") else f"'{word}'"
