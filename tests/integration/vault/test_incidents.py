"""Records of incidents and checkpoints of audit logs on a real server, with the daemon's own rights."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.conftest import MakeWorld
from tests.integration.vault_world import VaultWorld
from vault_pim.domain.errors import TakenOver, VaultRefusal
from vault_pim.vault.anchors import VaultAnchors
from vault_pim.vault.incidents import VaultIncidents


@pytest.fixture
def world(vault_world: MakeWorld) -> VaultWorld:
    """A world of one namespace."""
    return vault_world()


def checkpoint(size: int, file: str = "one") -> Mapping[str, Any]:
    """As far as it matters here."""
    return {"file": file, "size": size, "signature": {"value": "x"}}


def test_record_is_kept_under_check_and_set(world: VaultWorld) -> None:
    """For every machine; a long one, too."""
    incidents = VaultIncidents(world.daemon, world.layout)
    assert (incidents.names(), incidents.load("2026.prod.erp")) == ((), (None, 0))
    incidents.save("2026.prod.erp", "x" * 500_000, 0)
    with pytest.raises(TakenOver):
        incidents.save("2026.prod.erp", "y", 0)
    assert incidents.load("2026.prod.erp") == ("x" * 500_000, 1)
    assert incidents.names() == ("2026.prod.erp",)


def test_checkpoint_never_goes_back(world: VaultWorld) -> None:
    """Whoever comes late does not replace a later one; each file has its own."""
    anchors = VaultAnchors(world.daemon, world.layout)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda size: anchors.put("one", checkpoint(size)), (30, 10, 40, 20)))
    anchors.put("two", checkpoint(5, "two"))
    assert sorted((one["file"], one["size"]) for one in anchors.all()) == [("one", 40), ("two", 5)]


@pytest.mark.parametrize("path", ["pim-state/data/incidents/a", "pim-state/data/audit/a", "pim-state/metadata/audit/"])
def test_connector_sees_nothing_of_it(world: VaultWorld, path: str) -> None:
    """And nobody deletes a record with the daemon's rights."""
    with pytest.raises(VaultRefusal):
        world.as_connector(world.connectors[0]).request("GET", path)
    with pytest.raises(VaultRefusal):
        world.daemon.request("DELETE", path)
