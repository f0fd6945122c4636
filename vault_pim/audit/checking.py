"""Tell whether any file of ours is as it was written: an audit log, a part of an incident, or a signed document.

Called by `vault-pim audit verify`.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vault_pim.audit.chain import ChainFile
from vault_pim.audit.checkpoints import Checked, verify
from vault_pim.audit.incident import SCHEMA_FIELD, read
from vault_pim.audit.signing import FIELD, PublicKey, check_document


def check_file(path: Path, key: PublicKey, anchors: Iterable[Mapping[str, Any]] = ()) -> Checked:
    """See that a file is as it was written.

    Args:
        anchors: the checkpoints that Vault holds.

    Raises:
        NotAuthentic: it is not.
        ConfigurationError: it cannot be read.
    """
    document = _document(path)
    if document is None:
        return verify(ChainFile(path), key, anchors)
    if SCHEMA_FIELD in document:
        lines = len(read(document, key).entries)
    else:
        check_document(document, key, what=str(path))
        lines = 1
    return Checked(file=None, lines=lines, signed=lines, torn=())


def _document(path: Path) -> Mapping[str, Any] | None:
    """The one signed JSON object that a file is, None where it is lines."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and FIELD in found and "prev" not in found else None
