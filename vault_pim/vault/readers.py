"""Who reads a connector's path: what its processes say of themselves, and whom Vault gave the set by its audit log.

The `Readers` of the engine. What connectors write is taken for what it is, the word of a stranger: an entry that does
not parse is a reader of an unknown generation. Refuses to call the list complete where something could not be read.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import ConfigurationError, VaultRefusal
from vault_pim.domain.generation import Generation
from vault_pim.domain.readers import Evidence, Reader, ReadersSight
from vault_pim.domain.wording import clean
from vault_pim.ports import Clock
from vault_pim.vault.audit_device import AuditTrail
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import FOLDER, Layout, entity, readers, record
from vault_pim.vault.session import VaultSession

MOST = 200
"""Entries of one connector that are looked at; nobody has so many processes, and each costs a request."""
SILENT = timedelta(hours=2)
"""After that a reader is not heard of any more: it says again within the hour what it uses."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)
DIGITS = 9
NAME_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """Who was last given which KV version; `since`: was first given it."""

    kv_version: int
    since: datetime
    last_at: datetime


class VaultReaders:
    """What readers say, and what they were given.

    Args:
        audit_log: the file of Vault's audit device; None where this machine does not have it.
    """

    def __init__(self, session: VaultSession, layout: Layout, clock: Clock, audit_log: Path | None = None) -> None:
        self._session = session
        self._kv = KeyValue(session, layout.credentials_mount)
        self._mount = layout.credentials_mount
        self._clock = clock
        self._trail = AuditTrail(audit_log) if audit_log else None
        self._given: dict[tuple[str, str], dict[str, _Given]] = {}
        self._following = threading.Lock()

    def seen(self, connector: ConnectorId, generations: Sequence[Generation]) -> ReadersSight:
        """All that say so, and all to whom Vault gave a set.

        Args:
            generations: those of the connector, to tell a KV version's generation.

        Raises:
            VaultNoAnswer: Vault is silent; a log that cannot be read and a right that is missing make the list
                incomplete, and no error.
        """
        try:
            saying = tuple(self._saying(connector, generations))
            given = tuple(self._to_whom_given(connector, generations))
        except (VaultRefusal, ConfigurationError) as error:
            return ReadersSight(unseen=f"{error.what}; {error.advice}".rstrip("; "))
        if len(saying) > MOST:
            return ReadersSight(readers=saying[:MOST], unseen=f"more than {MOST} processes say that they read")
        return ReadersSight(readers=saying + given)

    def forget(self, connector: ConnectorId, through: int) -> None:
        """Drop what readers said of generations up to `through` that were not heard of for two hours."""
        for reader in self._saying(connector, ()):
            silent = self._clock.now() > reader.heard_at + SILENT
            if silent and reader.generation is not None and reader.generation <= through:
                self._kv.drop_note(f"{readers(connector)}/{reader.name}")

    def _saying(self, connector: ConnectorId, generations: Sequence[Generation]) -> Iterator[Reader]:
        """One more than are looked at, if there are so many."""
        known = {one.number for one in generations}
        folder = readers(connector)
        for name in self._kv.names(folder)[: MOST + 1]:
            metadata = self._kv.metadata(f"{folder}/{name}")
            if metadata is None:
                continue  # it has just left
            number = _digits(metadata.custom.get("generation", ""))
            if known and number not in known:
                number = None
            at = _instant(metadata.custom.get("at", ""))
            yield Reader(name=name[:NAME_LENGTH], generation=number, evidence=Evidence.SAYS, since=at, heard_at=at)

    def _to_whom_given(self, connector: ConnectorId, generations: Sequence[Generation]) -> Iterator[Reader]:
        if self._trail is None:
            return
        identity = self._session.request("GET", entity(connector)).data.get("id", "")
        with self._following:
            self._follow(self._trail)
            given = dict(self._given.get((identity, f"{self._mount}/data/{record(connector)}"), {}))
        for address, last in sorted(given.items()):
            yield Reader(
                name=clean(address)[:NAME_LENGTH],
                generation=_generation(last, generations),
                evidence=Evidence.READ,
                since=last.since,
                heard_at=last.last_at,
            )

    def _follow(self, trail: AuditTrail) -> None:
        """Read what was added to the log, for all connectors at once: the log tells everything once."""
        for access in trail.new_accesses(holding=[f'"{self._mount}/data/{FOLDER}/']):
            if access.operation == "read" and access.entity is not None and access.kv_version is not None:
                given = self._given.setdefault((access.entity, access.path), {})
                given[access.address] = _now_given(given.get(access.address), access.kv_version, access.at)


def _now_given(before: _Given | None, kv_version: int, at: datetime) -> _Given:
    if before is not None and before.kv_version == kv_version:
        return replace(before, last_at=at)
    return _Given(kv_version=kv_version, since=at, last_at=at)


def _generation(given: _Given, generations: Sequence[Generation]) -> int | None:
    """The newest that was first served by that KV version or an earlier one, before it was given."""
    for one in sorted(generations, key=lambda one: one.number, reverse=True):
        if one.kv_version is None or one.published_at is None:
            continue
        if one.kv_version <= given.kv_version and one.published_at <= given.last_at:
            return one.number
    return None


def _digits(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else None


def _instant(text: str) -> datetime:
    """When it said so; long ago, where that cannot be read."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return LONG_AGO
    return at if at.tzinfo is not None else LONG_AGO
