"""A sandbox that the tests of a run share, and a fresh connector for each of them.

Called by `plugin`. A world is started when the first test asks for its kind of PIM, since it takes a second; a
connector is made for one test and ended after it. Refuses to leave behind what a test broke.
"""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

import yaml

from vault_pim.assembly import assemble
from vault_pim.domain.connector import Connector, ConnectorId
from vault_pim.playground import PIM, Playground, declaration
from vault_pim.settings import Settings
from vault_pim.testing.connector import PimConnector
from vault_pim.testing.operator import Operator
from vault_pim.testing.traffic import Traffic
from vault_pim.testing.wanted import PimKind, Wanted
from vault_pim.vault.address import TokenLogin, VaultAddress
from vault_pim.vault.session import VaultSession
from vault_pim.vault.setup import apply_setup, plan_setup


class Worlds:
    """The sandboxes of one run.

    Args:
        directory: where each of them gets a directory.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._worlds: dict[PimKind, World] = {}
        self._running = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    @contextmanager
    def connector(self, wanted: Wanted) -> Iterator[PimConnector]:
        """A connector at a PIM of the kind that is wanted.

        Raises:
            VaultPimError: the sandbox is not installed, or the PIM does not offer what is wanted.
        """
        world = self._worlds.get(wanted.kind)
        if world is None:
            made = World(self._directory / str(len(self._worlds)), wanted.kind)
            world = self._worlds[wanted.kind] = self._running.enter_context(made)
        with world.connector(wanted.permissions) as connector:
            yield connector


class World:
    """One sandbox: OpenBao, a PIM of one kind, and vault-pim with a clock of its own."""

    def __init__(self, directory: Path, kind: PimKind) -> None:
        self._playground = Playground(
            directory,
            kind.release,
            mechanism=kind.mechanism,
            token_lifetime=kind.token_lifetime,
            connectors={},
        )
        self._numbers = itertools.count(1)
        self._running = ExitStack()

    def __enter__(self) -> Self:
        from vault_pim.sandbox.akeneo.clock import MovableClock  # noqa: PLC0415 - an extra

        self.clock = MovableClock()
        with ExitStack() as starting:
            world = starting.enter_context(self._playground)
            world.set_up()
            self.traffic = Traffic(world.pim)
            settings = Settings.load(world.config)
            self.vault_pim = starting.enter_context(assemble(settings, role="test", clock=self.clock))
            login = TokenLogin(token_file=world.admin_token_file)
            self.admin = starting.enter_context(VaultSession(VaultAddress(url=world.bao.url, login=login)))
            self._running = starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    @contextmanager
    def connector(self, permissions: tuple[str, ...]) -> Iterator[PimConnector]:
        """A connector with its first set; ended afterwards, so that its place at the PIM is free again."""
        world, number = self._playground, next(self._numbers)
        id_ = ConnectorId(pim=PIM, name=f"connector-{number}")
        file = world.directory / "connectors.d" / f"{id_.name}.yaml"
        with ExitStack() as stack:
            stack.callback(file.unlink, missing_ok=True)
            connector = self._declared(id_, file, number, permissions)
            apply_setup(plan_setup(self.admin, self.vault_pim.layout, [connector]))
            operator = Operator(self.vault_pim, self.admin, connector, world.login_of(id_.name))
            stack.callback(operator.end)
            operator.provision()
            self.traffic.forget()
            made = PimConnector(
                operator=operator,
                world=world,
                clock=self.clock,
                traffic=self.traffic,
                admin=self.admin,
            )
            stack.callback(self._mend)
            yield stack.enter_context(made)

    def _declared(self, id_: ConnectorId, file: Path, number: int, permissions: tuple[str, ...]) -> Connector:
        """Written where `vault-pim --config` finds it, too."""
        file.parent.mkdir(mode=0o700, exist_ok=True)
        declared = declaration({"label": f"Connector {number}", "permissions": list(permissions)})
        file.write_text(yaml.safe_dump({"connectors": {id_.name: declared}}), encoding="utf-8")
        return Settings.load(self._playground.config).connector(str(id_))

    def _mend(self) -> None:
        """The next test finds no fault in wait, and every clock right."""
        self._playground.pim.faults.clear()
        for clock in self.clock, self._playground.pim.clock:
            clock.advance(-clock.ahead)
