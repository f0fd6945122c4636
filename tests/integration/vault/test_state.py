"""State records on a real server: check-and-set, Vault's clock, and records that are not what they should be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.conftest import MakeWorld
from tests.integration.vault.test_credentials import a_generation
from tests.integration.vault_world import VaultWorld
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import TakenOver, VaultPimError, VaultRefusal
from vault_pim.domain.generation import Stage
from vault_pim.domain.state import FINAL_KEPT, ConnectorState, Failures, Holder, Revocation
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import record
from vault_pim.vault.state import VaultStateStore

ERP = ConnectorId(pim="prod", name="erp")
NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
FULL = ConnectorState(
    connector=ERP,
    next_number=7,
    generations=(a_generation(5), a_generation(6)),
    holder=Holder(name="daemon@host:1", expires_at=NOW),
    rotation_asked_at=NOW,
    revocation=Revocation(through=5, reason="leaked", asked_at=NOW, asked_by="me", evidence=("401", "400")),
    failures=Failures(count=2, last_at=NOW, what="PimNoAnswer"),
)


@pytest.fixture
def world(vault_world: MakeWorld) -> VaultWorld:
    """A world of one namespace."""
    return vault_world()


@pytest.fixture
def states(world: VaultWorld) -> VaultStateStore:
    """The store with the daemon's rights."""
    return VaultStateStore(world.daemon, world.layout)


def test_connector_without_a_record_has_an_empty_state(states: VaultStateStore) -> None:
    """Nothing was ever written, so the first save stands on KV version 0."""
    loaded = states.load(ERP)
    assert (loaded.state, loaded.kv_version) == (ConnectorState(connector=ERP), 0)
    assert abs(loaded.server_now - datetime.now(UTC)) < timedelta(seconds=5)  # noqa: TID251


def test_saved_state_comes_back_with_every_field(states: VaultStateStore) -> None:
    """Instants keep their microseconds and their zone, enums their type."""
    assert states.save(FULL, 0) == 1
    loaded = states.load(ERP)
    assert (loaded.state, loaded.kv_version) == (FULL, 1)
    assert loaded.state.generations[0].stage is Stage.VERIFIED


def test_record_full_of_generations_is_taken_and_comes_back(states: VaultStateStore) -> None:
    """As many as are ever kept, with everything a generation can have; OpenBao counts the strings of a request."""
    ended = replace(FULL.generations[0], stage=Stage.REVOKED, refusal="it was refused", published_at=NOW, ended_at=NOW)
    state = replace(FULL, generations=tuple(replace(ended, number=number) for number in range(FINAL_KEPT)))
    states.save(state, 0)
    assert states.load(ERP).state == state


def test_save_on_an_old_kv_version_is_taken_over(states: VaultStateStore) -> None:
    """Whoever comes second stops, and what the first one wrote stays."""
    states.save(FULL, 0)
    with pytest.raises(TakenOver):
        states.save(ConnectorState(connector=ERP), 0)
    assert states.load(ERP).state == FULL


def test_known_lists_every_connector_of_every_pim(states: VaultStateStore) -> None:
    """Also those that nobody configures any more."""
    assert states.known() == ()
    ids = [ConnectorId(pim=pim, name=name) for pim in ("prod", "stage") for name in ("dam", "erp")]
    for one in ids:
        states.save(ConnectorState(connector=one), 0)
    assert list(states.known()) == ids


def test_deleted_record_is_an_error_and_not_an_empty_state(states: VaultStateStore, world: VaultWorld) -> None:
    """An empty state would issue everything anew and forget what must be revoked."""
    states.save(FULL, 0)
    world.admin.request("DELETE", f"pim-state/data/{record(ERP)}")
    with pytest.raises(VaultRefusal, match="prod/erp was deleted") as caught:
        states.load(ERP)
    assert "Undelete" in caught.value.advice


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"state": '{"connector": {"pim": "prod", "name": "erp"}, "colour": "canary"}'}, "colour"),
        (
            {"state": '{"connector": {"pim": "prod", "name": "erp"}, "generations": [{"number": "canary"}]}'},
            "generations",
        ),
        ({"record_schema": 2}, "record_schema"),
        ({"state": "canary"}, "state"),
        ({"state": {"connector": "canary"}}, "state"),
        ({"state": '{"connector": {"pim": "prod", "name": "web"}}'}, ""),
    ],
)
def test_record_that_is_not_ours_is_one_clear_error(
    states: VaultStateStore, world: VaultWorld, change: dict[str, object], told: str
) -> None:
    """It names the record and the field, says what to do, and shows nothing of the content."""
    states.save(FULL, 0)
    kv = KeyValue(world.daemon, "pim-state")
    kv.write(record(ERP), {**(kv.read(record(ERP)).data or {}), **change}, cas=1)
    with pytest.raises(VaultPimError, match="prod/erp") as caught:
        states.load(ERP)
    assert told in caught.value.why
    assert "pim-state/connectors/prod/erp" in caught.value.advice
    assert "canary" not in f"{caught.value} {caught.value.why} {caught.value.__cause__}"
