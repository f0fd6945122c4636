"""The last checkpoint of each audit file, in the state mount: where the file must not end before. The `Anchors` of
`audit`. Refuses to go back to an earlier one."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from vault_pim.domain.errors import TakenOver, VaultNoAnswer
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import ANCHORS, Layout, anchor
from vault_pim.vault.session import VaultSession

FIELD = "checkpoint"
WRITES = 20


class VaultAnchors:
    """Keeps and gives the checkpoints."""

    def __init__(self, session: VaultSession, layout: Layout) -> None:
        self._kv = KeyValue(session, layout.state_mount)

    def put(self, file: str, checkpoint: Mapping[str, Any]) -> None:
        """Keep the checkpoint of a file, unless a later one is kept."""
        for _ in range(WRITES):
            entry = self._kv.read(anchor(file))
            if entry.data is not None and json.loads(entry.data[FIELD])["size"] >= checkpoint["size"]:
                return
            with suppress(TakenOver):
                self._kv.write(anchor(file), {FIELD: json.dumps(checkpoint)}, cas=entry.kv_version)
                return
        raise VaultNoAnswer(f"too many processes sign audit file {file} at once")

    def all(self) -> tuple[Mapping[str, Any], ...]:
        """Every checkpoint there is."""
        entries = (self._kv.read(anchor(file)).data for file in self._kv.names(ANCHORS))
        return tuple(json.loads(data[FIELD]) for data in entries if data is not None)
