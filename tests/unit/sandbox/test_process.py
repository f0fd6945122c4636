"""The PIM as a process of its own, with its control endpoint and its console."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.unit.sandbox.browser import TIMEOUT, Browser

ROOT = Path(__file__).parents[3]
PASSWORD = "Password-of-the-process-1"
CONTROL_TOKEN = "token-of-the-process"


@dataclass
class Running:
    """A PIM process, and how its console is called."""

    process: subprocess.Popen[str]
    url: str
    token_file: Path

    def console(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "vault_pim.sandbox.pim_console", "--url", self.url]
        command += ["--control-token-file", str(self.token_file), *arguments]
        return subprocess.run(
            command, cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )

    def control(self, method: str, name: str, **request: object) -> requests.Response:
        headers = {"X-Sandbox-Token": CONTROL_TOKEN}
        return requests.request(method, f"{self.url}/_sandbox/{name}", headers=headers, timeout=TIMEOUT, json=request)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A PIM master in a process, its control endpoint open."""
    password_file, token_file = tmp_path / "password", tmp_path / "token"
    password_file.write_text(PASSWORD + "\n", encoding="utf-8")
    token_file.write_text(CONTROL_TOKEN + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "vault_pim.sandbox.pim_server", "--release", "master", "--port", "0"]
    command += ["--admin-password-file", str(password_file), "--control-token-file", str(token_file)]
    command += ["--access-token-lifetime", "7"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Running(process, json.loads(process.stdout.readline())["url"], token_file)
        process.kill()


def test_process_serves_and_ends_at_once_on_sigterm(running: Running) -> None:
    """One line of JSON when it is ready, then answers, then a clean and silent end, whatever still hangs."""
    browser = Browser(running.url)
    assert browser.log_in("admin", PASSWORD)
    assert browser.grant(browser.connect("erp")).json()["expires_in"] == 7
    browser.session.close()
    running.control("POST", "faults", kind="delay", path="/api/rest/v1", seconds=30)
    with pytest.raises(requests.Timeout):
        requests.get(f"{running.url}/api/rest/v1", timeout=0.2)
    asked = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(timeout=TIMEOUT) == 0
    assert time.monotonic() - asked < 2
    assert running.process.stderr is not None
    assert running.process.stderr.read() == ""


def test_control_endpoint_needs_its_token(running: Running) -> None:
    """Without the token it is forbidden; with it faults, clock and requests are at hand; nonsense is a 400."""
    assert requests.get(f"{running.url}/_sandbox/requests", timeout=TIMEOUT).status_code == 403
    assert running.control("POST", "faults", kind="status", path="/api/rest/v1", status=503).status_code == 204
    assert requests.get(f"{running.url}/api/rest/v1", timeout=TIMEOUT).status_code == 503
    assert running.control("POST", "clock", advance_seconds=60).status_code == 204
    assert ["GET", "/api/rest/v1", 503] in running.control("GET", "requests").json()
    assert running.control("POST", "faults", kind="nonsense").status_code == 400


def test_console_question_is_asked_on_stderr_and_yes_is_the_default(running: Running) -> None:
    """`n` cancels with exit 0; the end of the input revokes."""
    created = running.console("pim:oauth-server:create-client", "ERP")
    client_id = dict(line.split(": ") for line in created.stdout.splitlines()[1:])["client_id"]
    refused = running.console("pim:oauth-server:revoke-client", client_id, stdin="n\n")
    assert (refused.returncode, refused.stdout) == (0, "Client revocation cancelled.\n")
    assert "Are you sure" in refused.stderr
    assert "has been revoked" in running.console("pim:oauth-server:revoke-client", client_id).stdout
    assert running.console("pim:oauth-server:list-clients").stdout == "No client is currently registered.\n"


def test_console_error_repeats_the_password_of_the_command_line(running: Running) -> None:
    """As on the real PIM: exit 255, nothing on stdout, and one log line with everything that was typed."""
    line = ["pim:user:create", "-n", "--", "carol", "Secret-pass-1", "nope", "Carol", "Doe", "en_US"]
    failed = running.console(*line)
    assert (failed.returncode, failed.stdout) == (255, "")
    assert "CRITICAL  [console]" in failed.stderr
    assert "Secret-pass-1" in failed.stderr


def test_console_prints_wide_and_marked_up_labels_as_the_pim_does(running: Running) -> None:
    """Markup is swallowed, wide letters keep the table in shape, a label may look like an option."""
    running.console("pim:oauth-server:create-client", 'Ünïcode | "pipe" <info>x</info> 😀')
    running.console("pim:oauth-server:create-client", "--", "--label")
    border, *rows = running.console("pim:oauth-server:list-clients").stdout.splitlines()
    assert any(row.endswith('| Ünïcode | "pipe" x 😀 |') for row in rows)
    assert any(row.endswith("| --label               |") for row in rows)
    assert rows[-1] == border


def test_console_without_a_pim_says_so(running: Running) -> None:
    """A console that cannot reach its PIM fails, and does not hang."""
    running.process.kill()
    running.process.wait()
    failed = running.console("pim:oauth-server:list-clients")
    assert failed.returncode == 255
    assert "gives no answer" in failed.stderr
