"""The signing key on a real server: made once, never replaced, checked without Vault."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.conftest import MakeWorld
from tests.integration.vault_world import VaultWorld
from vault_pim.audit.signing import PublicKey, check_document, sign_document
from vault_pim.domain.errors import VaultRefusal
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import SIGNING_KEY
from vault_pim.vault.signing import VaultSigner


@pytest.fixture
def world(vault_world: MakeWorld) -> VaultWorld:
    """A world of one namespace."""
    return vault_world()


def test_key_is_the_same_in_every_process(world: VaultWorld) -> None:
    """Whoever comes first of many makes it; what one signs, the key that another gives away checks."""
    signers = [VaultSigner(world.daemon, world.layout) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        signed = list(pool.map(lambda one: sign_document({"proof": "of what"}, one), signers))
    for document in signed:
        check_document(document, PublicKey.from_pem(signers[0].public_key()), what="the proof")
    assert KeyValue(world.daemon, "pim-state").read(SIGNING_KEY).kv_version == 1


def test_daemon_cannot_replace_the_signing_key(world: VaultWorld) -> None:
    """Its policy lets it create the key and no more."""
    VaultSigner(world.daemon, world.layout).public_key()
    with pytest.raises(VaultRefusal, match="does not allow"):
        KeyValue(world.daemon, "pim-state").write(SIGNING_KEY, {"key": "00"}, cas=1)


def test_deleted_signing_key_is_an_error_and_not_a_new_key(world: VaultWorld) -> None:
    """What was signed could not be checked any more, without a word."""
    VaultSigner(world.daemon, world.layout).public_key()
    world.admin.request("DELETE", f"pim-state/data/{SIGNING_KEY}")
    with pytest.raises(VaultRefusal, match="signing key was deleted"):
        VaultSigner(world.daemon, world.layout).public_key()


def test_connector_cannot_read_the_signing_key(world: VaultWorld) -> None:
    """Nobody but vault-pim signs for vault-pim."""
    VaultSigner(world.daemon, world.layout).public_key()
    with pytest.raises(VaultRefusal):
        world.as_connector(world.connectors[0]).request("GET", f"pim-state/data/{SIGNING_KEY}")
