"""What the daemon says to a log and to the service manager."""

import io
import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from vault_pim.daemon import logs
from vault_pim.daemon.service_manager import ServiceManager
from vault_pim.domain.connector import ConnectorId


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It does."""
        return True


@pytest.fixture(autouse=True)
def loggers() -> Iterator[None]:
    """Leave the loggers as they were."""
    root, ours = logging.getLogger(), logging.getLogger("vault_pim")
    before = (root.handlers[:], root.level, ours.level)
    root.handlers = []
    yield
    root.handlers, level, our_level = before
    root.setLevel(level)
    ours.setLevel(our_level)


def say(stream: io.StringIO, verbosity: int = 0) -> str:
    """One line with everything known, and one that is only for the curious."""
    logs.configure(stream, verbosity=verbosity)
    known = {"connector": ConnectorId(pim="prod", name="erp"), "generation": 3, "step": "issue", "reason": None}
    logging.getLogger("vault_pim.daemon").info("gen\neration", extra=known | {"password": "never"})
    logging.getLogger("vault_pim.daemon").debug("detail")
    logging.getLogger("urllib3").info("chatter")
    return stream.getvalue()


def test_log_is_json_lines_where_no_terminal_is() -> None:
    """One object a line with the fields that are known and no others."""
    (line,) = say(io.StringIO()).splitlines()
    told = json.loads(line)
    assert told.pop("at").endswith("+00:00")
    assert told == {
        "level": "info",
        "message": "gen\neration",
        "logger": "vault_pim.daemon",
        "connector": "prod/erp",
        "generation": "3",
        "step": "issue",
    }


def test_log_on_a_terminal_is_for_people_and_cannot_steer_it() -> None:
    """One line, control characters written out."""
    line = say(Terminal())
    assert line.endswith("info    gen\\neration  connector=prod/erp generation=3 step=issue\n")


def test_verbosity_tells_what_is_about_to_be_done_but_not_other_libraries() -> None:
    """`-v` adds our details."""
    assert [json.loads(line)["message"] for line in say(io.StringIO(), 1).splitlines()] == ["gen\neration", "detail"]


def test_service_manager_is_told_each_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Datagrams as sd_notify(3) has them; the variables are not left to children."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "30000000")
        ours = ServiceManager()
        assert ours.watchdog == 15
        for turn in (ours.ready, ours.reloading, ours.alive, ours.stopping):
            turn()
        told = [manager.recv(200).decode() for _ in range(4)]
    assert told[0] == "READY=1"
    assert told[1].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert told[2:] == ["WATCHDOG=1", "STOPPING=1"]
    ours.ready()  # nobody listens any more: no error
    assert ServiceManager().watchdog is None


def test_without_a_service_manager_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable, no socket, no error."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    ServiceManager().ready()


def test_watchdog_of_another_process_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """WATCHDOG_PID names whom it is meant for."""
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert ServiceManager().watchdog is None
