"""A world in memory for each test."""

import pytest

from tests.fakes.world import World


@pytest.fixture
def world() -> World:
    """The ERP is configured and has an entity in Vault; nothing is issued yet."""
    return World()


@pytest.fixture
def provisioned(world: World) -> World:
    """The ERP is served generation 1; an hour has passed."""
    world.run()
    world.let_holds_expire()
    return world
