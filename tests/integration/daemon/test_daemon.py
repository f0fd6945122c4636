"""The daemon does its work on schedule, beside others, through outages, and ends in good order."""

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.daemon.conftest import MARKER, Station, until
from vault_pim.cli.main import main
from vault_pim.domain.generation import Stage
from vault_pim.sandbox.faults import Fault
from vault_pim.sandbox.openbao import SandboxBao

MakeStation = Callable[..., Station]
NAMES = ("north/dam", "north/erp")


@pytest.fixture
def one(station: MakeStation) -> Station:
    """A station with one PIM and two connectors."""
    made = station()
    made.add_pim("north", "dam", "erp")
    return made


def test_daemon_provisions_and_rotates_on_schedule(station: MakeStation) -> None:
    """Sets are issued, replaced at their age and retired after their grace; whatever is served works."""
    one = station()
    one.add_pim("north", "dam", "erp", policy="fast")
    child = one.daemon()
    until(lambda: all(one.generation(name) >= 1 for name in NAMES))
    until(lambda: all(one.works(name) and one.generation(name) >= 2 for name in NAMES))
    until(lambda: all(one.state(name).generations[0].stage is Stage.RETIRED for name in NAMES))
    pages = [child.get(path).text for path in ("/", "/metrics", "/readyz", "/healthz")]
    assert "north/erp" in pages[0]
    assert 'vault_pim_steps_total{outcome="done",pim="north",step="retire"}' in pages[1]
    assert not any(MARKER in page for page in pages)
    code, seconds = child.end(signal.SIGTERM)
    assert code == 0
    assert seconds < 10
    assert all(one.works(name) for name in NAMES)


def test_wrong_configuration_is_refused_loudly_and_a_right_one_taken(one: Station) -> None:
    """SIGHUP with a mistake keeps the old configuration and shows it; with a new connector it provisions that one."""
    child = one.daemon()
    until(lambda: child.ready and all(one.generation(name) for name in NAMES))
    right = one.config.read_text()
    one.config.write_text(right.replace("policies:", "polices:"))
    child.process.send_signal(signal.SIGHUP)
    until(lambda: child.lines("configuration not reloaded"))
    assert "vault_pim_config_last_reload_success 0.0" in child.get("/metrics").text
    assert "polices" in child.get("/").text
    assert child.ready
    one.document["connectors"]["north/shop"] = one.document["connectors"]["north/erp"] | {"label": "SHOP"}
    one.write()
    child.process.send_signal(signal.SIGHUP)
    until(lambda: one.generation("north/shop"))
    assert "vault_pim_config_last_reload_success 1.0" in child.get("/metrics").text
    assert "polices" not in child.get("/").text
    assert [one.generation(name) for name in NAMES] == [1, 1]
    assert child.end(signal.SIGTERM)[0] == 0


def test_sigterm_during_a_slow_step_finishes_it_and_no_other(one: Station) -> None:
    """The issue in hand is saved before the end, and the next daemon goes on with it at once instead of anew."""
    one.pims["north"].faults.add(Fault(kind="delay", method="POST", path="/rest/connections", seconds=1.5, times=None))
    child = one.daemon()
    until(lambda: any(one.state(name).pending for name in NAMES))
    code, seconds = child.end(signal.SIGTERM)
    assert code == 0
    assert seconds < 10
    states = [one.state(name) for name in NAMES]
    assert {generation.stage for state in states for generation in state.generations} == {Stage.ISSUED}
    assert [state.holder for state in states] == [None, None]
    one.pims["north"].faults.clear()
    next_one = one.daemon()
    until(lambda: all(one.generation(name) for name in NAMES))
    assert one.labels("north") == {"vp_dam_1", "vp_erp_1"}
    assert next_one.end(signal.SIGTERM)[0] == 0


def test_hung_pim_delays_no_other(station: MakeStation) -> None:
    """While one PIM holds every request, the other's connectors are served at once, and the end is in time."""
    both = station()
    both.add_pim("hung", "dam", "erp")
    both.add_pim("north", "dam", "erp")
    both.pims["hung"].faults.add(Fault(kind="delay", seconds=60, times=None))
    child = both.daemon()
    seconds = until(lambda: all(both.generation(name) for name in NAMES))
    assert seconds < 5
    assert not both.generation("hung/erp")
    assert child.get("/healthz").status_code == 200
    assert child.get("/readyz").json()["reasons"] == ["PIM hung: not asked yet"]
    code, seconds = child.end(signal.SIGTERM)
    assert code == 5
    assert seconds < 10


