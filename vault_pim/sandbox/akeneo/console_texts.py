"""What the console prints besides its results: tables, help, log lines, the box of an unknown command."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from vault_pim.sandbox.akeneo.console_input import Syntax
from vault_pim.sandbox.akeneo.traits import ConsoleTraits

CONNECTION_MESSAGES: Final = {
    "code.required": "Connection code is required.",
    "code.too_short": "Connection code is too short. It should have 3 characters or more.",
    "code.too_long": "Connection code is too long. It should have 100 characters or less.",
    "code.invalid": "Connection code may contain only letters, numbers and underscores.",
    "code.must_be_unique": "Connection code must be unique.",
    "label.required": "Connection label is required.",
    "label.too_short": "Connection label is too short. It should have 3 characters or more.",
    "label.too_long": "Connection label is too long. It should have 100 characters or less.",
    "flow_type.invalid": "Connection flow type can only be 'data_source', 'data_destination' or 'other'.",
    "connections_number_limit_reached": "You reached the limit of 50 connections and connected Apps.",
}
_UNLIKE: Final = 1000
_BOX: Final = 75
_GLOBAL: Final = (
    "[-h|--help] [-q|--quiet] [-v|vv|vvv|--verbose] [-V|--version] [--ansi] [--no-ansi] [-n|--no-interaction] "
    "[-e|--env ENV] [--no-debug] [--] <command>"
)


def log_line(now: datetime, level: str, command: str, kind: str, message: str) -> str:
    """The log line of an uncaught error. It repeats the command line, a password in it included."""
    if "\n" in message:
        indented = "".join(f"  {line}\\n" for line in message.split("\n")).removesuffix("\\n")
        quoted = f'"""{indented}  """'
    else:
        quoted = f'"{message}"'
    return (
        f'{now:%H:%M:%S} {level:<9} [console] Error thrown while running command "{command}". Message: "{message}" '
        f'["exception" => {kind} {{ …}},"command" => "{command}","message" => {quoted}]\n'
    )


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """An ASCII table, its columns as wide as their widest cell is shown."""
    widths = [max(_width(row[column]) for row in (header, *rows)) for column in range(len(header))]
    border = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    lines = ["| " + " | ".join(map(_padded, row, widths)) + " |" for row in (header, *rows)]
    return [border, lines[0], border, *lines[1:], border]


def without_markup(text: str) -> str:
    """A text as the console shows it: its formatter swallows tags."""
    return re.sub(r"</?(?:info|comment|error|question)?>", "", text)


def help_text(name: str, syntax: Syntax) -> str:
    arguments = [f"<{one}>" for one in syntax.required] + [f"[<{one}>]" for one in syntax.optional]
    usage = " ".join((name, "[options]", *(("[--]", *arguments) if arguments else ())))
    options = "".join(f"      --{one}={_placeholder(one)}\n" for one in (*syntax.options, *syntax.values))
    options += "".join(f"      --{one.removesuffix('?')}\n" for one in syntax.flags)
    return f"Description:\n  {syntax.description}\n\nUsage:\n  {usage}\n\nOptions:\n{options}  -h, --help\n"


def thrown_box(kind: str, message: str, file: str, traits: ConsoleTraits) -> str:
    """The box an uncaught error is shown in; where it was thrown is told of errors that are not the console's own."""
    titled = traits.error_style == "titled"
    lines = [f"[{kind}]"] if titled else []
    prefix = "Type error: " if kind == "TypeError" and not titled else ""
    for line in (prefix + message).split("\n"):
        width = len(line) or 1 if titled else _BOX
        lines += [line[start : start + width] for start in range(0, max(len(line), 1), width)]
    place = f"In {file} line 1:" if file and not titled else ""
    return f"\n{place}" + _box(lines)


def synopsis(name: str, syntax: Syntax, traits: ConsoleTraits) -> str:
    """How a command is called, in one line."""
    short = traits.error_style == "titled"
    words = [f"[--{one} {_placeholder(one)}]" for one in syntax.options]
    words += [f"[--{one} [{_placeholder(one)}]]" for one in syntax.values]
    words += [
        f"[--{one.removesuffix('?')}{f' [{_placeholder(one)}]' if one.endswith('?') else ''}]" for one in syntax.flags
    ]
    words += [] if short else [_GLOBAL]
    words += [f"<{one}>" for one in syntax.required]
    words += [f"[<{one}>" for one in syntax.optional]
    return " ".join((name, *words)) + "]" * len(syntax.optional)


def not_defined_box(name: str, commands: list[str], traits: ConsoleTraits) -> str:
    """The box of an unknown command, with what may have been meant."""
    namespace = name.rpartition(":")[0]
    if traits.namespaces and namespace not in traits.namespaces and namespace != "fos:oauth-server":
        message, alternatives = f'There are no commands defined in the "{namespace}" namespace.', [*traits.namespaces]
    else:
        message, alternatives = f'Command "{name}" is not defined.', _alternatives(name, commands)
    lines = [*(["[InvalidArgumentException]"] if traits.error_style == "titled" else []), message]
    if alternatives:
        which = "this" if len(alternatives) == 1 else "one of these"
        lines += ["", f"Did you mean {which}?", *(f"    {one}" for one in alternatives)]
    return _box(lines)


def _box(lines: list[str]) -> str:
    width = max(map(len, lines)) + 4
    padded = [f"  {line}".ljust(width) for line in ("", *lines, "")]
    return "\n" + "".join(f"{line}\n" for line in padded) + "\n"


def _placeholder(option: str) -> str:
    return option.removesuffix("?").upper()


def _alternatives(name: str, commands: list[str]) -> list[str]:
    """Symfony's guess: names that share parts with this one, or are spelt much like it."""
    distances: dict[str, int] = {}
    for command in commands:
        parts = command.split(":")
        for index, word in enumerate(name.split(":")):
            if index < len(parts) and (word in parts[index] or _distance(word, parts[index]) <= len(word) / 3):
                distances[command] = distances.get(command, 0) + _distance(word, parts[index])
            elif command in distances:
                distances[command] += _UNLIKE
        if name in command or _distance(name, command) <= len(name) / 3:
            distances.setdefault(command, _distance(name, command))
    return sorted(command for command, distance in distances.items() if distance < 2 * _UNLIKE)


def _distance(a: str, b: str) -> int:
    """The Levenshtein distance."""
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (left != right))
    return row[-1]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
