"""What is wrong with a configuration: one line each, with its place and what to write instead.

Raised by `loading.py`, listed by `vault-pim config check`. Never repeats a rejected value that could be a secret.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vault_pim.domain.errors import ConfigurationError

Key = tuple[str | int, ...]
Refused = tuple[Key, str, str]
"""A key path, what is wrong there, and what to write instead."""

METHODS = "Choose approle, kubernetes, jwt, certificate or token."
ISSUER_METHODS = "Choose kubernetes, jwt or certificate."
LIST = "Write it as a list: [a, b]."
MAPPING = "Give it keys of its own."
SENTENCES = {
    "missing": ("is missing", ""),
    "extra_forbidden": ("is not a key here", ""),
    "string_type": ("is not text", ""),
    "string_too_short": ("is empty", ""),
    "string_too_long": ("is too long", ""),
    "string_pattern_mismatch": ("has characters or a form that are not allowed", ""),
    "int_parsing": ("is not a whole number", ""),
    "int_type": ("is not a whole number", ""),
    "float_parsing": ("is not a number", ""),
    "float_type": ("is not a number", ""),
    "list_type": ("is not a list", LIST),
    "too_short": ("is empty", ""),
    "dict_type": ("is not a mapping", MAPPING),
    "model_type": ("is not a mapping", MAPPING),
    "model_attributes_type": ("is not a mapping", MAPPING),
    "union_tag_not_found": ("is missing", ""),
    "union_tag_invalid": ("is not a known value", ""),
    "enum": ("is not a known value", ""),
    "literal_error": ("is not a known value", ""),
    "greater_than_equal": ("is out of range", ""),
    "less_than_equal": ("is out of range", ""),
}
"""By pydantic's name for an error: what is wrong, and the advice where it is always the same."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """Where a value came from: a file and its line (from 1), or an environment variable as `file` without a line."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, or, as a finding of `config check`, one that will be wrong when it is used."""

    place: Place
    key: str
    what: str
    advice: str

    def __str__(self) -> str:
        subject = f"{self.key}: {self.what}" if self.key else self.what
        return f"{self.place}: {subject}. {self.advice}".rstrip()

    def as_json(self) -> dict[str, Any]:
        """The problem for `--json`."""
        return {**asdict(self.place), "key": self.key, "what": self.what, "advice": self.advice}


class InvalidConfiguration(ConfigurationError):
    """The configuration is wrong; `problems` holds everything that is wrong with it, in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda one: (one.place.file, one.place.line or 0, one.key)))
        count = len(self.problems)
        super().__init__(
            f"the configuration has {count} problem{'s' * (count != 1)}", why="\n".join(map(str, self.problems))
        )


def dotted(key: Key) -> str:
    """A key path as people write it: `connectors.erp.permissions[2]`."""
    text = ""
    for part in key:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """Advice that names the closest known word, or all of them where none is close."""
    words = sorted(known)
    if close := get_close_matches(word, words, n=1):
        return f"Did you mean {close[0]}?"
    return otherwise or (f"Choose one of: {', '.join(words)}." if words else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the keys of a configuration were written: the main file, a line of a file, or an environment variable."""

    main: Path
    written: Mapping[Key, Place]
    variables: Mapping[Key, str]

    def of(self, key: Key) -> Place:
        """Where a key was written; for one that is missing, where the section that lacks it begins."""
        for length in range(len(key), 0, -1):
            part = key[:length]
            if part in self.written and part not in self.variables:
                return self.written[part]
            if inner := sorted(name for other, name in self.variables.items() if other[:length] == part):
                return Place(file=f"environment variable {inner[0]}")
        return Place(file=str(self.main))

    def problem(self, key: Key, what: str, advice: str) -> Problem:
        """What is wrong with a key, at its place."""
        return Problem(place=self.of(key), key=dotted(key), what=what, advice=advice)


def explain(error: ValidationError, schema: Mapping[str, Any]) -> Iterator[Refused]:
    """Each refusal of a validation.

    Args:
        error: what pydantic raised; its inputs are compared with known words, never repeated.
        schema: the JSON Schema of the whole configuration, which knows the keys of each section.
    """
    for one in error.errors(include_url=False):
        key = one["loc"]
        if key[:2] == ("vault", "auth") or key[:1] == ("issuers",):
            key = (*key[:2], *key[3:])  # pydantic puts the method between these sections and their keys
        what, advice = SENTENCES.get(one["type"], ("is not allowed", ""))
        context = one.get("ctx", {})
        match one["type"]:
            case "vault_pim":
                what, advice = context["what"], context["advice"]
            case "extra_forbidden":
                advice = _advice_for_unknown(str(key[-1]), keys_at(schema, key[:-1]))
            case "union_tag_not_found" | "union_tag_invalid":
                key = (*key, "method")
                advice = METHODS if key[0] == "vault" else ISSUER_METHODS
            case "enum" | "literal_error":
                words = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
                advice = did_you_mean(str(one["input"]), words)
            case "greater_than_equal" | "less_than_equal":
                advice = f"{one['msg'].replace('Input should be', 'It must be')}."
            case "string_too_long":
                advice = f"Write at most {context['max_length']} characters."
        yield key, what, advice


def _advice_for_unknown(word: str, known: frozenset[str]) -> str:
    if word in known:
        return "It belongs to another method."
    if f"{word}_file" in known:
        return f"Secrets come from files: write it into a file and name that in {word}_file."
    return did_you_mean(word, known)


def keys_at(schema: Mapping[str, Any], key: Key) -> frozenset[str]:
    """The keys that the section at a key path may hold; none where its keys are free."""
    sections: Sequence[Mapping[str, Any]] = _variants(schema, schema)
    for part in key:
        inner = [
            section.get("properties", {}).get(part) or section.get("additionalProperties") or {} for section in sections
        ]
        sections = [variant for one in inner for variant in _variants(one, schema)]
    return frozenset(name for section in sections for name in section.get("properties", {}))


def _variants(node: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if "$ref" in node:
        return _variants(schema["$defs"][node["$ref"].rpartition("/")[2]], schema)
    choices = node.get("oneOf") or node.get("anyOf")
    return [variant for one in choices for variant in _variants(one, schema)] if choices else [node]