def test_second_signal_does_not_wait(one: Station) -> None:
    """Told twice, the daemon leaves the step to its successor at once."""
    one.pims["north"].faults.add(Fault(kind="delay", seconds=60, times=None))
    child = one.daemon()
    child.process.send_signal(signal.SIGINT)
    until(lambda: child.lines("stopping"))
    code, seconds = child.end(signal.SIGINT)
    assert code == 5
    assert seconds < 2


def test_vault_down_at_start_and_restarted_later_is_waited_for(station: MakeStation, tmp_path: Path) -> None:
    """The daemon lives on without Vault, says so once, works when it is there, and rotates nothing because of it."""
    with SandboxBao(tmp_path / "own") as server:
        one = station(server=server)
        one.add_pim("north", "dam", "erp")
        one.write()
        server.kill()
        child = one.daemon()
        until(lambda: child.lines("Vault: "))
        assert child.get("/healthz").status_code == 200
        assert not child.ready
        server.start()
        until(lambda: child.ready and all(one.generation(name) for name in NAMES))
        server.kill()
        until(lambda: not child.ready)
        server.start()
        until(lambda: child.ready)
        assert len(child.lines("Vault answers again")) == 2
        assert [one.generation(name) for name in NAMES] == [1, 1]
        assert child.end(signal.SIGTERM)[0] == 0


def test_pim_down_at_start_is_waited_for(one: Station) -> None:
    """A PIM that refuses every connection is known as down, which is ready enough; when it answers, work begins."""
    one.pims["north"].faults.add(Fault(kind="refuse", times=None))
    child = one.daemon()
    until(lambda: child.ready)
    assert child.get("/readyz").json()["pims"]["north"]["up"] is False
    assert 'vault_pim_pim_up{pim="north"} 0.0' in child.get("/metrics").text
    one.pims["north"].faults.clear()
    until(lambda: all(one.generation(name) for name in NAMES))
    assert child.end(signal.SIGTERM)[0] == 0


def test_two_daemons_side_by_side_issue_each_set_once(station: MakeStation) -> None:
    """Started together they share the work: one set for each connector, all of them working, no warning."""
    one = station()
    names = [f"c{number}" for number in range(4)]
    one.add_pim("north", *names)
    children = [one.daemon(), one.daemon()]
    until(lambda: all(one.generation(f"north/{name}") for name in names))
    assert all(one.works(f"north/{name}") for name in names)
    assert [child.end(signal.SIGTERM)[0] for child in children] == [0, 0]
    assert one.labels("north") == {f"vp_{name}_1" for name in names}
    assert not [line for child in children for line in child.log.splitlines() if '"level": "warning"' in line]


def test_person_is_told_of_an_incident_by_a_command(one: Station) -> None:
    """Whoever began it, on whatever host; and the daemon ends in time though the command hangs."""
    told = one.config.parent / "told.jsonl"
    program = "import sys, time; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read()); time.sleep(float(sys.argv[2]))"
    one.document["daemon"]["notify"] = {"command": [sys.executable, "-c", program, str(told), "0"]}
    one.write()
    revoke = ["--config", str(one.config), "revoke", "--reason", "leaked", "--no-reissue"]
    child = one.daemon()
    until(lambda: all(one.generation(name) for name in NAMES))
    assert main([*revoke, "north/erp"]) == 0
    until(lambda: told.exists() and told.read_text().count("\n") == 2)
    assert [json.loads(line)["reason"] for line in told.read_text().splitlines()] == ["revocation-asked", "proven"]
    one.document["daemon"]["notify"]["command"][-1] = "600"
    one.write()
    child.process.send_signal(signal.SIGHUP)
    until(lambda: child.lines("configuration reloaded"))
    assert main([*revoke, "north/dam"]) == 0
    until(lambda: told.read_text().count("\n") == 3)
    code, seconds = child.end(signal.SIGTERM)
    assert (code, seconds < 10) == (0, True)
