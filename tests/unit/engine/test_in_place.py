"""Rotation in place, engine side: one connection, its sets made of one another; who is slow, who dies between."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.fakes.builders import DAY, ERP, a_connector
from tests.fakes.wire import Death, When
from tests.fakes.world import World
from vault_pim.domain.connector import Rotation
from vault_pim.domain.errors import NoAnswer, PimNoAnswer, TakenOver
from vault_pim.domain.events import Tag
from vault_pim.domain.generation import Stage
from vault_pim.engine.in_place import KILLED
from vault_pim.engine.tools import HOLD


@pytest.fixture
def served() -> World:
    """Generation 1 is served, and the connector is to be rotated in place from now on."""
    world = World()
    world.run()
    world.connector = a_connector(rotation=Rotation.IN_PLACE)
    return world


def stages(world: World) -> list[tuple[int, Stage]]:
    """Where each generation stands."""
    return [(one.number, one.stage) for one in world.state.generations]


def test_rotation_in_place_keeps_the_connection_and_ends_the_former_set(served: World) -> None:
    """Label, client id and user stay; nothing of the former set is left, not even for a grace."""
    before = served.credentials.reads(ERP)
    served.rotate()
    after = served.credentials.reads(ERP)
    assert before is not None
    assert after is not None
    assert served.pim.labels == {"vp_erp_1"}
    assert (after.client_id, after.username) == (before.client_id, before.username)
    assert after != before
    assert served.pim.login(before) is None
    assert served.connector_works()
    assert stages(served) == [(1, Stage.RETIRED), (2, Stage.CURRENT)]
    assert served.leftovers() == []


def test_outage_is_recorded_and_audited(served: World) -> None:
    """From the first regeneration to the publication."""
    served.wire.at("driver.verify", lambda: served.clock.forward(HOLD / 4))
    served.rotate()
    published = next(one for one in served.audit.events if "outage_seconds" in one.detail)
    assert (published.tag, published.step, published.detail["outage_seconds"]) == (Tag.STEP_DONE, "publish", "15.000")


def test_chain_of_rotations_ends_with_the_connection(served: World) -> None:
    """Whatever was made of one another is deleted once, with the last of them."""
    for _ in range(3):
        served.rotate()
    served.connector = a_connector()
    served.rotate()
    assert served.pim.labels == {"vp_erp_1", "vp_erp_5"}
    served.clock.forward(DAY)
    served.run()
    assert served.pim.labels == {"vp_erp_5"}
    assert served.leftovers() == []
    assert served.run().done == ()


def test_revocation_deletes_the_connection_with_all_its_sets(served: World) -> None:
    """Also one that is on its way."""
    served.wire.fail("driver.verify", PimNoAnswer("no answer"))
    with pytest.raises(PimNoAnswer):
        served.rotate()
    served.revoke()
    assert served.pim.labels == set()
    assert stages(served) == [(1, Stage.REVOKED), (2, Stage.REVOKED)]
    assert served.leftovers() == []


def test_refused_successor_is_abandoned_without_touching_the_connection(served: World) -> None:
    """It is the current one's connection, too; the next try follows after the back-off, whatever the schedule."""
    former = served.credentials.reads(ERP)
    served.wire.at("driver.verify", lambda: served.pim.roles.update(ERP=frozenset()))
    served.rotate()
    assert stages(served) == [(1, Stage.CURRENT), (2, Stage.ISSUED)]
    served.clock.forward(HOLD)
    served.run()
    assert served.pim.labels == {"vp_erp_1"}
    assert served.wire.count("driver.delete") == 0
    assert stages(served) == [(1, Stage.RETIRED), (2, Stage.ABANDONED), (3, Stage.CURRENT)]
    assert served.connector_works()
    assert former != served.credentials.reads(ERP)


def test_lost_copy_of_a_successor_is_made_up_for(served: World) -> None:
    """Regenerated, and never held: nobody has the set, so another one is made."""
    served.wire.fail("credentials.hold", NoAnswer("Vault gave no answer"))
    with pytest.raises(NoAnswer):
        served.rotate()
    assert not served.connector_works()
    served.clock.forward(HOLD)
    served.run()
    assert served.connector_works()
    assert served.leftovers() == []


