"""Tell whether any file of ours is as it was written: an audit log, a part of an incident, or a signed document.

Called by `vault-pim audit verify`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from glob import escape
from pathlib import Path
from typing import Any

from vault_pim.audit.chain import PREVIOUS, ChainFile, name_of
from vault_pim.audit.checkpoints import Checked, verify
from vault_pim.audit.incident import SCHEMA_FIELD, read
from vault_pim.audit.signing import PublicKey, check_document
from vault_pim.domain.errors import ConfigurationError, NotAuthentic

Anchor = Mapping[str, Any]
"""A checkpoint that Vault holds; one of an older release names no `host` and no `path`."""
Outcome = Checked | NotAuthentic | ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What was found.

    Attributes:
        files: of each file, in the order in which they were given.
        unseen: checkpoints of logs that none of the files is; none where only documents were given.
        forged: those of them that are not as they were signed.
    """

    files: Mapping[Path, Outcome]
    unseen: tuple[Anchor, ...]
    forged: tuple[Anchor, ...]

    @property
    def documents_only(self) -> bool:
        """Whether each file is a genuine document: nobody asked for a log."""
        return all(isinstance(one, Checked) and one.document for one in self.files.values())


def check_files(files: Iterable[Path], key: PublicKey, anchors: Sequence[Anchor] | None, *, host: str) -> Checks:
    """Check each file, and see that none stands in the place of a log that Vault knows.

    Args:
        anchors: the checkpoints that Vault holds; None where it was not asked.
        host: what this machine calls itself.
    """
    found = {path: _outcome(path, key, anchors) for path in files}
    seen = {one.file for one in found.values() if isinstance(one, Checked)}
    unseen = tuple(one for one in anchors or () if one["file"] not in seen)
    forged = tuple(one for one in unseen if not _holds(one, key))
    for path, outcome in found.items():
        there = [one for one in anchors or () if (one.get("host"), one.get("path")) == (host, str(path.resolve()))]
        last = max(there, key=lambda one: str(one["at"]), default=None)
        if last in unseen and not isinstance(outcome, NotAuthentic):
            found[path] = _replaced(path, last)
    checks = Checks(files=found, unseen=unseen, forged=forged)
    return replace(checks, unseen=(), forged=()) if checks.documents_only else checks


def with_rotated(log: Path, anchors: Iterable[Anchor]) -> list[Path]:
    """A log, and before it what was rotated away and lies beside it, as far as Vault knows it."""
    known = {one["file"] for one in anchors}
    beside = sorted(log.parent.glob(f"{escape(log.stem)}*"))
    return [*(one for one in beside if one != log and one.is_file() and _name(one) in known), log]


def _name(path: Path) -> str | None:
    """What tells a log from others; None of what cannot be read."""
    try:
        with path.open("rb") as file:
            return name_of(file.readline().removesuffix(b"\n"))
    except OSError:
        return None


def _outcome(path: Path, key: PublicKey, anchors: Sequence[Anchor] | None) -> Outcome:
    try:
        return check_file(path, key, anchors)
    except (NotAuthentic, ConfigurationError) as error:
        return error


def _holds(anchor: Anchor, key: PublicKey) -> bool:
    try:
        check_document(anchor, key, what="a checkpoint")
    except NotAuthentic:
        return False
    return True


def _replaced(path: Path, anchor: Anchor) -> NotAuthentic:
    return NotAuthentic(
        f"{path} is not the log that was there",
        why=f"Vault knows of {anchor['size']} bytes at {anchor['at']}, and no file given is that log",
        advice="If it was rotated, name the former file, too; else look for it in a backup, and find out who took it.",
    )


def check_file(path: Path, key: PublicKey, anchors: Sequence[Anchor] | None = None) -> Checked:
    """See that a file is as it was written.

    Args:
        anchors: the checkpoints that Vault holds; None where it was not asked.

    Raises:
        NotAuthentic: it is not.
        ConfigurationError: it cannot be read.
    """
    document = _document(path)
    if document is not None:
        check_document(document, key, what=str(path))
    if document is None or PREVIOUS in document:
        return verify(ChainFile(path), key, anchors)
    lines = len(read(document, key).entries) if SCHEMA_FIELD in document else 1
    return Checked(file=None, lines=lines, signed=lines, document=True)


def _document(path: Path) -> Mapping[str, Any] | None:
    """The JSON object that a file is, signed or not; None where it is lines.

    Raises:
        NotAuthentic: it is another JSON value.
    """
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        raise NotAuthentic(f"{path} is no file of vault-pim", why="it is JSON, but no object")
    return found
