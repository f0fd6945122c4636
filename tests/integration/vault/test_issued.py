"""The index of issued values on a real server, with the daemon's rights and no others."""

from datetime import UTC, datetime

import pytest

from tests.canary import CANARY
from tests.integration.conftest import MakeWorld
from tests.integration.vault_world import VaultWorld
from vault_pim.domain.connector import Mechanism
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import TakenOver, VaultRefusal
from vault_pim.domain.generation import Generation, Stage
from vault_pim.domain.secret import SecretStr
from vault_pim.domain.state import ConnectorState
from vault_pim.leaks.shapes import Shape
from vault_pim.vault.credentials import VaultCredentialStore
from vault_pim.vault.fingerprints import VaultFingerprints
from vault_pim.vault.issued import Issued, IssuedValues
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import ISSUED

SECRET = SecretStr(CANARY[:6] + "3k8k4s0w8o0sk0ccoc8c0s08kcsc4wggwkso4wss0css")
PASSWORD = SecretStr(CANARY[:6] + "a91")


def a_set(secret: SecretStr = SECRET, password: SecretStr = PASSWORD) -> CredentialSet:
    """A set as a PIM's connections are."""
    return CredentialSet(
        base_url="https://pim", client_id="12_abc", client_secret=secret, username="erp_1234", password=password
    )


@pytest.fixture
def world(vault_world: MakeWorld) -> VaultWorld:
    """A world of one namespace."""
    return vault_world()


def index(world: VaultWorld) -> IssuedValues:
    """The index as a process that has just started sees it."""
    return IssuedValues(world.daemon, world.layout, VaultFingerprints(world.daemon, world.layout))


def test_value_of_a_set_that_was_held_names_its_owner_for_ever(world: VaultWorld) -> None:
    """Also when its held copy is gone; a value that nobody was given has no owner."""
    erp = world.connectors[0].id
    store = VaultCredentialStore(world.daemon, world.layout)
    store.hold(erp, 7, a_set())
    store.drop_held(erp, 7)
    found = index(world)
    assert found.find(SECRET) == (Issued(connector=erp, number=7, field="client_secret"),)
    (password,) = found.find(PASSWORD)
    assert (password.field, found.names(PASSWORD, password).username) == ("password", "erp_1234")
    assert found.find(SecretStr("0123456ab")) == ()
    assert {str(shape) for shape in found.shapes()} == {str(Shape.of("x" * 50)), "h9"}


def test_set_that_is_refused_is_in_the_index_all_the_same(world: VaultWorld) -> None:
    """It was made at the PIM, whoever held another one first."""
    erp = world.connectors[0].id
    store = VaultCredentialStore(world.daemon, world.layout)
    store.hold(erp, 1, a_set(password=SecretStr("0123456ab")))
    with pytest.raises(TakenOver):
        store.hold(erp, 1, a_set())
    assert index(world).find(PASSWORD)


def test_one_password_of_two_connectors_names_both(world: VaultWorld) -> None:
    """A PIM shuffles the digits of the time; two connections made in one minute may get the same."""
    erp, web, _ = (connector.id for connector in world.connectors)
    for id_ in (web, erp):
        index(world).add(id_, 1, a_set())
        index(world).add(id_, 1, a_set())
    assert [one.connector for one in index(world).find(PASSWORD)] == [erp, web]


def test_generation_from_before_the_index_is_entered_from_its_record(world: VaultWorld) -> None:
    """Its record has fingerprints and no values."""
    erp = world.connectors[0].id
    old = Generation(
        number=3,
        stage=Stage.RETIRED,
        label="vp_erp_3",
        marker="m",
        role="r",
        mechanism=Mechanism.CONNECTIONS,
        reason="new",
        planned_at=datetime(2026, 11, 24, tzinfo=UTC),
        fingerprints=VaultFingerprints(world.daemon, world.layout).of(a_set()),
    )
    entered = index(world)
    assert not entered.complete
    entered.add_recorded(ConnectorState(connector=erp).put(old))
    entered.mark_complete()
    entered.mark_complete()
    found = index(world)
    assert found.complete
    assert [one.number for value in (SECRET, PASSWORD) for one in found.find(value)] == [3, 3]


def test_daemon_cannot_change_or_remove_an_entry(world: VaultWorld) -> None:
    """Whoever takes over the daemon cannot make it forget what was issued."""
    index(world).add(world.connectors[0].id, 1, a_set())
    kv = KeyValue(world.daemon, world.layout.state_mount)
    (shard,) = kv_names(world, f"{ISSUED}/h9")
    path = f"{ISSUED}/h9/{shard}{kv_names(world, f'{ISSUED}/h9/{shard}')[0]}"
    for forbidden in (lambda: kv.write(path, {}, cas=1), lambda: kv.destroy(path, (1,))):
        with pytest.raises(VaultRefusal):
            forbidden()


def kv_names(world: VaultWorld, folder: str) -> tuple[str, ...]:
    """What an administrator sees in a folder of the state mount."""
    return KeyValue(world.admin, world.layout.state_mount).names(folder)
