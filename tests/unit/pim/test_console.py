"""The console is started as it is, with words that no shell reads and nobody need not see, and ended whole."""

import json
import os
import shlex
import signal
import stat
import sys
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from tests.canary import CANARY
from vault_pim.domain.errors import ConfigurationError, PimNoAnswer, PimRefusal, UnknownShape
from vault_pim.pim.console import Console, Printed, redacted

ECHO = "import json, os, sys; print(json.dumps([sys.argv[1:], sorted(os.environ), sys.stdin.read()]))"
NASTY = ["a b", "'; touch it; '", '"$HOME"', "`id`", "a|b", "<info>x</info>", "*", "é\nü", "--", ""]


def script(path: Path, text: str) -> Path:
    """A program."""
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_words_reach_the_program_as_they_are() -> None:
    """There is no shell between; what every command needs is added, and `-q` never is."""
    printed = Console("prod", [sys.executable, "-c", ECHO]).run("some:command", *NASTY)
    arguments, _, standard_input = json.loads(printed.stdout)
    assert arguments == ["some:command", *NASTY, "--env=prod", "--no-ansi", "-n"]
    assert standard_input == ""
    assert printed.exit == 0


def test_words_survive_the_shell_behind_ssh(tmp_path: Path) -> None:
    """ssh joins its words with blanks and gives them to a shell on the other side, so this one does."""
    ssh = script(tmp_path / "ssh", '#!/bin/sh\nshift\nexec sh -c "$*"\n')
    printed = Console("prod", [str(ssh), "pim@host", sys.executable, "-c", shlex.quote(ECHO)]).run(
        "some:command", *NASTY
    )
    assert json.loads(printed.stdout)[0] == ["some:command", *NASTY, "--env=prod", "--no-ansi", "-n"]


def test_environment_is_no_business_of_the_console(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vault's token, among others; what ssh and kubectl need is passed on."""
    for name in "VAULT_TOKEN", "VAULT_PIM_CONFIG", "SHELL_INTERACTIVE", "SSH_AUTH_SOCK", "KUBECONFIG":
        monkeypatch.setenv(name, "set")
    names = json.loads(Console("prod", [sys.executable, "-c", ECHO]).run("list").stdout)[1]
    assert {"SSH_AUTH_SOCK", "KUBECONFIG"} <= set(names)
    assert not {"VAULT_TOKEN", "VAULT_PIM_CONFIG", "SHELL_INTERACTIVE"} & set(names)


def test_hanging_console_is_ended_with_its_children(tmp_path: Path) -> None:
    """Its own child holds the pipes open; nothing of it is left after the time limit."""
    told = tmp_path / "pid"
    program = script(tmp_path / "console", f"#!/bin/sh\necho 'secret: {CANARY}'\nsleep 300 &\necho $! > {told}\nwait\n")
    begun = time.monotonic()
    with pytest.raises(PimNoAnswer, match="did not answer pim:list") as silence:
        Console("prod", [str(program)], timeout=timedelta(seconds=1.5)).run("pim:list")
    assert time.monotonic() - begun < 20
    assert CANARY not in f"{silence.value!r}{silence.value.why}{silence.value.__context__!r}"
    child = int(told.read_text())
    with suppress(ProcessLookupError):
        for _ in range(100):
            os.kill(child, 0)
            if "Z" in Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[:1]:
                return  # dead; whoever adopted it has not looked yet
            time.sleep(0.01)  # noqa: TID251 - the kernel needs a moment
        os.kill(child, signal.SIGKILL)
        pytest.fail("the child lives on")


@pytest.mark.parametrize("kind", ["missing", "not executable", "a directory"])
def test_console_that_cannot_be_started_is_the_configurations_fault(tmp_path: Path, kind: str) -> None:
    """Nothing was done, and the key to correct is named."""
    program = tmp_path / "console"
    if kind == "not executable":
        program.write_text("#!/bin/sh\n")
    elif kind == "a directory":
        program.mkdir()
    with pytest.raises(ConfigurationError, match="cannot be started") as wrong:
        Console("prod", [str(program)]).run("list")
    assert str(program) in wrong.value.why
    assert "pims.prod.console.command" in wrong.value.advice


def test_empty_command_is_refused() -> None:
    """There is nothing to start."""
    with pytest.raises(ConfigurationError):
        Console("prod", [])


def test_output_that_is_no_utf8_is_read_all_the_same() -> None:
    """A console prints what people wrote."""
    program = r"import sys; sys.stdout.buffer.write(b'caf\xe9\n')"
    assert Console("prod", [sys.executable, "-c", program]).run("list").stdout == "caf\ufffd\n"


RAN = "10:00:00 CRITICAL  [console] Error thrown while running command"
BOX = "\n  [Symfony\\Component\\Console\\Exception\\RuntimeException]\n  The option does not exist.\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f'{RAN} "pim:user:create \\"x\\" hunter2 -n". Message: "No."', f'{RAN} "***". Message: "No."'),
        ("public id 12_ab and secret 3w8o4 has been", "public id 12_ab and secret *** has been"),
        ("secret: 3w8o4", "secret: ***"),
        ("Password: 6c0bdb4b0", "Password: ***"),
        ('params ["4_19xd30plib28scwck048", "a:0:{}"]', 'params ["***", "a:0:{}"]'),
        (r"[Doctrine\DBAL\Exception\ForeignKeyConstraintViolationException]",) * 2,
    ],
)
def test_what_may_be_secret_is_redacted(text: str, shown: str) -> None:
    """Command lines, named secrets, random values; what helps a person stays."""
    assert redacted(text) == shown


@pytest.mark.parametrize(
    ("stdout", "stderr", "error", "why"),
    [
        ("", BOX, UnknownShape, "RuntimeException"),
        ("", f'{RAN} "x". Message: "SQLSTATE[22001]: too long"', PimRefusal, "too long"),
        ("", f'{RAN} "x". Message: "SQLSTATE[HY000] [2002]"', PimNoAnswer, "2002"),
        ("", "ssh: connect to host pim-host port 22: Connection refused\n", PimNoAnswer, "pim-host"),
        ("Could not open input file: app/console\n", "", PimNoAnswer, "input file: app/console"),
        (f"client_id: 1_a\nsecret: {CANARY}\n", "", PimNoAnswer, "no reason"),
    ],
)
def test_failure_is_told_apart_by_its_words(stdout: str, stderr: str, error: type[Exception], why: str) -> None:
    """Another release's console, a refusal, no answer; nothing of what a console prints beside."""
    failure = Console("prod", ["console"]).failure(Printed(command="pim:x", exit=255, stdout=stdout, stderr=stderr))
    assert type(failure) is error
    assert "pim:x" in failure.what
    assert why in failure.why
    assert CANARY not in failure.why
