"""A scripted PIM for each test, and the look-out for secrets."""

from collections.abc import Iterator

import pytest

from tests.fakes.scripted_pim import ScriptedPim
from vault_pim.pim.http import Http


@pytest.fixture
def pim() -> Iterator[ScriptedPim]:
    """A server that answers 404 until it is told otherwise."""
    with ScriptedPim() as running:
        yield running


@pytest.fixture
def http(pim: ScriptedPim) -> Iterator[Http]:
    """Connections to it."""
    connections = Http("prod", pim.url)
    yield connections
    connections.close()
