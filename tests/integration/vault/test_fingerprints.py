"""Fingerprints and the ledger of refused logins on a real server."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.conftest import MakeWorld
from tests.integration.vault.test_credentials import a_set
from tests.integration.vault_world import VaultWorld
from vault_pim.domain.errors import VaultRefusal
from vault_pim.domain.secret import SecretStr
from vault_pim.vault.fingerprints import VaultFingerprints
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import FINGERPRINT_KEY, logins
from vault_pim.vault.ledger import VaultLoginLedger

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WRONG, WORSE, RIGHT = SecretStr("canary-wrong"), SecretStr("canary-worse"), SecretStr("canary-right")


@pytest.fixture
def world(vault_world: MakeWorld) -> VaultWorld:
    """A world of one namespace."""
    return vault_world()


@pytest.fixture
def ledger(world: VaultWorld) -> VaultLoginLedger:
    """A ledger as one process has it."""
    return another_ledger(world)


def another_ledger(world: VaultWorld) -> VaultLoginLedger:
    """A ledger as another process has it: nothing shared but Vault."""
    session = world.session(world.daemon_login)
    return VaultLoginLedger(session, world.layout, VaultFingerprints(session, world.layout))


def test_fingerprints_are_the_same_in_every_process(world: VaultWorld) -> None:
    """The key is made once, by whoever comes first of many."""
    made = [VaultFingerprints(world.daemon, world.layout) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda one: one.of(a_set("one")), made))
    assert all(one == found[0] for one in found)
    assert KeyValue(world.daemon, "pim-state").read(FINGERPRINT_KEY).kv_version == 1


def test_fingerprint_finds_a_value_and_tells_values_apart(world: VaultWorld) -> None:
    """128 bits, different for each secret, the same for a value that was found elsewhere."""
    fingerprints = VaultFingerprints(world.daemon, world.layout)
    found = fingerprints.of(a_set("one"))
    assert sorted(found) == ["client_secret", "password"]
    assert len(set(found.values()) | set(fingerprints.of(a_set("two")).values())) == 4
    assert {len(value) for value in found.values()} == {32}
    assert fingerprints.of_value(SecretStr("canary-password-one")) == found["password"]
    assert fingerprints.of_value(SecretStr("canary-password-one"), purpose="login") != found["password"]


def test_deleted_fingerprint_key_is_an_error_and_not_a_new_key(world: VaultWorld) -> None:
    """A new key would make every fingerprint in every record worthless without a word."""
    VaultFingerprints(world.daemon, world.layout).of(a_set("one"))
    world.admin.request("DELETE", f"pim-state/data/{FINGERPRINT_KEY}")
    with pytest.raises(VaultRefusal, match="fingerprint key was deleted"):
        VaultFingerprints(world.daemon, world.layout).of(a_set("one"))


def test_daemon_cannot_replace_the_fingerprint_key(world: VaultWorld) -> None:
    """Made once: its policy lets it create the key and no more."""
    VaultFingerprints(world.daemon, world.layout).of(a_set("one"))
    with pytest.raises(VaultRefusal, match="does not allow"):
        KeyValue(world.daemon, "pim-state").write(FINGERPRINT_KEY, {"key": "00"}, cas=1)


def test_refused_password_is_not_tried_again_by_any_process(world: VaultWorld, ledger: VaultLoginLedger) -> None:
    """Not after a restart either, and not before an hour is over: then its account may be enabled again."""
    assert ledger.allowed("prod", WRONG, NOW)
    ledger.refused("prod", WRONG, NOW)
    assert not ledger.allowed("prod", WRONG, NOW)
    assert not another_ledger(world).allowed("prod", WRONG, NOW + timedelta(minutes=59))
    assert another_ledger(world).allowed("prod", WRONG, NOW + timedelta(minutes=61))


def test_corrected_password_is_tried_at_once(ledger: VaultLoginLedger) -> None:
    """The remedy the advice names works without waiting."""
    ledger.refused("prod", WRONG, NOW)
    assert ledger.allowed("prod", RIGHT, NOW)


def test_two_refusals_stop_every_password_for_ten_minutes(ledger: VaultLoginLedger) -> None:
    """The PIM locks the account at five, for people too."""
    ledger.refused("prod", WRONG, NOW)
    ledger.refused("prod", WORSE, NOW + timedelta(minutes=1))
    assert not ledger.allowed("prod", RIGHT, NOW + timedelta(minutes=9))
    assert ledger.allowed("prod", RIGHT, NOW + timedelta(minutes=10))


def test_success_forgets_the_refusals(ledger: VaultLoginLedger) -> None:
    """A password that was refused may be right later."""
    ledger.refused("prod", WRONG, NOW)
    ledger.accepted("prod")
    ledger.accepted("prod")
    assert ledger.allowed("prod", WRONG, NOW)


def test_refusal_at_one_pim_does_not_stop_another(ledger: VaultLoginLedger) -> None:
    """Each PIM has accounts of its own."""
    ledger.refused("prod", WRONG, NOW)
    assert ledger.allowed("stage", WRONG, NOW)


def test_no_refusal_is_lost_when_processes_write_at_once(world: VaultWorld) -> None:
    """Check-and-set with another try, not last one wins."""
    ledgers = [another_ledger(world) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda one: one.refused("prod", WRONG, NOW), ledgers))
    book = KeyValue(world.daemon, "pim-state").read(logins("prod")).data or {}
    assert len(book["refusals"]) == 6
    assert "canary" not in str(book)