def test_connector_that_was_taken_over_is_not_regenerated(served: World) -> None:
    """The look right before it shows that another one works on it now."""

    def sleep() -> None:
        served.let_holds_expire()
        served.run(impatient=True)

    served.wire.at("driver.regenerate", sleep)
    with pytest.raises(TakenOver):
        served.rotate()
    assert served.connector_works()
    assert served.state.current is not None
    assert (served.state.current.number, served.state.current.refusal) == (3, None)


def test_hold_that_has_nearly_run_out_is_no_time_to_kill_a_set(served: World) -> None:
    """A PIM that is so slow may get the request when somebody else has taken over."""
    served.wire.at("driver.regenerate", lambda: served.clock.forward(HOLD * 0.8))
    with pytest.raises(PimNoAnswer, match="too slow"):
        served.rotate()
    assert served.connector_works()


def sleeper(world: World) -> Callable[[], None]:
    """A process that sleeps right after its last look, while another one takes over and serves its own set."""

    def sleep() -> None:
        world.wire.heal()
        world.let_holds_expire()
        world.run(impatient=True)
        assert world.connector_works()

    return sleep


def slept_before_the_request(world: World) -> None:
    """Run a rotation that sleeps between the look and the request."""
    world.wire.at("driver.regenerate", lambda: world.wire.at("states.load", sleeper(world), when=When.AFTER))
    with pytest.raises(TakenOver):
        world.rotate()


def test_set_killed_by_a_sleeper_is_replaced_at_once(served: World) -> None:
    """It finds out that it was overtaken, and says so durably; the next pass makes another one."""
    slept_before_the_request(served)
    assert not served.connector_works()
    assert served.state.current is not None
    assert served.state.current.refusal == KILLED
    served.run()
    assert served.connector_works()
    assert served.leftovers() == []


@pytest.mark.parametrize("trouble", ["audit", "states"])
def test_sleeper_says_so_also_where_that_is_hard(served: World, trouble: str) -> None:
    """The audit log is full; somebody else writes at the same moment."""

    def full() -> None:
        served.audit.full = True

    def write() -> None:
        state, kv_version = served.states.records[ERP]
        served.states.records[ERP] = state, kv_version + 1

    def sleep() -> None:
        sleeper(served)()
        if trouble == "audit":
            served.wire.at("credentials.hold", full)
        else:
            served.wire.at("states.save", write)

    served.wire.at("driver.regenerate", lambda: served.wire.at("states.load", sleep, when=When.AFTER))
    with pytest.raises(TakenOver):
        served.rotate()
    assert served.state.current is not None
    assert served.state.current.refusal == KILLED


def test_sleeper_that_can_never_write_it_down_logs_it(served: World, caplog: pytest.LogCaptureFixture) -> None:
    """Others keep writing; a person reads it in the log."""

    def sleep() -> None:
        sleeper(served)()
        served.wire.fail("states.save", TakenOver("somebody wrote"), times=None)

    served.wire.at("driver.regenerate", lambda: served.wire.at("states.load", sleep, when=When.AFTER))
    with pytest.raises(TakenOver):
        served.rotate()
    assert KILLED in caplog.text


def test_death_at_any_call_of_a_rotation_in_place_is_healed_by_the_next_pass(served: World) -> None:
    """Dead at once after the death, perhaps; alive after one ordinary pass, with nothing left over."""
    before = len(served.wire.calls)
    served.rotate()
    calls = len(served.wire.calls) - before
    assert calls > 15
    for at in range(calls):
        for when in When:
            world = World()
            world.run()
            world.connector = a_connector(rotation=Rotation.IN_PLACE)
            world.wire.die(at=at, when=when)
            with suppress(Death):
                world.rotate()
            world.wire.heal()
            world.let_holds_expire()
            world.run()
            where = f"{when.value} call {at}"
            assert world.connector_works(), where
            assert world.pim.labels == {"vp_erp_1"}, where
            assert world.leftovers() == [], where
            assert world.run().done == (), where
