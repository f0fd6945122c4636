"""vault-pim's own keys, sealed by a real Transit engine, with the daemon's rights and no others."""

from dataclasses import replace

import pytest

from tests.canary import CANARY
from tests.integration.conftest import MakeWorld
from tests.integration.vault_world import VaultWorld
from vault_pim.domain.errors import VaultRefusal
from vault_pim.domain.secret import SecretStr
from vault_pim.vault.fingerprints import VaultFingerprints
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import FINGERPRINT_KEY, Layout
from vault_pim.vault.setup import apply_setup, plan_setup
from vault_pim.vault.signing import VaultSigner

VALUE = SecretStr(CANARY)


@pytest.fixture
def world(vault_world: MakeWorld) -> VaultWorld:
    """A world with a Transit mount."""
    world = vault_world()
    world.admin.request("POST", "sys/mounts/transit", {"type": "transit"})
    return world


def sealed(world: VaultWorld) -> Layout:
    """Set up to seal keys, the second time without anything left to do."""
    layout = replace(world.layout, transit_key="transit/vault-pim")
    apply_setup(plan_setup(world.admin, layout, world.connectors))
    assert plan_setup(world.admin, layout, world.connectors) == []
    return layout


def kept(world: VaultWorld) -> dict[str, str]:
    """What lies in the state mount of the fingerprint key."""
    return dict(KeyValue(world.admin, world.layout.state_mount).read(FINGERPRINT_KEY).data or {})


def test_new_key_is_sealed_and_works_in_every_process(world: VaultWorld) -> None:
    """What lies in the state mount is Transit's ciphertext."""
    layout = sealed(world)
    first = VaultFingerprints(world.daemon, layout).of_value(VALUE)
    assert VaultFingerprints(world.daemon, layout).of_value(VALUE) == first
    assert [text.partition(":")[0] for text in kept(world).values()] == ["vault"]
    assert VaultSigner(world.daemon, layout).public_key() == VaultSigner(world.daemon, layout).public_key()


def test_key_that_lay_open_is_sealed_by_setup_and_stays_the_same(world: VaultWorld) -> None:
    """Every fingerprint ever stored depends on it; no open copy is left."""
    before = VaultFingerprints(world.daemon, world.layout).of_value(VALUE)
    assert "key" in kept(world)
    layout = sealed(world)
    assert VaultFingerprints(world.daemon, layout).of_value(VALUE) == before
    metadata = KeyValue(world.admin, layout.state_mount).metadata(FINGERPRINT_KEY)
    assert metadata is not None
    assert metadata.readable == (2,)


def test_sealed_key_without_its_seal_is_refused(world: VaultWorld) -> None:
    """Making another one would make all fingerprints worthless."""
    VaultFingerprints(world.daemon, sealed(world)).of_value(VALUE)
    with pytest.raises(VaultRefusal, match="sealed by Transit"):
        VaultFingerprints(world.daemon, world.layout).of_value(VALUE)
