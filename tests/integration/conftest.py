"""Fixtures with a real OpenBao: one server for the session, one namespace for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.vault_world import THREE, VaultWorld, fresh_namespace
from vault_pim.domain.connector import Connector
from vault_pim.sandbox.openbao import SandboxBao

MakeWorld = Callable[..., VaultWorld]


@pytest.fixture(scope="session")
def bao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxBao]:
    """A running OpenBao that all tests share; who kills or seals one starts his own."""
    with SandboxBao(tmp_path_factory.mktemp("openbao")) as server:
        yield server


@pytest.fixture
def vault_world(bao: SandboxBao, tmp_path: Path) -> Iterator[MakeWorld]:
    """Makes a fresh namespace with `setup` applied: `vault_world()` for three connectors, or for those given.

    With `server=` it makes it in the root namespace of a server of the test's own.
    """
    made: list[VaultWorld] = []

    def make(*connectors: Connector, server: SandboxBao | None = None) -> VaultWorld:
        directory = tmp_path / f"world-{len(made)}"
        directory.mkdir()
        world = VaultWorld(
            bao=server or bao,
            namespace=None if server else fresh_namespace(),
            directory=directory,
            connectors=connectors or THREE,
        )
        made.append(world)
        return world

    yield make
    for world in made:
        world.close()
