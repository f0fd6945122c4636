"""`vault-pim exec`: any program gets its set and nothing else, and a rotation reaches it as asked."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.cli.conftest import MARKER
from tests.integration.client.conftest import ERP, Town, until

Start = Callable[..., "subprocess.Popen[str]"]
QUICK = ("--refresh", "PT1S")


@pytest.fixture
def start(town: Town, tmp_path: Path) -> Iterator[Start]:
    """Starts `vault-pim exec` as ERP; whatever still runs at the end is killed."""
    login = town.login("erp")
    environment = os.environ | {
        "VAULT_ADDR": town.arena.bao.url,
        "VAULT_PIM_ROLE_ID_FILE": str(login.role_id_file),
        "VAULT_PIM_SECRET_ID_FILE": str(login.secret_id_file),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "OUT": str(tmp_path / "out"),
    }
    with ExitStack() as stack:

        def begin(*arguments: str, connector: str = ERP, **more: str) -> "subprocess.Popen[str]":
            command = [sys.executable, "-m", "vault_pim", "exec", *arguments]
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            made = subprocess.Popen(command, text=True, env=environment | more, **pipes)  # type: ignore[call-overload]
            started: subprocess.Popen[str] = stack.enter_context(made)
            stack.callback(started.kill)
            return started

        yield begin


def told(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Exit code and output at the end."""
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err


@pytest.mark.holds_secrets
def test_program_gets_its_set_and_nothing_of_the_login(town: Town, start: Start) -> None:
    """Seven variables, no secret-id; its exit code comes back."""
    program = "import json, os; print(json.dumps(dict(os.environ))); raise SystemExit(7)"
    code, out, err = told(start(ERP, "--", sys.executable, "-c", program, VAULT_TOKEN=""))
    got = json.loads(out.replace(MARKER, "marker"))
    served = {f"PIM_{key.upper()}": value.replace(MARKER, "marker") for key, value in town.served("erp").items()}
    assert (code, err) == (7, "")
    assert {name: value for name, value in got.items() if name.startswith("PIM_")} == served
    assert [name for name in got if name.startswith(("VAULT_PIM", "VAULT_TOKEN"))] == []


def test_file_lies_in_memory_for_its_owner_alone_and_goes_away(town: Town, start: Start) -> None:
    """A runtime directory on a disk is passed over; afterwards nothing is left."""
    program = (
        'stat -c "%a" "$PIM_CREDENTIALS_FILE"; stat -f -c %T "$PIM_CREDENTIALS_FILE"; echo "$PIM_CREDENTIALS_FILE"'
    )
    code, out, err = told(start("--file", "json", ERP, "--", "sh", "-c", program + "; env | grep -c PIM_PASSWORD"))
    mode, kind, path, count = out.split()
    assert (code, mode, kind, count, err) == (1, "600", "tmpfs", "0", "")
    assert not Path(path).parent.exists()


def test_signal_goes_through_and_its_end_is_told(start: Start) -> None:
    """SIGTERM reaches a program that handles it; one that a signal ends gives 128 and its number."""
    handling = "trap 'echo caught; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    process = start(ERP, "--", "sh", "-c", handling)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert told(process)[:2] == (5, "caught\n")
    assert told(start(ERP, "--", "sh", "-c", "kill -USR1 $$"))[0] == 128 + signal.SIGUSR1


def test_rotation_restarts_signals_or_leaves_the_program_as_asked(town: Town, start: Start, tmp_path: Path) -> None:
    """Restarted with the new set, told by a signal when the file is new, or left alone with a new file."""
    again = 'printf "%s\\n" "$PIM_GENERATION" >> "$OUT"; exec sleep 60'
    hearing = 'on() { cat "$PIM_CREDENTIALS_FILE" > "$OUT.heard"; }; trap on USR1; while :; do sleep 0.05; done'
    left = 'echo "$PIM_CREDENTIALS_FILE" > "$OUT.left"; exec sleep 60'
    running = [
        start(*QUICK, ERP, "--", "sh", "-c", again),
        start(*QUICK, "--file", "json", "--on-rotation", "signal", "--signal", "USR1", ERP, "--", "sh", "-c", hearing),
        start(*QUICK, "--file", "dotenv", "--on-rotation", "leave", ERP, "--", "sh", "-c", left),
    ]
    out, heard, kept = (tmp_path / name for name in ("out", "out.heard", "out.left"))
    until(lambda: out.exists() and kept.exists() and kept.read_text().strip())
    before = int(town.served("erp")["generation"])
    assert town.run("rotate", "erp") == 0
    until(lambda: heard.exists() and out.read_text().split() == [str(before), str(before + 1)])
    assert json.loads(heard.read_text())["generation"] == str(before + 1)
    until(lambda: f'PIM_GENERATION="{before + 1}"' in Path(kept.read_text().strip()).read_text())
    until(lambda: sorted(town.readers().values()) == [str(before), str(before + 1), str(before + 1)])
    for process in running:
        process.send_signal(signal.SIGTERM)
    assert [told(process)[0] for process in running] == [143, 143, 143]
    assert town.readers() == {}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((ERP, "--", "no-such-program"), 3, "no-such-program cannot be started"),
        ((ERP,), 3, "there is no program to run"),
        (("--on-rotation", "signal", ERP, "--", "true"), 3, "needs --file"),
        (("--wait", "5", ERP, "--", "true"), 3, "'5' is no duration"),
        (("sandbox/shop", "--", "true"), 1, "Vault refused the login"),
        (("--wait", "PT1S", "--mount", "elsewhere", ERP, "--", "true"), 1, "Vault does not allow"),
        (("erp", "--", "true"), 3, "does not name a connector"),
    ],
)
def test_wrong_call_is_one_clear_error(start: Start, arguments: tuple[str, ...], code: int, said: str) -> None:
    """What, why, what to do; nothing is started."""
    ended, out, err = told(start(*arguments))
    assert (ended, out) == (code, "")
    assert err.startswith("error: ")
    assert said in err
    assert "what to do: " in err
