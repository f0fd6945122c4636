"""What vault-pim keeps in Vault, in memory: sets, state records, identities, fingerprints."""

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.fakes.clock import FakeClock
from tests.fakes.wire import Wire, port_call
from vault_pim.domain.connector import Connector, ConnectorId
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import NotSetUp, TakenOver
from vault_pim.domain.facts import AccessSight, Presence, Served
from vault_pim.domain.generation import Generation
from vault_pim.domain.outcomes import Refused
from vault_pim.domain.readers import ReadersSight
from vault_pim.domain.separation import Reach
from vault_pim.domain.state import ConnectorState, Loaded
from vault_pim.reveal import reveal


@dataclass(kw_only=True)
class KvVersion:
    """One write to a connector's path; destroyed ones hold nothing any more."""

    generation: int
    credentials: CredentialSet | None


class FakeCredentialStore:
    """The `CredentialStore` of tests."""

    room = "credentials"

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.copies: dict[tuple[ConnectorId, int], CredentialSet] = {}
        self.dropped: set[tuple[ConnectorId, int]] = set()
        self.paths: dict[ConnectorId, list[KvVersion]] = {}
        self.hints: dict[ConnectorId, datetime | None] = {}

    @port_call
    def hold(self, connector: ConnectorId, number: int, credentials: CredentialSet) -> None:
        """Once for each number."""
        if self.copies.get((connector, number), credentials) != credentials or (connector, number) in self.dropped:
            raise TakenOver(f"generation {number} of {connector} is held already, or was")
        self.copies[connector, number] = credentials

    @port_call
    def held(self, connector: ConnectorId, number: int) -> CredentialSet | None:
        """The copy."""
        return self.copies.get((connector, number))

    @port_call
    def drop_held(self, connector: ConnectorId, number: int) -> None:
        """Beyond recovery."""
        self.copies.pop((connector, number), None)
        self.dropped.add((connector, number))

    @port_call
    def served(self, connector: ConnectorId) -> Served | None:
        """The last KV version, if it is still there."""
        return self._served(connector)

    @port_call
    def given(self, connector: ConnectorId) -> CredentialSet | None:
        """The last KV version."""
        return self.reads(connector)

    @port_call
    def publish(
        self, connector: Connector, generation: Generation, credentials: CredentialSet, due_at: datetime | None
    ) -> Served:
        """Writes only what is not there yet; never an older generation over a newer one."""
        served = self._served(connector.id)
        if served is not None and served.generation > generation.number:
            raise TakenOver(f"{connector.id} is served a newer generation")
        if served is None or self.reads(connector.id) != credentials:
            self.write(connector.id, generation.number, credentials)
        self.hints[connector.id] = due_at
        return Served(generation=generation.number, kv_version=len(self.paths[connector.id]))

    @port_call
    def destroy_served(self, connector: ConnectorId, through: int, *, spared: frozenset[int] = frozenset()) -> None:
        """Wherever in the history of the path it stands."""
        for version in self.paths.get(connector, []):
            if version.generation <= through and version.generation not in spared:
                version.credentials = None

    @port_call
    def readable(self, connector: ConnectorId) -> tuple[int, ...]:
        """Every KV version counts, not only the last."""
        return self.readable_generations(connector)

    def readable_generations(self, connector: ConnectorId) -> tuple[int, ...]:
        """The same, without a port call."""
        versions = self.paths.get(connector, [])
        return tuple(sorted({one.generation for one in versions if one.credentials is not None}))

    def reads(self, connector: ConnectorId) -> CredentialSet | None:
        """What the connector gets when it reads its path."""
        versions = self.paths.get(connector, [])
        return versions[-1].credentials if versions else None

    def write(self, connector: ConnectorId, generation: int, credentials: CredentialSet) -> None:
        """Write the path, as somebody with the right to it may."""
        self.paths.setdefault(connector, []).append(KvVersion(generation=generation, credentials=credentials))

    def lose_path(self, connector: ConnectorId) -> None:
        """Delete the path with its history, as somebody with the right to it may."""
        self.paths.pop(connector, None)

    def _served(self, connector: ConnectorId) -> Served | None:
        versions = self.paths.get(connector, [])
        if not versions or versions[-1].credentials is None:
            return None
        return Served(generation=versions[-1].generation, kv_version=len(versions))


