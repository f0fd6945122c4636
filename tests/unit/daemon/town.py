"""Several PIMs and one Vault in memory, and any number of daemons over them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Lock
from typing import cast

from tests.fakes.audit import FakeAudit
from tests.fakes.builders import a_connector
from tests.fakes.clock import FakeClock
from tests.fakes.pim import FakeDriver, FakePim
from tests.fakes.vault import (
    Entity,
    FakeAccess,
    FakeCredentialStore,
    FakeFingerprints,
    FakeReaders,
    FakeStateStore,
)
from tests.fakes.wire import Wire
from vault_pim.assembly import Installation
from vault_pim.daemon.board import Board
from vault_pim.daemon.metrics import Metrics
from vault_pim.daemon.worker import PimWorker
from vault_pim.domain.connector import Connector, ConnectorId
from vault_pim.domain.state import ConnectorState
from vault_pim.engine.asks import ask_revocation, ask_rotation
from vault_pim.engine.reconcile import Reconciler
from vault_pim.engine.tools import Tools
from vault_pim.settings import Settings
from vault_pim.settings.logins import TokenLogin
from vault_pim.settings.problems import Places
from vault_pim.settings.shape import AuditSettings, DaemonSettings, PimSettings, VaultSettings, WebLogin

CHECK_EVERY = timedelta(seconds=1)
SURVEY_EVERY = timedelta(minutes=15)


def named(text: str) -> Connector:
    """The connector `<pim>/<name>`, with nothing special about it."""
    id_ = ConnectorId.parse(text)
    return a_connector(id=id_, label=id_.name.upper())


def settings(*connectors: Connector, max_parallel: int = 1) -> Settings:
    """A configuration with these connectors and their PIMs."""
    return Settings(
        files=(),
        vault=VaultSettings(url="http://127.0.0.1:1", auth=TokenLogin(method="token")),
        pims={
            pim: PimSettings(
                url=f"https://{pim}.example.com",
                web=WebLogin(username="vault-pim", password_file=Path("/nowhere")),
                max_parallel=max_parallel,
            )
            for pim in {one.id.pim for one in connectors}
        },
        policies={},
        daemon=DaemonSettings(listen="127.0.0.1:0", check_every=CHECK_EVERY, survey_every=SURVEY_EVERY),
        audit=AuditSettings(),
        declared=connectors,
        places=Places(main=Path("vault-pim.yaml"), written={}, variables={}),
    )


class FakeInstallation:
    """The `Installation` of tests: one process's view of a town."""

    def __init__(self, town: "Town", configured: Settings, me: str) -> None:
        self.town, self.settings, self.me = town, configured, me
        self.clock, self.states = town.clock, town.states
        self.closed = False

    def ids(self) -> tuple[ConnectorId, ...]:
        """Configured or with a record."""
        known = (id_ for id_ in self.states.known() if id_.pim in self.settings.pims)
        return tuple(sorted({*known, *(one.id for one in self.settings.declared)}))

    def connector(self, id_: ConnectorId) -> Connector | None:
        """As declared."""
        return next((one for one in self.settings.declared if one.id == id_), None)

    def reconciler(self, pim: str) -> Reconciler:
        """Over the fakes."""
        return Reconciler(self.town.tools(pim, self.me))

    def checkpoint(self) -> None:
        """Nothing is written here that could be signed."""

    def close(self) -> None:
        """Remember it."""
        self.closed = True


class Town:
    """What is true outside, shared by all daemons.

    Attributes:
        vault: the wire to Vault.
        wires: the wire to each PIM.
    """

    def __init__(self, *names: str) -> None:
        self.connectors = tuple(map(named, names or ("prod/dam", "prod/erp", "prod/shop")))
        self.clock = FakeClock()
        self.vault = Wire()
        pims = {one.id.pim for one in self.connectors}
        self.wires = {pim: Wire() for pim in pims}
        self.pims = {pim: FakePim() for pim in pims}
        self.credentials = FakeCredentialStore(self.vault)
        self.states = FakeStateStore(self.vault, self.clock)
        self.access = FakeAccess(self.vault, {one.id: Entity() for one in self.connectors})
        self.audit = FakeAudit(self.vault)

    def tools(self, pim: str, me: str) -> Tools:
        """The ports of one process for one PIM."""
        return Tools(
            driver=FakeDriver(self.pims[pim], self.wires[pim]),
            credentials=self.credentials,
            states=self.states,
            access=self.access,
            readers=FakeReaders(self.vault),
            fingerprints=FakeFingerprints(self.vault),
            audit=self.audit,
            clock=self.clock,
            me=me,
        )

    def installation(self, *, me: str = "daemon-1", configured: Settings | None = None) -> Installation:
        """One daemon's view."""
        return cast("Installation", FakeInstallation(self, configured or settings(*self.connectors), me))

    def state(self, name: str) -> ConnectorState:
        """A connector's record."""
        return self.states.records[ConnectorId.parse(name)][0]

    def generation(self, name: str) -> int | None:
        """The generation that is served to a connector whose set works at its PIM."""
        id_ = ConnectorId.parse(name)
        read, current = self.credentials.reads(id_), self.state(name).current
        works = read is not None and self.pims[id_.pim].accepts(read)
        return current.number if works and current else None

    def ask_rotation(self, name: str) -> None:
        """What a person does with `vault-pim rotate`, as far as its passes."""
        id_ = ConnectorId.parse(name)
        ask_rotation(self.tools(id_.pim, "person"), id_)

    def ask_revocation(self, name: str) -> None:
        """What a person does with `vault-pim revoke`, as far as its passes."""
        id_ = ConnectorId.parse(name)
        ask_revocation(self.tools(id_.pim, "person"), id_, reason="leaked")


class Daemon:
    """One PIM's worker of one daemon, woken by hand."""

    def __init__(
        self,
        town: Town,
        pim: str = "prod",
        *,
        me: str = "daemon-1",
        wrap: Callable[[Tools], Tools] = lambda tools: tools,
        **changes: object,
    ) -> None:
        configured = replace(settings(*town.connectors), **changes)  # type: ignore[arg-type]
        self.installation = town.installation(me=me, configured=configured)
        self.board = Board()
        self.board.configured(configured.pims)
        self.worker = PimWorker(
            pim,
            self.installation,
            Reconciler(wrap(town.tools(pim, me))),
            board=self.board,
            metrics=Metrics(self.board, town.clock),
            turn=Lock(),
        )
        self._pim = pim

    def wake(self) -> None:
        """One wake for all its connectors."""
        self.worker.wake(id_ for id_ in self.installation.ids() if id_.pim == self._pim)

    def said(self, name: str) -> str:
        """What the last pass for a connector had to say."""
        told = next(row.told for row in self.board.rows() if str(row.id) == name)
        return f"{told.outcome}: {told.said}" if told else ""
