"""Everything a history plays in: two connectors, one PIM, one Vault, people, processes, and a look after every call.

Built of the fakes of `tests/fakes`. Raises `Harm` at the very call that did it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.fakes.audit import FakeAudit
from tests.fakes.builders import DAY, ERP, SHOP, a_connector, a_reader
from tests.fakes.clock import FakeClock
from tests.fakes.pim import Connection, FakeDriver, FakePim
from tests.fakes.vault import (
    Entity,
    FakeAccess,
    FakeCredentialStore,
    FakeFingerprints,
    FakeReaders,
    FakeStateStore,
)
from tests.fakes.wire import When, Wire, port_call
from vault_pim.domain.connector import Connector, ConnectorId
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.generation import Generation
from vault_pim.domain.outcomes import Verification, Verified
from vault_pim.domain.policy import LateReaders, Retire
from vault_pim.domain.readers import ReadersSight
from vault_pim.domain.state import ConnectorState
from vault_pim.engine.tools import HOLD, Tools

GRACE = DAY
NAMES = {ERP: "ERP", SHOP: "Shop"}


class Harm(AssertionError):
    """Something that must never be, is."""


class WatchedWire(Wire):
    """A wire that lets something happen at the n-th call from now, and has a look taken after each call's effect."""

    def __init__(self) -> None:
        super().__init__()
        self.look: Callable[[str], None] = lambda _: None
        self._planned: dict[tuple[int, When], Callable[[str], None]] = {}

    def plan(self, number: int, when: When, deed: Callable[[str], None]) -> None:
        """Let it happen at that call, counted from 0."""
        self._planned[len(self.calls) + number, when] = deed

    def forget_plans(self) -> None:
        """Nothing planned happens any more."""
        self._planned.clear()

    def leave(self, number: int, name: str) -> None:
        """Its effect is there."""
        self.look(name)
        super().leave(number, name)

    def _pass(self, number: int, name: str, when: When) -> None:
        deed = self._planned.pop((number, when), None)
        if deed is not None:
            deed(name)
        super()._pass(number, name, when)


class WitnessedDriver(FakeDriver):
    """A driver whose verifications are remembered."""

    def __init__(self, pim: FakePim, wire: Wire, verified: set[CredentialSet]) -> None:
        super().__init__(pim, wire)
        self._verified = verified

    def verify(self, credentials: CredentialSet, permissions: frozenset[str]) -> Verification:
        """As ever."""
        verification = super().verify(credentials, permissions)
        if isinstance(verification, Verified):
            self._verified.add(credentials)
        return verification


@dataclass(kw_only=True)
class Reading:
    """What one connector has read at its path.

    Attributes:
        number: the generation of the set it has now.
        former: sets it had before.
    """

    now: CredentialSet | None = None
    number: int = 0
    former: list["Former"] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Former:
    """A set that a connector had before; it may use it until its grace is over."""

    credentials: CredentialSet
    number: int
    until: datetime


