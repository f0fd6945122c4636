"""Fixtures with a real OpenBao: one server for the session, one namespace for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.vault_world import VaultWorld, a_connector
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
    """Makes a fresh namespace with `setup` applied: `vault_world()` for three connectors, or for those given."""
    made: list[VaultWorld] = []

    def make(*connectors: Connector, server: SandboxBao = bao) -> VaultWorld:
        directory = tmp_path / f"world-{len(made)}"
        directory.mkdir()
        declared = connectors or tuple(a_connector(name) for name in ("erp", "web", "dam"))
        made.append(VaultWorld(bao=server, directory=directory, connectors=declared))
        return made[-1]

    yield make
    for world in made:
        world.close()
