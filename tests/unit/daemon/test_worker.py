"""When a worker makes a pass, when it lets a connector be, and what it does about trouble."""

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.canary import CANARY
from tests.fakes.builders import DAY
from tests.fakes.wire import When
from tests.unit.daemon.town import SURVEY_EVERY, Daemon, Town
from vault_pim.daemon.metrics import Metrics
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import PimRefusal, VaultNoAnswer, VaultRefusal
from vault_pim.domain.facts import ForeignUser
from vault_pim.domain.generation import Stage
from vault_pim.domain.reasons import Reason

NAMES = ("prod/dam", "prod/erp", "prod/shop")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def town() -> Town:
    """Three connectors at one PIM, nothing issued yet."""
    return Town()


@pytest.fixture
def daemon(town: Town) -> Iterator[Daemon]:
    """A daemon over it."""
    one = Daemon(town)
    yield one
    one.worker.drain()


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What the daemon says, from INFO on."""
    caplog.set_level(logging.INFO, logger="vault_pim")
    return caplog


def warnings(log: pytest.LogCaptureFixture) -> list[str]:
    """What it says from WARNING on."""
    return [record.getMessage() for record in log.records if record.levelno >= logging.WARNING]


def test_first_wake_serves_every_connector(town: Town, daemon: Daemon) -> None:
    """All get a working set."""
    daemon.wake()
    assert [town.generation(name) for name in NAMES] == [1, 1, 1]


def test_one_survey_serves_every_connector_with_nothing_due(town: Town, daemon: Daemon) -> None:
    """When it is time to look at the PIM, it is looked at once for all of them."""
    daemon.wake()
    town.clock.forward(SURVEY_EVERY)
    town.wires["prod"].calls.clear()
    daemon.wake()
    assert town.wires["prod"].count("driver.survey") == 1


def test_wake_with_nothing_due_reads_one_record_each_and_asks_no_pim(town: Town, daemon: Daemon) -> None:
    """The second wake makes three reads of Vault and not one call to the PIM."""
    daemon.wake()
    ids = daemon.installation.ids()
    town.vault.calls.clear()
    town.wires["prod"].calls.clear()
    daemon.worker.wake(ids)
    assert town.vault.calls == ["states.load"] * 3
    assert town.wires["prod"].calls == []


def test_instant_a_pass_waits_for_brings_the_next_pass(town: Town, daemon: Daemon) -> None:
    """When the rotation age is reached, the next wake rotates; a wake before it does not."""
    daemon.wake()
    town.clock.forward(30 * DAY - MINUTE)
    daemon.wake()
    assert [town.generation(name) for name in NAMES] == [1, 1, 1]
    town.clock.forward(MINUTE)
    daemon.wake()
    assert [town.generation(name) for name in NAMES] == [2, 2, 2]


def test_record_written_by_somebody_else_brings_a_pass(town: Town, daemon: Daemon) -> None:
    """A rotation that a person asked for is carried out at the next wake, long before the next survey is due."""
    daemon.wake()
    town.ask_rotation("prod/erp")
    daemon.wake()
    assert [town.generation(name) for name in NAMES] == [1, 2, 1]


def test_pim_is_looked_at_again_after_survey_every(town: Town, daemon: Daemon) -> None:
    """A set that somebody deleted at the PIM is noticed with the next survey and replaced."""
    daemon.wake()
    town.pims["prod"].remove("vp_erp_1")
    daemon.wake()
    assert town.generation("prod/erp") is None
    town.clock.forward(SURVEY_EVERY)
    daemon.wake()
    assert town.generation("prod/erp") == 2


def test_restart_rotates_nothing(town: Town, daemon: Daemon) -> None:
    """A daemon without any memory finds everything in order."""
    daemon.wake()
    again = Daemon(town, me="daemon-2")
    again.wake()
    again.worker.drain()
    assert [town.generation(name) for name in NAMES] == [1, 1, 1]
    assert town.wires["prod"].count("driver.issue") == 3


def test_failing_connector_backs_off_alone(town: Town, daemon: Daemon, log: pytest.LogCaptureFixture) -> None:
    """One failed issue keeps nobody else; it is tried again after its back-off, not before."""
    town.wires["prod"].fail("driver.issue", PimRefusal("the PIM does not like it"))
    daemon.wake()
    assert [town.generation(name) for name in NAMES] == [None, 1, 1]
    assert warnings(log).count("the PIM does not like it") == 1
    daemon.wake()
    assert daemon.said("prod/dam") == "settled: the last try failed; waiting before the next"
    town.clock.forward(timedelta(seconds=13))
    daemon.wake()
    assert town.generation("prod/dam") is not None


def test_silent_pim_is_asked_once_per_wake_and_said_at_growing_intervals(
    town: Town, daemon: Daemon, log: pytest.LogCaptureFixture
) -> None:
    """Eight wakes without an answer make eight surveys and four lines; its return makes one."""
    town.wires["prod"].silence("driver.*")
    for _ in range(8):
        daemon.wake()
    assert town.wires["prod"].calls == ["driver.survey"] * 8
    assert [getattr(record, "tries", None) for record in log.records] == [1, 2, 4, 8]
    town.wires["prod"].heal()
    daemon.wake()
    assert "PIM prod answers again" in log.messages
    assert [town.generation(name) for name in NAMES] == [1, 1, 1]


def test_revoked_connector_loses_vault_while_pim_is_silent(town: Town, daemon: Daemon) -> None:
    """The entity is disabled at once, once; when the PIM answers again the set dies there, too."""
    daemon.wake()
    town.ask_revocation("prod/erp")
    town.wires["prod"].silence("driver.*")
    for _ in range(3):
        daemon.wake()
    erp = ConnectorId.parse("prod/erp")
    assert town.access.entities[erp].disabled
    assert town.vault.count("access.cut") == 1
    town.wires["prod"].heal()
    daemon.wake()  # notices that the PIM answers
    daemon.wake()
    assert town.state("prod/erp").revocation is not None
    assert not town.state("prod/erp").live
    assert [town.generation(name) for name in NAMES] == [1, None, 1]


def test_revoked_set_dies_though_the_pim_cannot_be_looked_at(
    town: Town, daemon: Daemon, log: pytest.LogCaptureFixture
) -> None:
    """Its console is away, say, and then keeps a client: this is said, once, and not tried again at every wake."""
    daemon.wake()
    town.ask_revocation("prod/erp")
    town.wires["prod"].silence("driver.survey")
    town.wires["prod"].lose_reply("driver.delete")
    for _ in range(3):
        daemon.wake()
    assert town.pims["prod"].labels == {"vp_dam_1", "vp_shop_1"}
    assert town.wires["prod"].count("driver.delete") == 1
    assert sum("opens nothing any more" in line for line in warnings(log)) == 1
    town.clock.forward(SURVEY_EVERY)
    daemon.wake()
    asked = town.state("prod/erp").revocation
    assert asked is not None
    assert asked.proven_at is not None


def test_connector_taken_out_of_the_configuration_still_gets_passes(town: Town, daemon: Daemon) -> None:
    """The former set in grace is retired although nobody declares the connector any more."""
    daemon.wake()
    town.ask_rotation("prod/erp")
    daemon.wake()
    left = Daemon(town, declared=tuple(one for one in town.connectors if one.id.name != "erp"))
    left.wake()
    town.clock.forward(2 * DAY)
    left.wake()
    left.worker.drain()
    assert [one.stage for one in town.state("prod/erp").generations] == [Stage.RETIRED, Stage.CURRENT]
    assert "not-configured" in {f.reason for row in left.board.rows() if row.told for f in row.told.findings}


def test_connector_held_by_another_is_left_alone_until_its_hold_ends(
    town: Town, daemon: Daemon, log: pytest.LogCaptureFixture
) -> None:
    """Losing a check-and-set is normal: no warning, and the next wake waits for the holder."""
    other = Daemon(town, me="daemon-2")
    town.wires["prod"].at("driver.issue", other.wake)
    daemon.wake()
    other.worker.drain()
    assert sorted(name for name in NAMES if town.generation(name) == 1) == list(NAMES)
    assert warnings(log) == []


def test_set_issued_by_another_after_our_survey_does_not_seem_gone(town: Town, daemon: Daemon) -> None:
    """Between our survey and our pass another daemon rotates; our older survey must not make us rotate again."""
    daemon.wake()
    other = Daemon(town, me="daemon-2")
    other.wake()
    town.clock.forward(30 * DAY)
    town.wires["prod"].at("driver.survey", other.wake, when=When.AFTER)
    daemon.wake()
    other.worker.drain()
    assert [town.generation(name) for name in NAMES] == [2, 2, 2]


def test_two_daemons_at_once_issue_each_set_once(town: Town) -> None:
    """Both wake at the same moment again and again; each connector ends with one live set that works."""
    daemons = [Daemon(town, me=f"daemon-{number}") for number in (1, 2)]

    def run(one: Daemon) -> None:
        for _ in range(5):
            one.wake()

    threads = [threading.Thread(target=run, args=(one,)) for one in daemons]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    town.clock.forward(2 * MINUTE)
    for one in daemons:
        one.wake()
        one.worker.drain()
    assert [town.generation(name) for name in NAMES] == [1, 1, 1]
    assert town.pims["prod"].labels == {"vp_dam_1", "vp_erp_1", "vp_shop_1"}


def test_stop_ends_between_two_steps_and_lets_the_connector_go(town: Town, daemon: Daemon) -> None:
    """The step in hand is finished and saved, none is begun after it, and the next daemon goes on at once."""
    town.wires["prod"].at("driver.issue", daemon.worker.stop)
    daemon.wake()
    state = town.state("prod/dam")
    assert [one.stage for one in state.generations] == [Stage.ISSUED]
    assert state.holder is None
    assert town.wires["prod"].count("driver.verify") == 0
    assert ConnectorId.parse("prod/erp") not in town.states.records
    successor = Daemon(town, me="daemon-2")
    successor.wake()
    successor.worker.drain()
    assert [town.generation(name) for name in NAMES] == [1, 1, 1]
    assert town.wires["prod"].count("driver.issue") == 3


def test_longest_unvisited_connector_comes_first(town: Town, daemon: Daemon) -> None:
    """A connector that was passed lately waits behind those that were not."""
    daemon.wake()
    town.clock.forward(MINUTE)
    town.ask_rotation("prod/dam")
    daemon.wake()
    town.clock.forward(SURVEY_EVERY)
    town.wires["prod"].calls.clear()
    town.vault.calls.clear()
    order: list[str] = []
    run = daemon.worker._reconciler.run

    def noting(id_: ConnectorId, *given: object, **more: object) -> object:
        order.append(id_.name)
        return run(id_, *given, **more)  # type: ignore[arg-type]

    daemon.worker._reconciler.run = noting  # type: ignore[assignment,method-assign]
    daemon.wake()
    assert order == ["erp", "shop", "dam"]


def test_bug_stays_with_its_connector_and_its_text_is_not_told(
    town: Town, daemon: Daemon, log: pytest.LogCaptureFixture
) -> None:
    """An unexpected error is named by kind and line; what it says could be a secret."""
    town.wires["prod"].fail("driver.verify", RuntimeError(f"{CANARY} is the password"))
    daemon.wake()
    assert [town.generation(name) for name in NAMES] == [None, 1, 1]
    assert any(message.startswith("bug: RuntimeError in ") for message in log.messages)
    assert CANARY not in log.text + daemon.said("prod/dam")


@pytest.mark.parametrize("error", [VaultNoAnswer("Vault gave no answer"), VaultRefusal("Vault says no")])
def test_trouble_with_vault_is_one_line_for_all_connectors(
    town: Town, daemon: Daemon, log: pytest.LogCaptureFixture, error: Exception
) -> None:
    """Three connectors whose records cannot be read make one warning, and the PIM is not asked."""
    town.vault.fail("states.load", error, times=None)
    daemon.wake()
    assert len(warnings(log)) == 1
    assert town.wires["prod"].calls == []


def test_alarm_is_said_once(town: Town, daemon: Daemon, log: pytest.LogCaptureFixture) -> None:
    """A stranger under a connector's label is one warning, not one per pass."""
    town.pims["prod"].add("vp_erp_1")
    daemon.wake()
    town.clock.forward(SURVEY_EVERY)
    daemon.wake()
    assert sum("holds the label" in message for message in warnings(log)) == 1
    assert daemon.said("prod/erp").startswith("alarm: ")


def test_foreign_user_is_told_once_each_and_stays_on_board_and_metrics(
    town: Town, daemon: Daemon, log: pytest.LogCaptureFixture
) -> None:
    """A second one is news; that the first goes on is not. What he typed as a name cannot break the line."""
    daemon.wake()
    told: list[str] = []
    for name, expected in (("admin", 1), ("admin", 1), ("eve\nok", 2)):
        town.clock.forward(SURVEY_EVERY)
        town.pims["prod"].foreign_users.append(ForeignUser(label="vp_erp_1", username=name, last_at=town.clock.now()))
        daemon.wake()
        told = [line for line in warnings(log) if "foreign user" in line]
        assert len(told) == expected
    assert "user admin through vp_erp_1, last at 2026-03-0" in told[0]
    assert "\n" not in told[1]
    [found] = [row.told.findings for row in daemon.board.rows() if row.told and row.id.name == "erp"]
    assert {one.reason for one in found} == {Reason.FOREIGN_USER}
    page = Metrics(daemon.board, town.clock).page().decode()
    assert 'vault_pim_findings{connector="erp",pim="prod",reason="foreign-user"} 3.0' in page
