"""Who reads a path: what readers say, and what Vault's own log shows, on a real OpenBao."""

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.fakes.builders import a_generation
from tests.fakes.clock import START, FakeClock
from tests.integration.vault_world import THREE, VaultWorld
from vault_pim.domain.connector import Connector
from vault_pim.domain.generation import Generation, Stage
from vault_pim.domain.readers import Evidence
from vault_pim.sandbox.openbao import SandboxBao
from vault_pim.vault import readers as module
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import readers, record
from vault_pim.vault.readers import VaultReaders
from vault_pim.vault.session import VaultSession

ONE = a_generation(1, Stage.GRACE, kv_version=1)
TWO = a_generation(2, kv_version=2)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VaultWorld]:
    """A server of its own, since its log is read."""
    directory = tmp_path_factory.mktemp("readers")
    with SandboxBao(directory / "bao") as bao:
        world = VaultWorld(bao=bao, namespace=None, directory=directory, connectors=THREE)
        yield world
        world.close()


def read(session: VaultSession, world: VaultWorld, number: int) -> None:
    """Read a connector's path."""
    KeyValue(session, "pim").read(record(world.connectors[number].id))


def write_as_it_is(world: VaultWorld, connector: Connector, name: str, note: dict[str, str]) -> None:
    """As a connector may by any HTTP client; ours refuses such a path."""
    token = world.token(world.login_of(connector))
    url = f"{world.bao.url}/v1/pim/metadata/{readers(connector.id)}/{quote(name)}"
    body = json.dumps({"custom_metadata": note}).encode()
    request = urllib.request.Request(url, body, {"X-Vault-Token": token}, method="POST")  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        assert answer.status == 204


def serve(world: VaultWorld, number: int, kv_version: int) -> None:
    """Write a connector's path."""
    KeyValue(world.admin, "pim").write(record(world.connectors[number].id), {"a": "set"}, cas=kv_version - 1)


def seen(reader: VaultReaders, world: VaultWorld, number: int, *generations: Generation) -> dict[str, int | None]:
    """Who uses which generation; all must be seen."""
    sight = reader.seen(world.connectors[number].id, generations or (ONE, TWO))
    assert sight.unseen is None
    return {one.name: one.generation for one in sight.readers}


def test_what_readers_say_is_taken_for_what_it_is(world: VaultWorld) -> None:
    """An entry that makes no sense is a reader of an unknown generation."""
    erp = world.connectors[0]
    kv, folder = KeyValue(world.as_connector(erp), "pim"), readers(erp.id)
    at = (START - timedelta(hours=3)).isoformat()
    for name, note in {
        "good": {"generation": "2", "at": at},
        "old": {"generation": "1", "at": at},
        "future": {"generation": "99", "at": at},
        "odd": {"generation": "-1", "at": "yesterday"},
        "naive": {"generation": "2", "at": "2026-03-01T03:00:00"},
        "empty": {"x": "y"},
        "far": {"generation": "2", "at": "9999-12-31T23:59:59+00:00"},
        "-x": {"generation": "2", "at": at},
        "a b, c": {"generation": "2", "at": at},
    }.items():
        if name in {"-x", "a b, c"}:
            write_as_it_is(world, erp, name, note)
        else:
            kv.note(f"{folder}/{name}", note)
    watch = VaultReaders(world.daemon, world.layout, FakeClock())
    known = {"good": 2, "old": 1, "naive": 2, "far": 2}
    unknown = ("future", "odd", "empty", "'-x'", "'a b, c'")
    assert seen(watch, world, 0) == known | dict.fromkeys(unknown)
    (good,) = [one for one in watch.seen(erp.id, (ONE, TWO)).readers if one.name == "good"]
    assert (good.evidence, good.heard_at) == (Evidence.SAYS, datetime.fromisoformat(at))
    watch.forget(erp.id, {1})
    assert seen(watch, world, 0) == {"old": 1, "far": 2, "'-x'": None, "'a b, c'": None}


def test_silent_readers_of_ended_sets_are_forgotten(world: VaultWorld) -> None:
    """One that was heard of lately is not, nor one that uses a later set."""
    web, clock = world.connectors[1], FakeClock()
    kv, folder = KeyValue(world.as_connector(web), "pim"), readers(web.id)
    for name, number, age in (("gone", 1, 3), ("late", 1, 1), ("moved", 2, 3)):
        at = clock.now() - timedelta(hours=age)
        kv.note(f"{folder}/{name}", {"generation": str(number), "at": at.isoformat()})
    watch = VaultReaders(world.daemon, world.layout, clock)
    watch.forget(web.id, {2})
    assert seen(watch, world, 1) == {"late": 1, "moved": 2}
    kv.drop_note(f"{folder}/late")
    kv.drop_note(f"{folder}/moved")


def test_more_readers_than_are_looked_at_make_the_list_incomplete(
    world: VaultWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes thousands gains nothing by it."""
    erp = world.connectors[0]
    monkeypatch.setattr(module, "MOST", 2)
    sight = VaultReaders(world.daemon, world.layout, FakeClock()).seen(erp.id, (ONE, TWO))
    assert len(sight.readers) == 2
    assert sight.unseen == "more than 2 processes say that they read"


def test_log_tells_to_whom_which_set_was_given(world: VaultWorld) -> None:
    """To the connector's own login alone; it is followed, for all connectors at once."""
    watch = VaultReaders(world.daemon, world.layout, FakeClock(), world.bao.audit_path)
    login = world.as_connector(world.connectors[2])
    serve(world, 2, 1)
    for session in (world.daemon, world.admin):
        read(session, world, 2)
    assert seen(watch, world, 2) == {}
    read(login, world, 2)
    assert seen(watch, world, 2) == {"127.0.0.1": 1}
    assert seen(watch, world, 1) == {}
    serve(world, 2, 2)
    assert seen(watch, world, 2) == {"127.0.0.1": 1}
    read(login, world, 2)
    assert seen(watch, world, 2) == {"127.0.0.1": 2}
    given = watch.seen(world.connectors[2].id, (ONE, TWO)).readers[0]
    read(login, world, 2)
    again = watch.seen(world.connectors[2].id, (ONE, TWO)).readers[0]
    assert (again.evidence, again.since, again.heard_at > given.heard_at) == (Evidence.READ, given.since, True)


def test_what_was_given_before_a_set_was_served_is_no_such_set(world: VaultWorld) -> None:
    """KV versions begin anew where somebody deleted a path."""
    watch = VaultReaders(world.daemon, world.layout, FakeClock(), world.bao.audit_path)
    later = replace(TWO, issued_at=datetime.fromisoformat("2999-01-01T00:00:00+00:00"))
    assert seen(watch, world, 2, ONE, later) == {"127.0.0.1": 1}
    assert seen(watch, world, 2, replace(ONE, kv_version=None), later) == {"127.0.0.1": None}


def test_log_that_cannot_be_read_makes_the_list_incomplete(world: VaultWorld, tmp_path: Path) -> None:
    """And is said, with what to do."""
    watch = VaultReaders(world.daemon, world.layout, FakeClock(), tmp_path / "audit.log")
    sight = watch.seen(world.connectors[2].id, (ONE, TWO))
    assert sight.unseen is not None
    assert "audit.log is not there" in sight.unseen


def test_missing_right_makes_the_list_incomplete(world: VaultWorld) -> None:
    """As with the policy of an older release."""
    erp, web = world.connectors[:2]
    sight = VaultReaders(world.as_connector(web), world.layout, FakeClock()).seen(erp.id, (ONE, TWO))
    assert sight.readers == ()
    assert sight.unseen is not None
