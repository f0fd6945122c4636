"""Write the record of an incident while it happens: a chained file on this machine, all of them together in Vault.

Stands before the audit log in the engine's `AuditLog` port: what names an incident goes into its record, too. An
incident is never held up by its record: what cannot be written to Vault now is written with the next entry, or by
whoever works on it next on this machine. Refuses to sign what it cannot believe.
"""

import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from vault_pim.audit.chain import ChainFile, Line, name_of
from vault_pim.audit.incident import Record, read
from vault_pim.audit.log import as_json
from vault_pim.audit.ports import IncidentStore, Recorder, Signer
from vault_pim.audit.retries import BEGUN, Retries
from vault_pim.audit.signing import PublicKey
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import NoAnswer, TakenOver, VaultNoAnswer, VaultPimError
from vault_pim.domain.events import Event
from vault_pim.domain.state import asked_at
from vault_pim.ports import Clock

logger = logging.getLogger(__name__)

WRITES = 20
REMEMBERED = 100
"""Records that are kept in mind at once; a revocation writes each a dozen times."""
SILENCE = timedelta(seconds=30)
"""How long a Vault that gave no answer is not asked again: what is urgent must not wait for its record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """A record as this process wrote it last, or read it: it need not be read and checked again before the next line is
    added, since check-and-set tells if somebody else wrote it meanwhile."""

    record: Record
    document: Mapping[str, Any] | None
    kv_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A record as it is looked at.

    Attributes:
        unsigned: numbers of the lines of this machine's file that the signed record does not have.
    """

    record: Record
    unsigned: tuple[int, ...]


class IncidentLog:
    """The audit log, with a record for each incident.

    Args:
        folder: where the files are; made when the first incident happens.
    """

    def __init__(self, log: Recorder, folder: Path, store: IncidentStore, signer: Signer, clock: Clock) -> None:
        self._log = log
        self._folder = folder
        self._store = store
        self._signer = signer
        self._clock = clock
        self._silent_until: datetime | None = None
        self._retries = Retries()
        self._written: dict[str, _Written] = {}

    def record(self, event: Event) -> None:
        """Record an event; what the incident's record lacks of it is logged, and never raised.

        Raises:
            AuditUnavailable: the audit log cannot be written.
        """
        try:
            self._log.record(event)
        finally:
            if event.incident is not None:
                for one in self._retries.worth_telling(event):
                    self._keep(event.incident, one)

    def revoked_at(self, connector: ConnectorId) -> datetime | None:
        """When the last incident of a connector that this machine wrote about began."""
        begun = []
        for path in self._folder.glob(f"*.{connector.pim}.{connector.name}.jsonl"):
            with suppress(ValueError):  # a file that somebody put there
                begun.append(asked_at(path.name))
        return max(begun, default=None)

    def names(self) -> tuple[str, ...]:
        """Every incident that this machine or Vault knows of, oldest first; a silent Vault knows of none.

        What else lies there is none: somebody put it there.
        """
        names = {path.stem for path in self._folder.glob("*.jsonl")}
        with suppress(NoAnswer):
            names.update(self._store.names())
        return tuple(sorted(filter(_is_name, names)))

    def look(self, name: str) -> Looked:
        """The record of an incident from Vault, with what this machine wrote since. Nothing is signed or written.

        Raises:
            NotAuthentic: one of them was changed.
            VaultNoAnswer, VaultRefusal: Vault does not tell it.
        """
        return self._looked(self._load(name).record)

    def _looked(self, signed: Record) -> Looked:
        lines = self._lines(self.file(signed.incident))
        before = signed.parts.get(name_of(lines[0].raw), ()) if lines else ()
        unsigned = tuple(line.number for line in lines[len(before) :])
        return Looked(record=signed.with_part(lines), unsigned=unsigned)

    def document(self, name: str) -> dict[str, Any]:
        """The record of an incident, from Vault and this machine, signed now and kept in both.

        Raises:
            NotAuthentic: one of them was changed.
            VaultNoAnswer, VaultRefusal: it cannot be signed.
        """
        return self.take_in(name, self.file(name))

    def take_in(self, name: str, file: ChainFile) -> dict[str, Any]:
        """Put a file that tells of an incident into its record, in Vault and beside the file of this machine.

        Raises:
            NotAuthentic: the record or the file was changed.
            VaultNoAnswer, VaultRefusal: it could not be written.
        """
        self._written.pop(name, None)
        return self._put(name, file)

    def _put(self, name: str, file: ChainFile) -> dict[str, Any]:
        """As `take_in`, trusting what this process wrote last."""
        lines = self._lines(file)
        written = self._written.pop(name, None)
        for _ in range(WRITES):
            before = written or self._load(name)
            record, document, kv_version = before.record.with_part(lines), before.document, before.kv_version
            if document is None or record != before.record:
                document = record.signed(self._signer, self._clock.now())
                try:
                    kv_version = self._store.save(name, json.dumps(document, ensure_ascii=False), kv_version)
                except TakenOver:
                    written = None
                    continue
            self._copy(name, document)
            if len(self._written) >= REMEMBERED:
                self._written.clear()
            self._written[name] = _Written(record=record, document=document, kv_version=kv_version)
            return dict(document)
        raise VaultNoAnswer(f"too many processes write the record of incident {name} at once")

    def _load(self, name: str) -> "_Written":
        text, kv_version = self._store.load(name)
        if text is None:
            return _Written(record=Record(incident=name, parts={}), document=None, kv_version=kv_version)
        document = json.loads(text)
        key = PublicKey.from_pem(self._signer.public_key())
        return _Written(record=read(document, key), document=document, kv_version=kv_version)

    def local(self, name: str) -> Looked:
        """What this machine alone knows of an incident.

        Raises:
            NotAuthentic: its file was changed.
        """
        return self._looked(Record(incident=name, parts={}))

    @staticmethod
    def _lines(file: ChainFile) -> list[Line]:
        return list(file.lines()) if file.path.exists() else []

    def file(self, name: str) -> ChainFile:
        """What this machine wrote about an incident."""
        return ChainFile(self._folder / f"{name}.jsonl")

    def _keep(self, name: str, event: Event) -> None:
        try:
            self._make_folder()
            self.file(name).append(as_json(event))
            if event.tag.endswith(BEGUN):
                return  # Vault hears of it with its outcome; till then the file on this machine has it
            if self._silent_until is None or self._clock.now() >= self._silent_until:
                self._put(name, self.file(name))
        except NoAnswer as error:
            self._silent_until = self._clock.now() + SILENCE
            logger.warning("%s; the record of incident %s is kept on this machine until it answers", error.what, name)
        except (VaultPimError, OSError) as error:
            said = error.what if isinstance(error, VaultPimError) else str(error.strerror)
            logger.warning("the record of incident %s is not complete: %s", name, said)

    def _copy(self, name: str, document: Mapping[str, Any]) -> None:
        """Keep the signed record on this machine, as a whole or not at all; whoever only looks may not be able to."""
        path = self._folder / f"{name}.json"
        new = path.with_suffix(".new")
        with suppress(OSError):
            self._make_folder()
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                json.dump(document, file, indent=2, ensure_ascii=False)
            new.replace(path)

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _is_name(name: str) -> bool:
    try:
        asked_at(name)
    except ValueError:
        return False
    return True
