"""What the record needs from Vault, in memory."""

from collections.abc import Mapping
from typing import Any

from vault_pim.domain.errors import TakenOver, VaultNoAnswer


class MemoryIncidents:
    """The `IncidentStore` of tests; can be silent."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.silent = False
        self.asked = 0

    def names(self) -> tuple[str, ...]:
        """Every incident there is."""
        self._answer()
        return tuple(self.texts)

    def load(self, name: str) -> tuple[str | None, int]:
        """The newest text."""
        self._answer()
        texts = self.texts.get(name, [])
        return (texts[-1] if texts else None), len(texts)

    def save(self, name: str, text: str, kv_version: int) -> int:
        """Under check-and-set."""
        self._answer()
        texts = self.texts.setdefault(name, [])
        if len(texts) != kv_version:
            raise TakenOver("written meanwhile")
        texts.append(text)
        return len(texts)

    def _answer(self) -> None:
        self.asked += 1
        if self.silent:
            raise VaultNoAnswer("Vault does not answer")


class MemoryAnchors:
    """The `Anchors` of tests."""

    def __init__(self) -> None:
        self.kept: dict[str, Mapping[str, Any]] = {}

    def put(self, file: str, checkpoint: Mapping[str, Any]) -> None:
        """Keep it."""
        self.kept[file] = checkpoint

    def all(self) -> tuple[Mapping[str, Any], ...]:
        """Every one."""
        return tuple(self.kept.values())
