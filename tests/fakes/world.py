"""A PIM and a Vault in memory, one clock, one wire: everything a pass needs, and questions to ask afterwards."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from tests.fakes.audit import FakeAudit
from tests.fakes.builders import ERP, a_connector
from tests.fakes.clock import FakeClock
from tests.fakes.pim import FakeDriver, FakePim
from tests.fakes.vault import (
    Entity,
    FakeAccess,
    FakeCredentialStore,
    FakeFingerprints,
    FakeReaders,
    FakeStateStore,
    KvVersion,
)
from tests.fakes.wire import Wire
from vault_pim.domain.connector import Connector, ConnectorId, Mechanism
from vault_pim.domain.state import ConnectorState
from vault_pim.engine.asks import ask_revocation, ask_rotation
from vault_pim.engine.reconcile import Pass, Reconciler
from vault_pim.engine.tools import HOLD, Tools


@dataclass
class World:
    """One connector, the ERP, configured and with an entity in Vault; nothing issued yet."""

    connector: Connector | None = field(default_factory=a_connector)
    mechanism: Mechanism = Mechanism.CONNECTIONS

    def __post_init__(self) -> None:
        self.wire = Wire()
        self.clock = FakeClock()
        self.pim = FakePim()
        self.credentials = FakeCredentialStore(self.wire)
        self.states = FakeStateStore(self.wire, self.clock)
        self.access = FakeAccess(self.wire, {ERP: Entity()})
        self.readers = FakeReaders(self.wire)
        self.fingerprints = FakeFingerprints(self.wire)
        self.audit = FakeAudit(self.wire)
        self._processes = count(1)

    def tools(self, me: str = "") -> Tools:
        """The ports as one process has them; each process has another name."""
        return Tools(
            driver=FakeDriver(self.pim, self.wire, self.mechanism),
            credentials=self.credentials,
            states=self.states,
            access=self.access,
            readers=self.readers,
            fingerprints=self.fingerprints,
            audit=self.audit,
            clock=self.clock,
            me=me or f"process-{next(self._processes)}",
        )

    def run(self, *, impatient: bool = False, me: str = "") -> Pass:
        """One pass of one process."""
        return Reconciler(self.tools(me)).run(ERP, self.connector, impatient=impatient)

    def rotate(self) -> Pass:
        """What `vault-pim rotate` does."""
        ask_rotation(self.tools(), ERP)
        return self.run(impatient=True)

    def revoke(self) -> Pass:
        """What `vault-pim revoke` does."""
        ask_revocation(self.tools(), ERP, reason="leaked")
        return self.run(impatient=True)

    def let_holds_expire(self) -> None:
        """Wait until nobody who died holds a connector any more."""
        self.clock.forward(HOLD + timedelta(seconds=1))

    @property
    def state(self) -> ConnectorState:
        """The ERP's record as it is stored."""
        state, _ = self.states.records.get(ERP, (ConnectorState(connector=ERP), 0))
        return state

    def back_up(self) -> Callable[[], None]:
        """Copy everything in Vault; gives what puts it back."""
        holders = (self.states, self.credentials, self.access)
        kept = [{key: _copied(value) for key, value in vars(one).items() if _is_kept(value)} for one in holders]

        def put_back() -> None:
            for holder, values in zip(holders, kept, strict=True):
                vars(holder).update({key: _copied(value) for key, value in values.items()})

        return put_back

    def connector_works(self, connector: ConnectorId = ERP) -> bool:
        """Whether the connector, reading its path now, is let in by Vault and by the PIM."""
        entity, read = self.access.entities.get(connector), self.credentials.reads(connector)
        allowed = entity is not None and not entity.disabled
        return allowed and read is not None and self.pim.accepts(read)

    def leftovers(self) -> list[str]:
        """Everything that should not be there: labels, held copies and readable sets of no live generation."""
        live = {one.number: one.label for one in self.state.live}
        labels = self.pim.labels - set(live.values())
        copies = {number for _, number in self.credentials.copies} - set(live)
        readable = set(self.credentials.readable_generations(ERP)) - set(live)
        return [
            *(f"label {label}" for label in labels),
            *(f"held copy {number}" for number in copies),
            *(f"readable {number}" for number in readable),
        ]


def _is_kept(value: Any) -> bool:
    return isinstance(value, dict | list | set | Entity | KvVersion)


def _copied(value: Any) -> Any:
    """Everything that can change, anew; sets of credentials cannot, and refuse to be copied."""
    match value:
        case dict():
            return {key: _copied(one) for key, one in value.items()}
        case list():
            return [_copied(one) for one in value]
        case _:
            return copy(value) if _is_kept(value) else value
