"""OpenBao or the PIM is put back to yesterday: what came back to life is ended again, and a state that is too old is
told and not acted upon. What is killed meanwhile is in the scenarios of `test_short.py`."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.crash.beginnings import (
    pim_of_before_a_revocation,
    pim_of_yesterday,
    state_of_yesterday,
    vault_of_before_a_revocation,
    vault_of_yesterday,
)
from tests.crash.commands import APPLY, DAEMON, REVOKE, ROTATE, run
from tests.crash.torture import Torture
from tests.crash.world import ERP, Saved, World


@pytest.fixture(scope="module")
def torture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Torture]:
    """A world with nothing for ERP."""
    with Torture(tmp_path_factory.mktemp("backups")) as one:
        yield one


@pytest.fixture(scope="module")
def blank(torture: Torture) -> Saved:
    """How it stands."""
    return torture.world.save()


@pytest.fixture
def world(torture: Torture, blank: Saved) -> World:
    """The same, made anew."""
    torture.world.put_back(blank)
    return torture.world


def told(world: World, command: str) -> dict[str, Any]:
    """What `plan` or `status` says of ERP; it calls a person."""
    world.output.unlink(missing_ok=True)
    assert run(world, (command, ERP, "--json")) == 2
    found: dict[str, Any] = json.loads(world.output.read_text())["connectors"][0]
    return found


@pytest.mark.parametrize("command", [APPLY, DAEMON], ids=lambda one: one[0])
def test_set_that_an_older_vault_does_not_know_is_told_and_left_alone(world: World, command: tuple[str, ...]) -> None:
    """A connector that has it in memory goes on; the set that is served again is in its grace, and works."""
    vault_of_yesterday(world)
    before = world.side.labels()
    world.begin()
    assert run(world, command, patience=3.0) == (0 if command == DAEMON else 2)
    assert world.side.labels() == before
    assert all(world.logs_in(one) for one in world.leaked)
    planned = told(world, "plan")["next"]
    assert (planned["kind"], planned["reason"]) == ("alarm", "state-went-back")
    assert f"vault-pim rotate {ERP}" in planned["advice"]
    assert "vp_erp_2" in planned["detail"]
    assert told(world, "status")["reason"] == "state-went-back"


def test_set_that_is_served_but_not_known_to_an_older_state_is_read_until_a_new_one_is(world: World) -> None:
    """The dead set that the state holds as the current one is not served again."""
    state_of_yesterday(world)
    assert run(world, APPLY) == 2
    assert told(world, "status")["reason"] == "state-went-back"
    read: list[dict[str, Any] | None] = []
    world.begin()
    world.tap.happened = lambda _: read.append(world.served())
    code = run(world, ROTATE)
    world.tap.happened = lambda _: None
    assert code in (0, 2)
    assert all(one is not None and world.logs_in(one) for one in read)
    assert {one and one["generation"] for one in read} == {"2", "3"}


def test_connector_whose_revocation_an_older_vault_does_not_know_is_given_no_new_set(world: World) -> None:
    """Its set is gone at the PIM, which alone would be a reason to make another one."""
    vault_of_before_a_revocation(world)
    assert run(world, APPLY) == 2
    assert not [label for label in world.side.labels() if label.startswith("vp_erp_")]
    assert told(world, "status")["reason"] == "state-went-back"
    assert run(world, REVOKE) == 0
    assert world.record()["revocation"]["proven_at"]
    assert world.cut_off()


def test_leaked_set_that_an_older_pim_lets_in_again_is_ended_again(world: World) -> None:
    """Nobody has to ask for it."""
    pim_of_before_a_revocation(world)
    assert all(world.logs_in(one) for one in world.leaked)
    assert run(world, APPLY) in (0, 2)
    assert not any(world.logs_in(one) for one in world.leaked)


def test_connector_whose_set_an_older_pim_does_not_have_is_served_another(world: World) -> None:
    """And the retired one that came back goes."""
    pim_of_yesterday(world)
    assert run(world, APPLY) in (0, 2)
    served = world.served()
    assert served is not None
    assert served["generation"] == "3"
    assert world.logs_in(served)
    assert [label for label in world.side.labels() if label.startswith("vp_erp_")] == ["vp_erp_3"]
