"""docs/reference/json.md as a table of keys, and the keys of a real object, to be compared."""

import re
from collections.abc import Iterator
from typing import Any

from tests.docs.regenerate import ROOT

PAGE = ROOT / "docs/reference/json.md"
ANY_KEYS = "any keys"


def section(title: str) -> dict[str, str]:
    """The rows of a section: meaning by key."""
    found = re.search(rf"^##+ {re.escape(title)}\n(.*?)(?=^##|\Z)", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert found, title
    return dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", found[1], re.MULTILINE))


def surplus(title: str, document: dict[str, Any]) -> set[str]:
    """Keys that the object has and the page has not."""
    return set(_keys(document, _documented(section(title))))


def missing(title: str, documents: list[dict[str, Any]]) -> set[str]:
    """Keys that the page has and none of the objects has; shared parts are not asked for."""
    seen = {key for document in documents for key in _keys(document, set())}
    return set(section(title)) - seen


def _documented(rows: dict[str, str]) -> set[str]:
    known = set(rows)
    for key, meaning in rows.items():
        for part in re.findall(r"\(#([a-z]+)\)", meaning):
            known |= {f"{key}{each}.{inner}" for inner in section(part) for each in ("", "[]")}
        if ANY_KEYS in meaning:
            known.add(f"{key}.*")
    return known


def _keys(value: object, known: set[str], at: str = "") -> Iterator[str]:
    """The paths of all keys that are not known."""
    match value:
        case dict():
            for name, inner in value.items():
                path = f"{at}.{name}" if at else name
                if path not in known:
                    yield path
                if f"{path}.*" not in known:
                    yield from _keys(inner, known, path)
        case list():
            for inner in value:
                yield from _keys(inner, known, f"{at}[]")
