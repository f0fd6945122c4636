"""The credential store on a real server: hold, publish, destroy, and what happens when somebody else writes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.conftest import MakeWorld
from tests.integration.vault_world import VaultWorld
from vault_pim.domain.connector import Connector, Mechanism
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import Impossible, TakenOver, VaultRefusal
from vault_pim.domain.facts import Served
from vault_pim.domain.generation import Generation, Stage
from vault_pim.domain.secret import SecretStr
from vault_pim.vault.credentials import VaultCredentialStore
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import held, record

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_set(text: str) -> CredentialSet:
    """A credential set whose secrets name themselves."""
    return CredentialSet(
        base_url="https://pim.example.com",
        client_id=f"id-{text}",
        client_secret=SecretStr(f"canary-secret-{text}"),
        username=f"user-{text}",
        password=SecretStr(f"canary-password-{text}"),
    )


def a_generation(number: int) -> Generation:
    """A verified generation."""
    return Generation(
        number=number,
        stage=Stage.VERIFIED,
        label=f"vp_erp_{number}",
        role="ERP",
        marker="m",
        mechanism=Mechanism.CONNECTIONS,
        reason="age",
        planned_at=NOW,
        issued_at=NOW,
        pim_release="7.0.22",
    )


@pytest.fixture
def world(vault_world: MakeWorld) -> VaultWorld:
    """Three connectors."""
    return vault_world()


@pytest.fixture
def erp(world: VaultWorld) -> Connector:
    """One of them."""
    return world.connectors[0]


@pytest.fixture
def store(world: VaultWorld) -> VaultCredentialStore:
    """The store with the daemon's rights."""
    return VaultCredentialStore(world.daemon, world.layout)


def test_held_set_comes_back_as_it_was(store: VaultCredentialStore, erp: Connector) -> None:
    """What is held can be taken up again by a later pass."""
    assert store.held(erp.id, 1) is None
    store.hold(erp.id, 1, a_set("one"))
    store.hold(erp.id, 1, a_set("one"))
    assert store.held(erp.id, 1) == a_set("one")
    assert store.held(erp.id, 2) is None


def test_another_set_is_not_held_under_the_number(store: VaultCredentialStore, erp: Connector) -> None:
    """Whoever is slow does not write over what another try has held."""
    store.hold(erp.id, 1, a_set("one"))
    with pytest.raises(TakenOver):
        store.hold(erp.id, 1, a_set("late"))
    assert store.held(erp.id, 1) == a_set("one")


def test_nothing_is_held_under_a_number_that_was_dropped(store: VaultCredentialStore, erp: Connector) -> None:
    """Also where nothing was held before: whoever is slow leaves no secret behind."""
    store.drop_held(erp.id, 1)
    with pytest.raises(TakenOver):
        store.hold(erp.id, 1, a_set("late"))
    assert store.held(erp.id, 1) is None


def test_dropped_set_is_gone_in_every_kv_version(
    store: VaultCredentialStore, world: VaultWorld, erp: Connector
) -> None:
    """Dropping leaves nothing that even an administrator could bring back."""
    store.hold(erp.id, 1, a_set("one"))
    store.drop_held(erp.id, 1)
    store.drop_held(erp.id, 1)
    assert store.held(erp.id, 1) is None
    left = KeyValue(world.admin, "pim-state").metadata(held(erp.id, 1))
    assert left is not None
    assert (left.readable, left.recoverable) == ((), ())


def test_published_set_stands_at_the_path_with_its_hints(
    store: VaultCredentialStore, world: VaultWorld, erp: Connector
) -> None:
    """Fields and hints are those of the interface, all strings, and no secret among the hints."""
    assert store.served(erp.id) is None
    served = store.publish(erp, a_generation(3), a_set("three"), NOW + timedelta(days=1))
    kv = KeyValue(world.as_connector(erp), "pim")
    assert served == store.served(erp.id) == Served(generation=3, kv_version=1)
    assert kv.read(record(erp.id)).data == {
        "base_url": "https://pim.example.com",
        "client_id": "id-three",
        "client_secret": "canary-secret-three",
        "username": "user-three",
        "password": "canary-password-three",
        "generation": "3",
        "issued_at": NOW.isoformat(),
    }
    metadata = kv.metadata(record(erp.id))
    assert metadata is not None
    assert metadata.custom == {
        "generation": "3",
        "issued_at": NOW.isoformat(),
        "due_at": (NOW + timedelta(days=1)).isoformat(),
        "policy": "daily",
        "owner": "erp-team@example.com",
        "mechanism": "connections",
        "pim_release": "7.0.22",
    }


def test_what_the_path_gives_is_told_whoever_wrote_it(
    store: VaultCredentialStore, world: VaultWorld, erp: Connector
) -> None:
    """The set as it stands there; nothing if it is no whole one."""
    assert store.given(erp.id) is None
    store.publish(erp, a_generation(1), a_set("one"), None)
    assert store.given(erp.id) == a_set("one")
    KeyValue(world.admin, "pim").write(record(erp.id), {"client_id": "id-one"}, cas=1)
    assert store.given(erp.id) is None


def test_publishing_twice_writes_once(store: VaultCredentialStore, erp: Connector) -> None:
    """The pass after a crash finds the generation there and goes on."""
    first = store.publish(erp, a_generation(1), a_set("one"), None)
    assert store.publish(erp, a_generation(1), a_set("one"), None) == first


