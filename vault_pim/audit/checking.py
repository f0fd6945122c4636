"""Tell whether any file of ours is as it was written: an audit log, a part of an incident, or a signed document.

Called by `vault-pim audit verify`.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vault_pim.audit.chain import PREVIOUS, ChainFile
from vault_pim.audit.checkpoints import Checked, verify
from vault_pim.audit.incident import SCHEMA_FIELD, read
from vault_pim.audit.signing import PublicKey, check_document
from vault_pim.domain.errors import NotAuthentic


def check_file(path: Path, key: PublicKey, anchors: Sequence[Mapping[str, Any]] | None = None) -> Checked:
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
    return Checked(file=None, lines=lines, signed=lines)


def _document(path: Path) -> Mapping[str, Any] | None:
    """The JSON object that a file is, signed or not; None where it is lines.

    Raises:
        NotAuthentic: it is another JSON value.
    """
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict):
        raise NotAuthentic(f"{path} is no file of vault-pim", why="it is JSON, but no object")
    return found