class FakeStateStore:
    """The `StateStore` of tests: check-and-set on a number per record, and a clock of its own."""

    room = "states"

    def __init__(self, wire: Wire, clock: FakeClock) -> None:
        self.wire = wire
        self.ahead = timedelta(0)
        self.records: dict[ConnectorId, tuple[ConnectorState, int]] = {}
        self._clock = clock

    @port_call
    def load(self, connector: ConnectorId) -> Loaded:
        """The record, or an empty one."""
        state, kv_version = self.records.get(connector, (ConnectorState(connector=connector), 0))
        return Loaded(state=state, kv_version=kv_version, server_now=self._clock.now() + self.ahead)

    @port_call
    def save(self, state: ConnectorState, kv_version: int) -> int:
        """Only over the KV version that was read."""
        _, found = self.records.get(state.connector, (None, 0))
        if found != kv_version:
            raise TakenOver(f"the record of {state.connector} was written by somebody else")
        self.records[state.connector] = (state, kv_version + 1)
        return kv_version + 1

    @port_call
    def known(self) -> tuple[ConnectorId, ...]:
        """Everyone with a record."""
        return tuple(self.records)


@dataclass(kw_only=True)
class Entity:
    """A connector's identity; a token that was revoked does not come back with the entity."""

    disabled: bool = False
    differs: bool = False
    tokens: int = 1
    secret_ids: int = 1


@dataclass
class FakeAccess:
    """The `Access` of tests.

    Attributes:
        stubborn: restoring has no effect.
        astray: no login opens its own path.
    """

    wire: Wire
    entities: dict[ConnectorId, Entity] = field(default_factory=dict)
    stubborn: bool = False
    astray: bool = False
    room: str = "access"

    @port_call
    def look(self, connector: Connector) -> AccessSight:
        """As the entity stands."""
        entity = self.entities.get(connector.id)
        if entity is None:
            return AccessSight(presence=Presence.ABSENT, drift=("entity: missing",))
        if entity.disabled:
            return AccessSight(presence=Presence.CUT)
        return AccessSight(presence=Presence.DIFFERS if entity.differs else Presence.AS_DECLARED)

    @port_call
    def cut(self, connector: ConnectorId) -> None:
        """No entity is fine."""
        entity = self.entities.get(connector)
        if entity is not None:
            entity.disabled, entity.tokens, entity.secret_ids = True, 0, 0

    @port_call
    def restore(self, connector: ConnectorId) -> None:
        """Needs an entity."""
        entity = self.entities.get(connector)
        if entity is None:
            raise NotSetUp(f"{connector} has no entity")
        entity.disabled = self.stubborn

    @port_call
    def reach(self, connector: Connector, others: Mapping[ConnectorId, Collection[int]]) -> Reach | Refused:
        """A login opens its own path alone; without AppRole there is none."""
        if not connector.logins:
            return Refused(reason="it does not log in by AppRole")
        if self.entities[connector.id].disabled:
            return Refused(reason="logging in as it failed")
        return Reach(own=not self.astray, opened=(), refused=frozenset(others), tried=1)

    @port_call
    def live_tokens(self, connector: ConnectorId) -> int:
        """Also those that only sleep while the entity is disabled."""
        entity = self.entities.get(connector)
        return 0 if entity is None else entity.tokens


class FakeReaders:
    """The `Readers` of tests: whoever a test puts there."""

    room = "readers"

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.sight = ReadersSight()
        self.forgotten: list[tuple[ConnectorId, set[int]]] = []

    @port_call
    def seen(self, connector: ConnectorId, generations: Sequence[Generation]) -> ReadersSight:
        """As the test has it."""
        return self.sight

    @port_call
    def forget(self, connector: ConnectorId, live: Collection[int]) -> None:
        """Only noted."""
        self.forgotten.append((connector, set(live)))


class FakeFingerprints:
    """The `Fingerprints` of tests: an HMAC under a fixed key."""

    room = "fingerprints"

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    @port_call
    def of(self, credentials: CredentialSet) -> dict[str, str]:
        """By secret field."""
        secrets = {"client_secret": credentials.client_secret, "password": credentials.password}
        return {
            name: hmac.new(b"key", reveal(secret, to="fingerprint").encode(), hashlib.sha256).hexdigest()[:32]
            for name, secret in secrets.items()
        }
