"""Reads the YAML of a configuration into plain mappings, and remembers the line of every key.

Called by `loading.py`, and by shell completion for the connectors' names. Every scalar stays the text that was
written (a plain `null`, `~` or nothing is None): the model gives types, so YAML cannot turn `7.10` into 7.1 or `NO`
into false. Refuses duplicate keys and tags, and never repeats a line of the file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from vault_pim.settings.problems import InvalidConfiguration, Key, Place, Problem, dotted

CONNECTORS_FOLDER = "connectors.d"
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
SCALARS = ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")
TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in SCALARS)


@dataclass(slots=True)
class Document:
    """The files of a configuration, merged.

    Attributes:
        places: where each key stands.
        problems: what is wrong with the files as YAML.
    """

    path: Path
    files: list[Path] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    places: dict[Key, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, place: Place, key: Key, what: str, advice: str) -> None:
        """Note something that is wrong."""
        self.problems.append(Problem(place=place, key=dotted(key), what=what, advice=advice))


def read_document(path: Path) -> Document:
    """Read a configuration file and the files of connectors.d beside it.

    Raises:
        InvalidConfiguration: the file is not a YAML mapping. What is wrong with the others is noted in the document.
    """
    document = Document(path=path)
    data = _read(document, path)
    if data is None:
        raise InvalidConfiguration(document.problems)
    document.data = data
    for extra in sorted((path.parent / CONNECTORS_FOLDER).glob("*.y*ml")):
        if not extra.name.startswith("."):
            _add_connectors(document, extra)
    return document


def _add_connectors(document: Document, path: Path) -> None:
    if path.suffix != ".yaml":
        document.refuse(Place(file=str(path)), (), "this file is not read", "Rename it so that it ends with .yaml.")
        return
    apart = Document(path=path)
    data = _read(apart, path)
    document.files += apart.files
    document.problems += apart.problems
    if data is None:
        return
    for key in data.keys() - {"connectors"}:
        document.refuse(apart.places[(key,)], (key,), "does not belong here", f"Move it to {document.path}.")
    added, known = data.get("connectors", {}), document.data.setdefault("connectors", {})
    if not isinstance(added, dict):
        document.refuse(apart.places["connectors",], ("connectors",), "is not a mapping", "Begin each with its name.")
    elif isinstance(known, dict):
        _merge_connectors(document, apart, known, added)


def _merge_connectors(document: Document, apart: Document, known: dict[str, Any], added: dict[str, Any]) -> None:
    for name in known.keys() & added.keys():
        key: Key = ("connectors", name)
        what = f"is declared already, in {document.places[key]}"
        document.refuse(apart.places[key], key, what, "Remove one of the two.")
    document.data["connectors"] = added | known
    document.places = apart.places | document.places


def _read(document: Document, path: Path) -> dict[str, Any] | None:
    place = Place(file=str(path))
    try:
        loader = LOADER(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
    except FileNotFoundError:
        document.refuse(place, (), "this file does not exist", "Name the right one with --config or VAULT_PIM_CONFIG.")
    except UnicodeDecodeError:
        document.refuse(place, (), "this file is not UTF-8 text", "Save it as UTF-8.")
    except OSError as error:
        reason = (error.strerror or "no reason given").lower()
        document.refuse(place, (), f"this file cannot be read: {reason}", "Let this account read it.")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Place(file=str(path), line=mark.line + 1 if mark else None)
        what = re.sub(r"\s*'[^']{2,}'", "", error.problem or "it cannot be read")  # such as the name of an alias
        document.refuse(where, (), f"this is not YAML: {what}", "Correct the line, or the one before it.")
    except yaml.YAMLError:
        document.refuse(place, (), "this is not YAML: it has characters that are not allowed", "Save it as plain text.")
    else:
        document.files.append(path)
        if isinstance(node, yaml.MappingNode):
            data = _Reader(document, path, loader).value(node, ())
            assert isinstance(data, dict)  # noqa: S101 - a mapping node gives a mapping
            return {name: {} if section is None else section for name, section in data.items()}
        what = "this file is empty" if node is None else "this file is not a mapping of keys"
        document.refuse(place, (), what, "Begin from an example in config/examples.")
    return None


class _Reader:
    """Turns nodes into values, noting the line of each key."""

    def __init__(self, document: Document, path: Path, loader: Any) -> None:
        self._document, self._path, self._loader = document, path, loader
        self._open: list[yaml.Node] = []

    def value(self, node: yaml.Node, key: Key) -> Any:
        self._document.places.setdefault(key, self._place(node))
        if node in self._open:
            return self._refuse(node, key, "contains itself", "Remove the alias.")
        self._open.append(node)
        try:
            match node:
                case yaml.MappingNode():
                    return dict(self._items(node, key))
                case yaml.SequenceNode():
                    return [self.value(item, (*key, index)) for index, item in enumerate(node.value)]
                case yaml.ScalarNode() if node.tag in TAGS:
                    plain = not node.style  # "" from libyaml, None from PyYAML
                    return None if plain and node.value in NULLS else node.value
                case _:
                    return self._refuse(node, key, "has a YAML tag", "Write plain text.")
        finally:
            self._open.pop()

    def _items(self, node: yaml.MappingNode, key: Key) -> Iterator[tuple[str, Any]]:
        seen: dict[str, Place] = {}
        for name, _ in node.value:
            if not isinstance(name, yaml.ScalarNode):
                self._refuse(name, key, "has a key that is not text", "Write plain names as keys.")
                return
            if name.value in seen:
                self._refuse(name, (*key, name.value), f"stands twice, first in {seen[name.value]}", "Keep one.")
            seen[name.value] = self._place(name)
        try:
            self._loader.flatten_mapping(node)
        except yaml.MarkedYAMLError as error:
            place = Place(file=str(self._path), line=(error.problem_mark or node.start_mark).line + 1)
            self._document.refuse(place, key, "merges something that is not a mapping", "Let << name mappings only.")
            return
        for name, value in node.value:
            inner = (*key, name.value)
            self._document.places[inner] = self._place(name)
            yield name.value, self.value(value, inner)

    def _place(self, node: yaml.Node) -> Place:
        return Place(file=str(self._path), line=node.start_mark.line + 1)

    def _refuse(self, node: yaml.Node, key: Key, what: str, advice: str) -> None:
        self._document.refuse(self._place(node), key, what, advice)
