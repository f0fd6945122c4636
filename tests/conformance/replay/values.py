"""The random values of a recording and of its replay, matched by where they stand.

The recorded PIM and the sandbox draw their own client ids, secrets, passwords and tokens. Wherever both show one at the
same place of the same step, the two stand for each other from then on: in what is sent, and in what is compared.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

Answer = dict[str, Any]

_SHAPES = {
    "client": r"\d+_[a-z0-9]{44,52}",
    "secret": r"[a-z0-9]{44,52}",
    "password": r"[0-9a-f]{9}",
    "access": r"[A-Za-z0-9]{86}",
    "refresh": r"[A-Za-z0-9]{86}",
    "username": r"\w+_\d{4}",
}
_JSON_KEYS = {
    "client_id": "client", "secret": "secret", "password": "password", "access_token": "access",
    "refresh_token": "refresh",
}  # fmt: skip
_CONSOLE_LINES = {
    "client_id": "client", "Client ID": "client", "secret": "secret", "Secret": "secret", "Username": "username",
    "Password": "password",
}  # fmt: skip
_ROW = re.compile(r"^\| (\d+_\w+) +\| (\w+) +\|", re.M)
_CREDENTIALS = re.compile(r"(\d+_\w+)\|(\w+)")


class Values:
    """What is known of one theme, on both sides."""

    def __init__(self) -> None:
        self._placeholders: dict[str, str] = {}
        self._recorded: dict[str, str] = {}
        self._replayed: dict[str, str] = {}

    def match(self, recorded: Answer, replayed: Answer) -> None:
        """Learn from one step, answered by both."""
        replay = dict(_found(replayed))
        for (place, kind), value in _found(recorded):
            if value not in self._recorded:
                number = sum(one.startswith(f"<{kind}:") for one in self._recorded.values()) + 1
                self._recorded[value] = f"<{kind}:{number}>"
            placeholder = self._recorded[value]
            drawn = replay.get((place, kind))
            if drawn and drawn not in self._replayed and placeholder not in self._placeholders:
                self._placeholders[placeholder] = drawn
                shaped = re.fullmatch(_SHAPES[kind], drawn)
                self._replayed[drawn] = placeholder if shaped else placeholder.replace(">", " odd>")

    def to_send(self, text: str) -> str:
        """A recorded text with the sandbox's own values in it."""
        return _replaced(_replaced(text, self._recorded), self._placeholders)

    def of_recording(self, text: str) -> str:
        """A recorded text with placeholders for what is random."""
        return _replaced(text, self._recorded)

    def of_replay(self, text: str) -> str:
        """A text of the sandbox with placeholders for what is random."""
        return _replaced(text, self._replayed)


def _replaced(text: str, table: dict[str, str]) -> str:
    for value in sorted(table, key=len, reverse=True):
        text = text.replace(value, table[value])
    return text


def _found(answer: Answer) -> Iterator[tuple[tuple[str, str], str]]:
    """Each random value with its place and kind."""
    if "exit_code" in answer:
        yield from _in_console(answer.get("stdout") or re.sub(r"\x1b\[[\d;]*m", "", answer.get("tty_output", "")))
    elif isinstance(answer.get("body"), str):
        try:
            yield from _in_json(json.loads(answer["body"]), "")
        except ValueError:
            return


def _in_console(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    for name, value in re.findall(r"^([\w ]+): (\S+)\s*$", text, re.M):
        if name in _CONSOLE_LINES:
            yield (name, _CONSOLE_LINES[name]), value
    for number, (client, secret) in enumerate(_ROW.findall(text)):
        yield (f"row {number}", "client"), client
        yield (f"row {number}", "secret"), secret


def _in_json(data: Any, place: str) -> Iterator[tuple[tuple[str, str], str]]:
    if isinstance(data, list):
        for number, entry in enumerate(data):
            yield from _in_json(entry, f"{place}/{number}")
    if not isinstance(data, dict):
        return
    for key, value in data.items():
        if isinstance(value, str) and len(value) >= 8 and key in _JSON_KEYS:
            yield (f"{place}/{key}", _JSON_KEYS[key]), value
        elif key == "username" and "client_id" in data:
            yield (f"{place}/{key}", "username"), value
        elif key == "credentials" and (pair := _CREDENTIALS.fullmatch(value)):
            yield (f"{place}/{key}/0", "client"), pair[1]
            yield (f"{place}/{key}/1", "secret"), pair[2]
        else:
            yield from _in_json(value, f"{place}/{key}")
