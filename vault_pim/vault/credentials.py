"""Credential sets in Vault: held ones in the state mount, served ones at the connector's own path.

The `CredentialStore` of the engine. Refuses to serve an older generation over a newer one, and to write over what
somebody else wrote meanwhile.
"""

from contextlib import suppress
from datetime import datetime

from vault_pim.domain.connector import Connector, ConnectorId
from vault_pim.domain.credentials import CredentialSet, generation_of
from vault_pim.domain.errors import BrokenSet, Impossible, TakenOver
from vault_pim.domain.facts import Served
from vault_pim.domain.generation import Generation
from vault_pim.reveal import reveal
from vault_pim.vault.fingerprints import VaultFingerprints
from vault_pim.vault.issued import IssuedValues
from vault_pim.vault.kv import Entry, KeyValue
from vault_pim.vault.layout import Layout, held, record
from vault_pim.vault.session import VaultSession

HINT_BYTES = 512
"""Vault's limit for one value of custom metadata (contracts/openbao.md §B, "custom_metadata")."""


class VaultCredentialStore:
    """Keeps and serves credential sets.

    Args:
        issued: the index where every set is entered before it is held; one of its own by default.
    """

    def __init__(self, session: VaultSession, layout: Layout, issued: IssuedValues | None = None) -> None:
        self._served = KeyValue(session, layout.credentials_mount)
        self._held = KeyValue(session, layout.state_mount)
        self._issued = issued or IssuedValues(session, layout, VaultFingerprints(session, layout))

    def hold(self, connector: ConnectorId, number: int, credentials: CredentialSet) -> None:
        """Keep the set where connectors cannot read it. A number is held once: whoever comes late stops here.

        The set is entered into the index of issued values first, so that none was ever stored that cannot be found.

        Raises:
            TakenOver: another set was held under this number, or its generation has ended.
        """
        self._issued.add(connector, number, credentials)
        try:
            self._held.write(held(connector, number), _document(credentials, generation=str(number)), cas=0)
        except TakenOver:
            if self.held(connector, number) != credentials:
                raise

    def held(self, connector: ConnectorId, number: int) -> CredentialSet | None:
        """The held set of that generation, or None."""
        path = held(connector, number)
        entry = self._held.read(path)
        return CredentialSet.of(entry.data, path) if entry.data else None

    def drop_held(self, connector: ConnectorId, number: int) -> None:
        """Destroy the held copy beyond recovery; the number stays taken, whether or not there was a copy."""
        path = held(connector, number)
        with suppress(TakenOver):
            self._held.write(path, {}, cas=0)
        self._held.destroy(path, (1,))

    def served(self, connector: ConnectorId) -> Served | None:
        """What the connector's path serves now; generation 0 if it is nothing of ours."""
        return _served(self._served.read(record(connector)))

    def given(self, connector: ConnectorId) -> CredentialSet | None:
        """The set that the connector's path gives to a reader now; None if it gives no whole one."""
        path = record(connector)
        entry = self._served.read(path)
        try:
            return CredentialSet.of(entry.data, path) if entry.data else None
        except BrokenSet:
            return None

    def publish(
        self, connector: Connector, generation: Generation, credentials: CredentialSet, due_at: datetime | None
    ) -> Served:
        """Serve the set by one check-and-set write, then set the hints; done already is fine.

        Raises:
            TakenOver: the path serves a newer generation, or somebody wrote it meanwhile.
        """
        if generation.issued_at is None:
            raise Impossible(f"generation {generation.number} of {connector.id} is served before it is issued")
        path = record(connector.id)
        entry = self._served.read(path)
        found = _served(entry)
        if found is not None and found.generation > generation.number:
            raise TakenOver(f"{connector.id} is served generation {found.generation}, newer than {generation.number}")
        kv_version = entry.kv_version
        said = {"generation": str(generation.number), "issued_at": generation.issued_at.isoformat()}
        if entry.data is None or entry.data != _document(credentials, **said):
            kv_version = self._served.write(path, _document(credentials, **said), cas=kv_version)
        hints = {
            **said,
            "due_at": due_at.isoformat() if due_at else None,
            "policy": connector.policy.name,
            "owner": connector.owner,
            "mechanism": generation.mechanism.value,
            "pim_release": generation.pim_release,
        }
        self._served.patch_custom_metadata(path, {key: _hint(value) for key, value in hints.items()})
        return Served(generation=generation.number, kv_version=kv_version)

    def destroy_served(self, connector: ConnectorId, through: int, *, spared: frozenset[int] = frozenset()) -> None:
        """Destroy every KV version of the path that holds a generation up to `through`, or one that is not ours, but
        not those `spared`.

        KV versions that somebody deleted softly go too: they serve nobody, but could be brought back.
        """
        metadata = self._served.metadata(record(connector))
        if metadata is None:
            return
        old = [
            version
            for version, number in self._generations(connector).items()
            if number <= through and number not in spared
        ]
        if doomed := (*old, *metadata.recoverable):
            self._served.destroy(record(connector), doomed)

    def readable(self, connector: ConnectorId) -> tuple[int, ...]:
        """The generations that any KV version of the path still gives to a reader; 0 for one that is not ours."""
        return tuple(sorted(set(self._generations(connector).values())))

    def _generations(self, connector: ConnectorId) -> dict[int, int]:
        """Generation by KV version, of all that a reader still gets."""
        path = record(connector)
        metadata = self._served.metadata(path)
        entries = [self._served.read(path, version) for version in metadata.readable] if metadata else []
        return {served.kv_version: served.generation for entry in entries if (served := _served(entry))}


def _served(entry: Entry) -> Served | None:
    if entry.data is None:
        return None
    return Served(generation=generation_of(entry.data), kv_version=entry.kv_version)


def _document(credentials: CredentialSet, **said: str) -> dict[str, str]:
    """The fields as they stand in Vault (docs/reference/vault-layout.md); goes straight into the call that sends it."""
    return {
        "base_url": credentials.base_url,
        "client_id": credentials.client_id,
        "client_secret": reveal(credentials.client_secret, to="vault"),
        "username": credentials.username,
        "password": reveal(credentials.password, to="vault"),
        **said,
    }


def _hint(value: str | None) -> str | None:
    return value if value is None else value.encode()[:HINT_BYTES].decode(errors="ignore")