class ModelReaders(FakeReaders):
    """One process for each connector that says which generation it uses, and moves on in its own time."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire)
        self.using: dict[ConnectorId, int] = {}

    @port_call
    def seen(self, connector: ConnectorId, generations: Sequence[Generation]) -> ReadersSight:
        """Nobody, before it has begun."""
        used = self.using.get(connector)
        return ReadersSight(readers=() if used is None else (a_reader("process", used),))


class ModelWorld:
    """All of it, healthy, with nothing issued yet."""

    def __init__(self) -> None:
        self.wire = WatchedWire()
        self.clock = FakeClock()
        self.pim = FakePim()
        self.credentials = FakeCredentialStore(self.wire)
        self.states = FakeStateStore(self.wire, self.clock)
        self.access = FakeAccess(self.wire, {id_: Entity() for id_ in NAMES})
        self.fingerprints = FakeFingerprints(self.wire)
        self.readers = ModelReaders(self.wire)
        self.audit = FakeAudit(self.wire)
        self.connectors: dict[ConnectorId, Connector | None] = {
            id_: replace(a_connector(), id=id_, label=label) for id_, label in NAMES.items()
        }
        self.verified: set[CredentialSet] = set()
        self.overtaken: set[ConnectorId] = set()
        self.untold: set[ConnectorId] = set()
        self.killed_by_people: set[str] = set()
        self.brought_back: set[str] = set()
        self.strangers: dict[str, Connection] = {}
        self._readings = {id_: Reading() for id_ in NAMES}
        self.wire.look = self.look
        self.pim.when_regenerated = self._regenerated

    def tools(self, me: str) -> Tools:
        """The ports as one process has them."""
        return Tools(
            driver=WitnessedDriver(self.pim, self.wire, self.verified),
            credentials=self.credentials,
            states=self.states,
            access=self.access,
            readers=self.readers,
            fingerprints=self.fingerprints,
            audit=self.audit,
            clock=self.clock,
            me=me,
        )

    def state(self, id_: ConnectorId) -> ConnectorState:
        """A connector's record as it is stored."""
        return self.states.records.get(id_, (ConnectorState(connector=id_), 0))[0]

    # -- people -------------------------------------------------------------------------------------------------------

    def delete_by_hand(self, label: str) -> None:
        """Somebody deletes one of our connections at the PIM."""
        found = self.pim.connections.get(label.lower())
        if found is not None and label not in self.strangers:
            self.killed_by_people.add(found.credentials.client_id)
            self.pim.remove(label)

    def make_by_hand(self, label: str) -> None:
        """Somebody makes a connection under a label that is free."""
        if label.lower() not in self.pim.connections:
            self.strangers[label] = self.pim.add(label)

    def restore(self, connection: Connection) -> None:
        """A backup of the PIM brings a connection back."""
        if connection.label.lower() not in self.pim.connections:
            self.brought_back.add(connection.credentials.client_id)
            self.pim.restore(connection)

    def bury(self) -> None:
        """The PIM's people see to it that what was deleted is dead."""
        self.pim.undead = False
        self.pim._graveyard.clear()

    # -- looking ------------------------------------------------------------------------------------------------------

    def look(self, call: str) -> None:
        """What must hold after every single effect."""
        for id_, reading in self._readings.items():
            self._read(id_, reading, call)
        self._known(call)
        self._ended(call)
        for label, stranger in self.strangers.items():
            if self.pim.connections.get(label.lower()) is not stranger:
                raise Harm(f"{call}: stranger {label} was touched")

    def _read(self, id_: ConnectorId, reading: Reading, call: str) -> None:
        """What a connector reads, and what it read within the grace, opens the PIM."""
        state, read = self.state(id_), self.credentials.reads(id_)
        if state.cut_off or self.access.entities[id_].disabled:
            reading.now, reading.former = None, []
            return
        if read is None and reading.now is not None and self._is_ours(reading.now):
            raise Harm(f"{call}: nothing is served to {id_} any more")
        if read is not None and read != reading.now:
            if read not in self.verified:
                raise Harm(f"{call}: an unverified set is served to {id_}")
            if reading.now is not None and reading.now.client_id != read.client_id:  # else made of it in place
                until = self.clock.now() + GRACE
                reading.former.append(Former(credentials=reading.now, number=reading.number, until=until))
            reading.now, reading.number = read, self.credentials.readable_generations(id_)[-1]
        reading.former = [one for one in reading.former if self._may_use(id_, one)]
        for one in (*([reading.now] if reading.now else []), *(one.credentials for one in reading.former)):
            if self._is_ours(one) and self.pim.login(one) is None and not self._is_being_replaced(id_, one):
                raise Harm(f"{call}: {id_} reads or just read a dead set, {one.client_id}")

    def _may_use(self, id_: ConnectorId, former: Former) -> bool:
        """Whether a process may still use that set by the policy: within the grace, unless its process is known to have
        moved on; after it, if late readers are waited for, for as long as it has not."""
        connector, using, now = self.connectors[id_], self.readers.using.get(id_), self.clock.now()
        policy = None if connector is None else connector.policy
        if former.until > now:
            return not (policy and policy.retire is Retire.PICKED_UP and using is not None and using > former.number)
        generation = self.state(id_).find(former.number)
        if policy is None or policy.late_readers is LateReaders.CUT or using != former.number or generation is None:
            return False
        return generation.published_at is not None and now < generation.published_at + policy.max_age

    def _is_ours(self, credentials: CredentialSet) -> bool:
        """Whether its life is in our hands: nobody deleted it by hand."""
        return credentials.client_id not in self.killed_by_people

    def _is_being_replaced(self, id_: ConnectorId, credentials: CredentialSet) -> bool:
        """Whether it died for a successor in place, and the record says that there must be one. A process that was
        overtaken has until its end to write that down."""
        state, labels = self.state(id_), {one.label.lower() for one in self.state(id_).live}
        there = [one for label, one in self.pim.connections.items() if label in labels]
        if credentials.client_id not in {one.credentials.client_id for one in there}:
            return False
        coming = state.pending is not None and state.pending.replaces is not None
        refused = state.current is not None and state.current.refusal is not None
        return coming or refused or state.half_replaced or id_ in self.overtaken

    def _regenerated(self, generation: Generation) -> None:
        """A set dies in place; if its generation is not the one on its way, by a process that slept."""
        for id_ in NAMES:
            pending = self.state(id_).pending
            if id_.number_of(generation.label) and (pending is None or pending.number != generation.number):
                self.overtaken.add(id_)

    def ended(self, *, told: bool) -> None:
        """A process came to its end; what it killed after it was overtaken stands in the record, or nobody knows."""
        if not told:
            self.untold |= self.overtaken
        self.overtaken = set(self.untold)

    def _known(self, call: str) -> None:
        known = {one.label: one for id_ in NAMES for one in self.state(id_).generations}
        for connection in self.pim.connections.values():
            if self.strangers.get(connection.label) is connection:
                continue
            generation = known.get(connection.label)
            if generation is None or generation.marker not in connection.description:
                raise Harm(f"{call}: {connection.label} is not known in state")

    def _ended(self, call: str) -> None:
        """What state calls ended is dead, unless a backup brought it back."""
        works = {one.credentials.client_id for one in (*self.pim.connections.values(), *self.pim._graveyard)}
        for id_ in NAMES:
            for one in self.state(id_).generations:
                lives_on = self.state(id_).sharing(one) is not None
                if one.stage.final and not lives_on and one.client_id in works - self.brought_back:
                    raise Harm(f"{call}: {one.label} is {one.stage} and works")

    def settled(self, id_: ConnectorId) -> None:
        """What must hold once the faults are over and a pass has run."""
        state, read = self.state(id_), self.credentials.reads(id_)
        live = {one.number: one.label for one in state.live}
        ours = {one.label for one in self.pim.connections.values() if id_.number_of(one.label) is not None}
        if labels := ours - set(live.values()) - self.strangers.keys():
            raise Harm(f"left at the PIM: {sorted(labels)}")
        if copies := {number for of, number in self.credentials.copies if of == id_} - live.keys():
            raise Harm(f"held copies are left: {sorted(copies)}")
        if extra := set(self.credentials.readable_generations(id_)) - live.keys():
            raise Harm(f"generations can still be read: {sorted(extra)}")
        if (state.pending or state.rotation_asked_at) and self.connectors[id_] is not None:
            raise Harm(f"{id_} is not settled: {state.pending}, asked {state.rotation_asked_at}")
        if state.cut_off:
            self._revoked(id_, state)
        elif self.connectors[id_] is not None and (read is None or not self.pim.accepts(read)):
            raise Harm(f"{id_} has no working set in the end")
        elif self.connectors[id_] is not None and self.access.entities[id_].disabled:
            raise Harm(f"{id_} is cut off from Vault in the end")

    def _revoked(self, id_: ConnectorId, state: ConnectorState) -> None:
        asked, entity = state.revocation, self.access.entities[id_]
        if asked is None or asked.proven_at is None:
            raise Harm(f"the revocation of {id_} is not proven")
        if live := [one for one in state.live if one.number <= asked.through]:
            raise Harm(f"revoked generations of {id_} live: {live}")
        if self.credentials.reads(id_) is not None or not entity.disabled or entity.tokens:
            raise Harm(f"{id_} can still read or log in to Vault")

    def let_holds_expire(self) -> None:
        """Whoever died holds nothing any more."""
        self.clock.forward(HOLD + timedelta(seconds=1))
