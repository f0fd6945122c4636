"""Signed lines in the audit log, a copy of the last one of each file in Vault: a log cannot be cut off or made anew.

Between two checkpoints the chain alone holds (chain.py); whoever could write the file could rewrite what follows the
last one. Called at the end of each command that recorded something, and by the daemon in between.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from vault_pim.audit.chain import PREVIOUS, ChainFile, Line, name_of
from vault_pim.audit.ports import Anchors, Signer
from vault_pim.audit.signing import FIELD, PublicKey, check_document
from vault_pim.domain.errors import NotAuthentic
from vault_pim.domain.events import Tag

KEY_FILE = "signing-key.pem"
"""The public key, kept beside the audit log, for when Vault is away."""
ENTRY = frozenset({"at", "tag"})
"""What every line of ours says, besides the hash of the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is true of a file whose every line continues the one before.

    Attributes:
        file: its name; None of an empty one, and of a document.
        signed: how many of its lines a signature covers.
        torn: numbers of the lines that a full disk or a crash tore; a whole line after them vouches for them.
        loose: the same of those at the end: nothing vouches for them.
        document: it is one signed JSON object, and no lines.
    """

    file: str | None
    lines: int
    signed: int
    torn: tuple[int, ...] = ()
    loose: tuple[int, ...] = ()
    document: bool = False


def take(chain: ChainFile, signer: Signer, anchors: Anchors, *, at: datetime, by: str, host: str) -> None:
    """Sign all lines that are in the file now, and tell Vault where they end, and where the file is.

    Raises:
        AuditUnavailable: the file cannot be written.
        VaultNoAnswer, VaultRefusal: Vault's side is not done.
    """
    _keep(signer.public_key(), chain.path.with_name(KEY_FILE))  # has the key at hand after this
    told = {"at": at.isoformat(), "tag": Tag.CHECKPOINT, "by": by, "host": host, "path": str(chain.path.resolve())}
    line = chain.append(told, signer)
    anchors.put(str(line["file"]), line)


def verify(chain: ChainFile, key: PublicKey, anchors: Sequence[Mapping[str, Any]] | None = None) -> Checked:
    """See that a file is as it was written.

    Args:
        anchors: the checkpoints that Vault holds, of any file; None where it was not asked.

    Raises:
        NotAuthentic: names the first line that is not, or says how much is missing at the end.
        ConfigurationError: the file cannot be read.
    """
    what = str(chain.path)
    name, count, whole, signed = None, 0, 0, 0
    broken: list[int] = []
    awaited: Mapping[str, Any] | None = None
    for line in chain.lines():
        count = line.number
        if name is None:
            name = name_of(line.raw)
            awaited = _anchor(anchors or (), name, key)
        if line.fields is None:
            broken.append(count)
        else:
            if not whole and not line.fields.keys() >= ENTRY:
                raise _stranger(what, f"line {count} does not say what happened, and when")
            whole = count
            if FIELD in line.fields:
                check_document(line.fields, key, what=f"line {count} of {what}")
                signed = count
        if awaited is not None and _reached(awaited, line):
            awaited = None
    if awaited is not None:
        raise NotAuthentic(
            f"{what} lacks lines at its end, or was made anew",
            why=f"Vault knows of {awaited['size']} bytes in it at {awaited['at']}",
            advice="Look for the missing lines in a backup of the file, and find out who could write it.",
        )
    if count and not whole:
        raise _stranger(what, "no line of it is a JSON object")
    if not signed and (count or anchors is None):
        raise NotAuthentic(
            f"nothing in {what} is signed",
            why="whoever can write the file could have made all of it",
            advice="A new log is signed by the next checkpoint; of an incident check what `incident export` writes.",
        )
    return Checked(
        file=name,
        lines=count,
        signed=signed,
        torn=tuple(number for number in broken if number < whole),
        loose=tuple(number for number in broken if number > whole),
    )


def _stranger(what: str, why: str) -> NotAuthentic:
    return NotAuthentic(f"{what} is no file of vault-pim", why=why, advice="Name a log, a record or a proof.")


def _anchor(anchors: Sequence[Mapping[str, Any]], name: str, key: PublicKey) -> Mapping[str, Any] | None:
    found = next((one for one in anchors if one["file"] == name), None)
    if found is not None:
        check_document(found, key, what=f"the checkpoint of file {name} in Vault")
    return found


def _reached(anchor: Mapping[str, Any], line: Line) -> bool:
    return bool(line.end == anchor["size"] and line.link == anchor[PREVIOUS])


def _keep(pem: str, path: Path) -> None:
    """Write the public key once; one that is there is left, so that whoever compares sees a difference."""
    with suppress(OSError), path.open("x", encoding="ascii") as file:
        file.write(pem)
