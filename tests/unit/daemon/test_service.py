"""A reload, the end, health and readiness of a daemon, and several PIMs under one real scheduler."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.unit.daemon.office import Office, until
from tests.unit.daemon.town import Town, settings
from vault_pim.assembly import Installation
from vault_pim.daemon.service import PATIENCE
from vault_pim.domain.errors import ConfigurationError
from vault_pim.settings import Settings


@pytest.fixture
def town() -> Town:
    """Two PIMs with a connector each."""
    return Town("north/erp", "south/erp")


@pytest.fixture
def office(town: Town) -> Iterator[Office]:
    """A service over it, started."""
    made = Office(town)
    made.service.start()
    yield made
    for wire in (town.vault, *town.wires.values()):
        wire.heal()
    made.service.stop()


def _wait(event: threading.Event) -> None:
    event.wait()


def served(town: Town, name: str) -> bool:
    """Whether the connector has a set that works."""
    return any(str(id_) == name for id_ in town.states.records) and town.generation(name) is not None


def test_started_service_serves_everyone_without_waiting_for_the_first_interval(town: Town, office: Office) -> None:
    """Vault is asked and the PIMs are woken at once, and the service is ready when each PIM was looked at."""
    until(lambda: served(town, "north/erp") and served(town, "south/erp"))
    until(lambda: office.service.obstacles() == [])
    assert office.service.ailments() == []


def test_hung_pim_delays_no_other(town: Town) -> None:
    """While a survey hangs, the other PIM's connector is served, and a reload takes over there, too."""
    release = threading.Event()
    town.wires["north"].at("driver.survey", lambda: _wait(release))
    office = Office(town)
    office.service.start()
    try:
        assert until(lambda: served(town, "south/erp")) < 1
        assert office.service.reload()
        town.ask_rotation("south/erp")
        until(lambda: town.generation("south/erp") == 2)
        assert not served(town, "north/erp")
    finally:
        release.set()
    until(lambda: served(town, "north/erp"))
    office.service.stop()
    assert [one.closed for one in office.built] == [True, True]  # type: ignore[attr-defined]


def test_wrong_configuration_changes_nothing_loudly(
    town: Town, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """The old one goes on; log, metric and page say so; a right one makes them quiet again."""
    right = office.configured
    office.configured = ConfigurationError("the configuration has 1 problem", why="it is wrong")
    assert not office.service.reload()
    assert len(office.built) == 1
    said = ["the configuration has 1 problem", "it is wrong", ConfigurationError.default_advice]
    assert (office.service.board.reload_error or "").splitlines() == said
    assert b"vault_pim_config_last_reload_success 0.0" in office.service.metrics.page()
    assert [record.levelno for record in caplog.records if record.levelno > logging.INFO] == [logging.ERROR]
    office.configured = right
    assert office.service.reload()
    assert office.service.board.reload_error is None
    assert b"vault_pim_config_last_reload_success 1.0" in office.service.metrics.page()


def test_bug_in_reading_the_configuration_does_not_end_the_daemon(
    town: Town, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """An error nobody thought of is told by kind and place, and the old configuration goes on."""
    office.service._build = lambda _: (_ for _ in ()).throw(RuntimeError("its text could be anything"))
    assert not office.service.reload()
    assert "bug: RuntimeError in " in caplog.text
    assert "anything" not in caplog.text
    until(lambda: served(town, "north/erp"))


def test_reload_forgets_connectors_and_pims_that_are_gone(town: Town, office: Office) -> None:
    """After a reload without a PIM, nothing of it is shown, and the other PIM's connector has not been rotated."""
    until(lambda: served(town, "north/erp") and served(town, "south/erp"))
    office.configured = settings(*(one for one in town.connectors if one.id.pim == "south"))
    assert office.service.reload()
    until(lambda: b'connector="erp",pim="north"' not in office.service.metrics.page())
    assert list(office.service.board.pims()) == ["south"]
    until(lambda: office.service.obstacles() == [])
    assert town.generation("south/erp") == 1


def test_silent_vault_keeps_the_service_alive_and_not_ready(town: Town) -> None:
    """Without Vault the process is healthy and waits; readiness names the reason."""
    town.vault.silence("*")
    office = Office(town)
    office.service.start()
    until(lambda: office.service.board.vault.up is False)
    assert office.service.ailments() == []
    assert office.service.obstacles()[0] == "Vault: Vault gave no answer"
    town.vault.heal()
    until(lambda: office.service.obstacles() == [])
    office.service.stop()


def test_service_without_a_beat_is_called_dead(town: Town) -> None:
    """A scheduler that does not wake us makes the process unhealthy after its patience, not before."""
    office = Office(town)
    assert office.service.ailments() == ["the scheduler does not run"]
    office.service.start()
    until(lambda: office.service.board.vault.up)
    beat = threading.Event()
    town.vault.at("states.known", lambda: _wait(beat), times=None)
    office.seconds += PATIENCE.total_seconds() - 1
    assert office.service.ailments() == []
    office.seconds += 2 * PATIENCE.total_seconds()
    try:
        until(office.service.ailments)
        assert office.service.ailments()[0].startswith("no wake for ")
    finally:
        beat.set()
        office.service.stop()


def test_pim_that_cannot_be_used_is_shown_and_keeps_nobody(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    """One PIM's configuration asks for what this release cannot do: it is shown as down, the other works."""
    office = Office(town)
    build = office._build

    def refusing(configured: Settings) -> Installation:
        installation = build(configured)
        reconciler = installation.reconciler

        def only_south(pim: str) -> object:
            if pim == "north":
                raise ConfigurationError("PIM north is to be used with another mechanism")
            return reconciler(pim)

        installation.reconciler = only_south  # type: ignore[assignment,method-assign]
        return installation

    office.service._build = refusing
    assert office.service.reload()
    until(lambda: served(town, "south/erp"))
    assert office.service.board.pims()["north"].up is False
    office.service.stop()


def test_changed_address_is_said_to_need_a_restart(
    town: Town, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """The address in force stays; the operator is told."""
    assert isinstance(office.configured, Settings)
    daemon = office.configured.daemon.model_copy(update={"listen": "127.0.0.1:9"})
    office.configured = replace(office.configured, daemon=daemon)
    assert office.service.reload()
    assert "next start" in caplog.text