def test_publishing_completes_hints_that_a_crash_left_out(
    store: VaultCredentialStore, world: VaultWorld, erp: Connector
) -> None:
    """A crash between data and hints is made good; a hint that no longer holds is taken away."""
    store.publish(erp, a_generation(1), a_set("one"), NOW)
    KeyValue(world.daemon, "pim").patch_custom_metadata(record(erp.id), {"generation": "0", "runbook": "wiki"})
    store.publish(erp, a_generation(1), a_set("one"), None)
    metadata = KeyValue(world.admin, "pim").metadata(record(erp.id))
    assert metadata is not None
    assert metadata.custom["generation"] == "1"
    assert metadata.custom["runbook"] == "wiki"
    assert "due_at" not in metadata.custom


def test_owner_longer_than_vault_takes_is_cut(store: VaultCredentialStore, world: VaultWorld, erp: Connector) -> None:
    """A hint never stops a credential set from being served."""
    store.publish(replace(erp, owner="ä" * 600), a_generation(1), a_set("one"), None)
    metadata = KeyValue(world.admin, "pim").metadata(record(erp.id))
    assert metadata is not None
    assert metadata.custom["owner"] == "ä" * 256


def test_tampered_set_of_the_same_generation_is_written_over(
    store: VaultCredentialStore, world: VaultWorld, erp: Connector
) -> None:
    """The generation's number alone does not make it ours."""
    store.publish(erp, a_generation(1), a_set("one"), None)
    kv = KeyValue(world.admin, "pim")
    kv.write(record(erp.id), {**(kv.read(record(erp.id)).data or {}), "password": "another"}, cas=1)
    assert store.publish(erp, a_generation(1), a_set("one"), None).kv_version == 3


def test_older_generation_is_not_served_over_a_newer_one(store: VaultCredentialStore, erp: Connector) -> None:
    """A process that slept through a rotation stops."""
    store.publish(erp, a_generation(2), a_set("two"), None)
    with pytest.raises(TakenOver):
        store.publish(erp, a_generation(1), a_set("one"), None)
    assert store.served(erp.id) == Served(generation=2, kv_version=1)


def test_generation_never_issued_is_not_served(store: VaultCredentialStore, erp: Connector) -> None:
    """Serving what was not issued is a bug of ours, and is said to be one."""
    with pytest.raises(Impossible):
        store.publish(erp, replace(a_generation(1), issued_at=None), a_set("one"), None)


def test_write_between_read_and_publish_is_taken_over(
    store: VaultCredentialStore, world: VaultWorld, erp: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check-and-set stands on the KV version that was seen, and what another one wrote stays."""
    other, read = KeyValue(world.admin, "pim"), KeyValue.read

    def read_then_lose(self: KeyValue, path: str, kv_version: int | None = None) -> object:
        entry = read(self, path, kv_version)
        monkeypatch.setattr(KeyValue, "read", read)
        other.write(path, {"generation": "7"}, cas=entry.kv_version)
        return entry

    monkeypatch.setattr(KeyValue, "read", read_then_lose)
    with pytest.raises(TakenOver):
        store.publish(erp, a_generation(1), a_set("one"), None)
    assert store.served(erp.id) == Served(generation=7, kv_version=1)


def test_destroying_served_generations_leaves_newer_ones(
    store: VaultCredentialStore, world: VaultWorld, erp: Connector
) -> None:
    """Retirement takes the old sets and nothing of the current one."""
    for number in 1, 2, 3:
        store.publish(erp, a_generation(number), a_set(str(number)), None)
    assert store.readable(erp.id) == (1, 2, 3)
    store.destroy_served(erp.id, through=2)
    store.destroy_served(erp.id, through=2)
    assert store.readable(erp.id) == (3,)
    assert store.served(erp.id) == Served(generation=3, kv_version=3)
    metadata = KeyValue(world.admin, "pim").metadata(record(erp.id))
    assert metadata is not None
    assert metadata.recoverable == ()


def test_destroying_takes_softly_deleted_and_foreign_versions_too(
    store: VaultCredentialStore, world: VaultWorld, erp: Connector
) -> None:
    """Nobody can undelete a revoked set, and no copy without a generation survives."""
    kv = KeyValue(world.admin, "pim")
    store.publish(erp, a_generation(1), a_set("one"), None)
    world.admin.request("DELETE", f"pim/data/{record(erp.id)}")
    kv.write(record(erp.id), {"password": "canary-copied-by-hand"}, cas=1)
    assert store.served(erp.id) == Served(generation=0, kv_version=2)
    assert store.readable(erp.id) == (0,)
    store.destroy_served(erp.id, through=1)
    metadata = kv.metadata(record(erp.id))
    assert metadata is not None
    assert (metadata.readable, metadata.recoverable) == ((), ())
    assert (store.readable(erp.id), store.served(erp.id)) == ((), None)


def test_destroying_what_was_never_served_does_nothing(store: VaultCredentialStore, erp: Connector) -> None:
    """A revocation may come before the first publication."""
    store.destroy_served(erp.id, through=9)
    assert store.readable(erp.id) == ()


def test_served_path_can_be_published_to_after_all_was_destroyed(store: VaultCredentialStore, erp: Connector) -> None:
    """After cut-first nothing is served; the successor still gets its place."""
    store.publish(erp, a_generation(1), a_set("one"), None)
    store.destroy_served(erp.id, through=1)
    assert store.publish(erp, a_generation(2), a_set("two"), None) == Served(generation=2, kv_version=2)


def test_held_document_without_its_fields_is_an_error_by_name(
    store: VaultCredentialStore, world: VaultWorld, erp: Connector
) -> None:
    """Half a set is never taken for a set."""
    KeyValue(world.daemon, "pim-state").write(held(erp.id, 1), {"base_url": "x", "password": "canary"}, cas=0)
    with pytest.raises(VaultRefusal, match="pending/prod/erp/1") as caught:
        store.held(erp.id, 1)
    assert "client_id" in caught.value.why
