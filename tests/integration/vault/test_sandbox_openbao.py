"""The sandbox's OpenBao: quick, private, restartable, and never left behind."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vault_pim.sandbox.openbao import SandboxBao


def alive(pid: int) -> bool:
    """Whether a process runs, and is not just waiting to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone_within(pid: int, seconds: float) -> bool:
    """Whether a process ends in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not alive(pid):
            return True
        time.sleep(0.01)  # noqa: TID251 - waiting for another process
    return False


def test_server_is_private_to_its_owner(tmp_path: Path) -> None:
    """Loopback only; keys, passwords and the audit log in files for us alone."""
    home = tmp_path / "bao"
    with SandboxBao(home) as bao:
        assert bao.url.startswith("http://127.0.0.1:")
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        for name in "server.hcl", "seal-key", "administrator-password", "audit.log":
            assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
        command = Path(f"/proc/{bao.pid}/cmdline").read_bytes()
        for name in "seal-key", "administrator-password":
            assert (home / name).read_bytes() not in command
        assert "root" not in (home / "server.log").read_text().lower().split("token:")


def test_data_outlives_a_kill_and_another_process_on_the_directory(tmp_path: Path) -> None:
    """kill -9 loses nothing that was acknowledged; the next one finds it, with a token from before."""
    first = SandboxBao(tmp_path)
    first.start()
    headers = {"X-Vault-Token": first.admin_token()}
    first.call("POST", "sys/mounts/kept", {"type": "kv"}, headers)
    first.call("POST", "kept/x", {"a": "b"}, headers)
    first.restart()
    assert first.call("GET", "kept/x", None, headers)["data"] == {"a": "b"}
    first.kill()
    with SandboxBao(tmp_path) as second:
        assert second.call("GET", "kept/x", None, headers)["data"] == {"a": "b"}


def test_server_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    """Also if that one is killed and can clean up nothing."""
    program = (
        "import sys, time; from pathlib import Path; from vault_pim.sandbox.openbao import SandboxBao;"
        "bao = SandboxBao(Path(sys.argv[1])); bao.start(); print(bao.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        os.kill(parent.pid, signal.SIGKILL)
        assert gone_within(pid, 5)


def test_stopped_server_is_gone_and_stopping_again_is_fine(tmp_path: Path) -> None:
    """No process is left, however it is ended."""
    bao = SandboxBao(tmp_path)
    for end in bao.stop, bao.kill:
        bao.start()
        pid = bao.pid
        with pytest.raises(RuntimeError, match="running already"):
            bao.start()
        end()
        assert not alive(pid)
        end()
        with pytest.raises(RuntimeError, match="not running"):
            _ = bao.pid


def test_server_that_cannot_start_says_where_to_look(tmp_path: Path) -> None:
    """And leaves no process behind."""
    bao = SandboxBao(tmp_path)
    (tmp_path / "server.hcl").write_text("nonsense {")
    with pytest.raises(RuntimeError, match=r"server\.log"):
        bao.start()
    with pytest.raises(RuntimeError, match="not running"):
        _ = bao.pid
