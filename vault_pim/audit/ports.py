"""What the record needs from outside. Protocols only, beside those of the engine (vault_pim/ports.py)."""

from collections.abc import Mapping
from typing import Any, Protocol

from vault_pim.domain.events import Event
from vault_pim.domain.signature import Signature


class Anchors(Protocol):
    """The last checkpoint of each audit file, kept where whoever can write the file cannot."""

    def put(self, file: str, checkpoint: Mapping[str, Any]) -> None:
        """Keep the checkpoint of a file, unless a later one is kept."""
        ...

    def all(self) -> tuple[Mapping[str, Any], ...]:
        """Every checkpoint there is."""
        ...


class IncidentStore(Protocol):
    """Where the records of incidents lie for every machine: one text each, under check-and-set."""

    def names(self) -> tuple[str, ...]:
        """Every incident there is."""
        ...

    def load(self, name: str) -> tuple[str | None, int]:
        """The text, None where there is none yet, and its KV version."""
        ...

    def save(self, name: str, text: str, kv_version: int) -> int:
        """Write the text if its KV version is still `kv_version`; gives the new one.

        Raises:
            TakenOver: it is not.
        """
        ...


class Signer(Protocol):
    """Signs for this installation."""

    def sign(self, message: bytes) -> Signature:
        """Sign these bytes."""
        ...

    def public_key(self) -> str:
        """The public key as PEM."""
        ...


class Recorder(Protocol):
    """What takes events, one by one."""

    def record(self, event: Event) -> None:
        """As `AuditLog.record` does."""
        ...
