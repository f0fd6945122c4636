"""Who reads a connector's path: what its processes say of themselves, and whom Vault gave the set by its audit log.

The `Readers` of the engine. What connectors write is taken for what it is, the word of a stranger: an entry that does
not parse is a reader of an unknown generation. Refuses to call the list complete where something could not be read.
"""

import re
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import ConfigurationError, VaultRefusal
from vault_pim.domain.generation import Generation, Stage
from vault_pim.domain.readers import Evidence, Reader, ReadersSight
from vault_pim.domain.wording import clean
from vault_pim.ports import Clock
from vault_pim.vault.audit_device import AuditTrail
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import FOLDER, Layout, entity, readers, record
from vault_pim.vault.session import VaultSession

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,99}")
"""Of an entry (docs/reference/vault-layout.md); nothing is asked of one with another name."""
MOST = 200
"""Entries of one connector that are looked at; nobody has so many processes, and each costs a request."""
SILENT = timedelta(hours=2)
"""After that a reader is not heard of any more: it says again within the hour what it uses."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)
SKEW = timedelta(minutes=1)
"""By how much Vault's clock and ours may differ."""
DIGITS = 9
LONGEST_NAME = 100


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
        return ReadersSight(readers=saying + given, partial=self._lacking(generations))

    def forget(self, connector: ConnectorId, live: Collection[int]) -> None:
        """Drop what readers who were not heard of for two hours said of generations that are not live."""
        for reader in self._saying(connector, ()):
            silent = self._clock.now() - reader.heard_at > SILENT
            if silent and reader.generation not in live and NAME.fullmatch(reader.name):
                self._kv.drop_note(f"{readers(connector)}/{reader.name}")

    def _saying(self, connector: ConnectorId, generations: Sequence[Generation]) -> Iterator[Reader]:
        """One more than are looked at, if there are so many."""
        known = {one.number for one in generations}
        folder = readers(connector)
        for name in self._kv.names(folder)[: MOST + 1]:
            if not NAME.fullmatch(name):
                yield _says(repr(name)[:LONGEST_NAME], None, LONG_AGO)
                continue
            metadata = self._kv.metadata(f"{folder}/{name}")
            if metadata is None:
                continue  # it has just left
            number = _digits(metadata.custom.get("generation", ""))
            if known and number not in known:
                number = None
            yield _says(name, number, _instant(metadata.custom.get("at", "")))

    def _to_whom_given(self, connector: ConnectorId, generations: Sequence[Generation]) -> Iterator[Reader]:
        if self._trail is None:
            return
        identity = self._session.request("GET", entity(connector)).data.get("id", "")  # without one nobody can read
        with self._following:
            self._follow(self._trail)
            given = dict(self._given.get((identity, f"{self._mount}/data/{record(connector)}"), {}))
        for address, last in sorted(given.items()):
            yield Reader(
                name=clean(address)[:LONGEST_NAME],
                generation=_generation(last, generations),
                evidence=Evidence.READ,
                since=last.since,
                heard_at=last.last_at,
            )

    def _lacking(self, generations: Sequence[Generation]) -> str | None:
        """Why the log does not tell of everybody who was given one of the superseded sets."""
        if self._trail is None:
            return None
        if self._trail.unreadable:
            return f"{self._trail.unreadable} lines of Vault's audit log make no sense"
        served = [one.published_at for one in generations if one.stage is Stage.GRACE and one.published_at is not None]
        begins_at = self._trail.begins_at
        if not served or (begins_at is not None and begins_at <= min(served)):
            return None
        since = f"begins at {begins_at:%Y-%m-%d %H:%M} UTC" if begins_at is not None else "is empty"
        return f"Vault's audit log {since}, after a set was served that is not retired yet"

    def _follow(self, trail: AuditTrail) -> None:
        """Read what was added to the log, for all connectors at once: the log tells everything once."""
        for access in trail.new_accesses(holding=[f'"{self._mount}/data/{FOLDER}/']):
            if access.operation == "read" and access.entity is not None and access.kv_version is not None:
                given = self._given.setdefault((access.entity, access.path), {})
                given[access.address] = _now_given(given.get(access.address), access.kv_version, access.at)


def _now_given(before: _Given | None, kv_version: int, at: datetime) -> _Given:
    if before is not None and at < before.last_at:
        return before  # parts of a log may come again in another form
    if before is not None and before.kv_version == kv_version:
        return replace(before, last_at=at)
    return _Given(kv_version=kv_version, since=at, last_at=at)


def _generation(given: _Given, generations: Sequence[Generation]) -> int | None:
    """The newest that was first served by that KV version or an earlier one, and issued before it was given: KV
    versions begin anew where somebody deleted the path."""
    for one in sorted(generations, key=lambda one: one.number, reverse=True):
        if one.kv_version is None or one.issued_at is None:
            continue
        if one.kv_version <= given.kv_version and one.issued_at - SKEW <= given.last_at:
            return one.number
    return None


def _says(name: str, generation: int | None, at: datetime) -> Reader:
    return Reader(name=name, generation=generation, evidence=Evidence.SAYS, since=at, heard_at=at)


def _digits(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else None


def _instant(text: str) -> datetime:
    """When it said so; long ago, where that cannot be read."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return LONG_AGO
    return at if at.tzinfo is not None else LONG_AGO
