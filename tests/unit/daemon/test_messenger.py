"""What people are told by their command: what, when, how often, and what happens if it does not work."""

import json
import logging
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.docs.json_page import section
from tests.fakes.builders import DAY
from tests.fakes.clock import START
from tests.unit.daemon.town import SURVEY_EVERY, Daemon, Town
from vault_pim.daemon.messenger import WAITING, Kind, Message, Messenger
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.facts import ForeignUser
from vault_pim.settings.shape import DaemonSettings, NotifySettings

ERP = ConnectorId(pim="prod", name="erp")
MESSAGE = Message(at=START, kind=Kind.FINDING, connector="prod/erp", reason="overdue", said="by\n 3 days\x1b[31m")
KEEP = "import sys; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read())"
ENVIRONMENT = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"


def command(program: str, *arguments: object, seconds: float = 30) -> NotifySettings:
    """A Python program as the command."""
    words = [sys.executable, "-c", program, *map(str, arguments)]
    return NotifySettings(command=words, timeout=timedelta(seconds=seconds))


def ended(messenger: Messenger, messages: int = 1) -> None:
    """Have something told, and wait until it is, however slow the machine."""
    for _ in range(messages):
        messenger.tell(MESSAGE)
    messenger._waiting.put(None)
    messenger._thread.join(60)


class People:
    """Those who are told, by a command that writes down what it gets."""

    def __init__(self, town: Town, file: Path) -> None:
        self._file = file
        daemon = DaemonSettings(listen="127.0.0.1:0", survey_every=SURVEY_EVERY, notify=command(KEEP, file))
        self.daemon = Daemon(town, daemon=daemon)

    def told(self) -> list[dict[str, Any]]:
        """Everything, once the daemon has ended."""
        self.daemon.worker.drain()
        self.daemon.messenger._waiting.put(None)
        self.daemon.messenger._thread.join(60)
        return [json.loads(line) for line in self._file.read_text().splitlines()] if self._file.exists() else []


@pytest.fixture
def town() -> Town:
    """Three connectors at one PIM, nothing issued yet."""
    return Town()


@pytest.fixture
def people(town: Town, tmp_path: Path) -> People:
    """Those who are told by a daemon over it."""
    return People(town, tmp_path / "told.jsonl")


def test_nobody_is_told_where_all_is_well(town: Town, people: People) -> None:
    """Provisioned, and looked at again a day later."""
    people.daemon.wake()
    town.clock.forward(DAY)
    people.daemon.wake()
    assert people.told() == []


def test_finding_is_told_once(town: Town, people: People) -> None:
    """A foreign user who stays, and then another one."""
    people.daemon.wake()
    for name in ("admin", "admin", "eve"):
        town.clock.forward(SURVEY_EVERY)
        town.pims["prod"].foreign_users.append(ForeignUser(label="vp_erp_1", username=name, last_at=town.clock.now()))
        people.daemon.wake()
    told = people.told()
    assert [(one["kind"], one["connector"], one["reason"]) for one in told] == [
        ("finding", "prod/erp", "foreign-user")
    ] * 2
    assert ["admin" in told[0]["said"], "eve" in told[1]["said"]] == [True, True]


def test_alarm_is_told_once(town: Town, people: People) -> None:
    """Something that we did not make holds the label."""
    town.pims["prod"].add("vp_erp_1")
    for _ in range(2):
        people.daemon.wake()
        town.clock.forward(SURVEY_EVERY)
    assert [one["reason"] for one in people.told() if one["kind"] == "alarm"] == ["label-taken"]


def test_incident_is_told_when_it_begins_and_when_it_is_proven(town: Town, people: People) -> None:
    """Whoever asked for it; with its name, once each."""
    people.daemon.wake()
    town.ask_revocation("prod/erp")
    for _ in range(2):
        people.daemon.wake()
        town.clock.forward(SURVEY_EVERY)
    told = people.told()
    assert [(one["kind"], one["reason"]) for one in told] == [("incident", "revocation-asked"), ("incident", "proven")]
    asked = town.state("prod/erp").revocation
    assert asked is not None
    assert {one["incident"] for one in told} == {asked.incident(ERP)}
    assert "leaked" in told[0]["said"]


def test_incident_of_before_is_told_by_a_new_daemon_only_while_it_is_not_proven(
    town: Town, people: People, tmp_path: Path
) -> None:
    """A restart is no news."""
    people.daemon.wake()
    town.ask_revocation("prod/erp")
    second = People(town, tmp_path / "second.jsonl")
    second.daemon.wake()
    third = People(town, tmp_path / "third.jsonl")
    third.daemon.wake()
    assert [one["reason"] for one in second.told()] == ["revocation-asked", "proven"]
    assert third.told() == []
    people.told()


def test_message_is_one_line_without_control_characters(tmp_path: Path) -> None:
    """Labels and user names come from outside."""
    file = tmp_path / "told"
    ended(Messenger(command(KEEP, file)), messages=2)
    lines = file.read_text().splitlines()
    assert len(lines) == 2
    assert json.loads(lines[0]) == {
        "at": START.isoformat(),
        "kind": "finding",
        "connector": "prod/erp",
        "owner": None,
        "reason": "overdue",
        "said": json.loads(lines[1])["said"],
        "incident": None,
    }
    assert "\x1b" not in json.loads(lines[0])["said"]
    assert set(json.loads(lines[0])) == set(section("notification"))


def test_command_gets_no_secret_by_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a program needs to find its way."""
    monkeypatch.setenv("VAULT_TOKEN", "s.123")
    ended(Messenger(command(ENVIRONMENT, tmp_path / "environment")))
    found = json.loads((tmp_path / "environment").read_text())
    assert "PATH" in found
    assert "VAULT_TOKEN" not in found


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (NotifySettings(command=["/nowhere/page-us"]), "cannot be started"),
        (command("import sys; sys.exit('no such room')"), "exit status 1: no such room"),
        (command("raise SystemExit(3)"), "exit status 3: it gave no reason"),
        (command("import time; time.sleep(600)", seconds=0.2), "ended after 0.2 s"),
    ],
)
def test_failure_is_said_in_the_log_and_the_next_is_tried(
    settings: NotifySettings, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Each time; nothing waits for it."""
    with caplog.at_level(logging.ERROR):
        ended(Messenger(settings), messages=2)
    told = [getattr(one, "why", "") for one in caplog.records if "nobody is told" in one.getMessage()]
    assert len(told) == 2
    assert all(why in one for one in told)


def test_command_that_hangs_holds_nobody_up_and_more_than_can_wait_is_dropped_loudly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And the end of the daemon ends it."""
    messenger = Messenger(command("import time; time.sleep(600)", seconds=600))
    with caplog.at_level(logging.ERROR):
        for _ in range(WAITING + 2):
            messenger.tell(MESSAGE)
        messenger.close()
    assert any("messages wait already" in one.getMessage() for one in caplog.records)
    assert any("stopped before" in one.getMessage() for one in caplog.records)
    assert not messenger._thread.is_alive()
    assert messenger._running is not None
    assert messenger._running.returncode == -9


def test_without_a_command_nobody_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """No thread, no word."""
    messenger = Messenger(None)
    messenger.tell(MESSAGE)
    messenger.close()
    assert not messenger._thread.is_alive()
    assert caplog.records == []
