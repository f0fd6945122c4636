"""Errors become words and exit codes in one place; help is quick; no secret and no traceback shows by itself."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand

from tests.unit.cli.conftest import Call
from vault_pim import __version__
from vault_pim.cli.commands import COMMANDS
from vault_pim.cli.invocation import Invocation, _complete_connector
from vault_pim.domain.errors import PimNoAnswer, TakenOver, VaultPimError
from vault_pim.settings import Settings

SCRIPT = Path(sys.executable).parent / "vault-pim"
CANARY = "canary-e01c"


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let the next command fail with this error."""

    def fail(path: Path | None = None) -> Settings:
        raise error

    monkeypatch.setattr(Settings, "load", fail)


@pytest.mark.parametrize("error", [PimNoAnswer("no answer", why="timed out"), TakenOver("taken", why="by another")])
def test_error_is_three_lines_and_its_own_exit_code(
    call: Call, monkeypatch: pytest.MonkeyPatch, error: VaultPimError
) -> None:
    """What, why, what to do, on stderr; nothing on stdout."""
    failing(monkeypatch, error)
    ended = call("config", "check")
    assert (ended.code, ended.out) == (error.exit_code, "")
    assert ended.err == f"error: {error.what}\nwhy: {error.why}\nwhat to do: {error.advice}\n"


def test_error_of_a_command_with_json_is_one_object_too(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """On stdout, beside the lines on stderr."""
    failing(monkeypatch, PimNoAnswer("no answer", why="timed out", advice="Wait."))
    ended = call("plan", "--json")
    error = {"what": "no answer", "why": "timed out", "advice": "Wait.", "exit_code": 4}
    assert (ended.code, json.loads(ended.out)) == (4, {"error": error})
    assert ended.err.startswith("error: no answer\n")


def test_control_characters_in_an_error_are_written_out(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name from the PIM inside an error cannot steer the terminal."""
    failing(monkeypatch, PimNoAnswer("label a\x1b[2J", why="b\x07"))
    assert call("config", "check").err.startswith("error: label a\\x1b[2J\nwhy: b\\x07\n")


def test_unexpected_error_shows_its_kind_and_place_but_not_its_text(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The text of a foreign exception could hold anything, so only its kind is shown."""
    failing(monkeypatch, KeyError(CANARY))
    ended = call("config", "check", "-v")
    assert ended.code == 1
    assert ended.err.startswith("error: unexpected KeyError in ")
    assert len(ended.err.splitlines()) == 3
    assert CANARY not in ended.err


def test_traceback_comes_with_vv_alone(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """-vv shows the traceback before the three lines, for our errors too."""
    failing(monkeypatch, PimNoAnswer("no answer", why="timed out"))
    assert "Traceback" not in call("-v", "config", "check").err
    assert call("-vv", "config", "check").err.startswith("Traceback")
    assert call("-v", "config", "check", "-v").err.startswith("Traceback")


def test_traceback_shows_causes_but_no_text_that_is_not_ours(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """-vv says where a foreign exception came from, and not what it says."""
    error = PimNoAnswer("no answer")
    error.__cause__ = ValueError(CANARY)
    failing(monkeypatch, error)
    err = call("-vv", "config", "check").err
    assert "ValueError\n\nand then:\n\nTraceback" in err
    assert "\nPimNoAnswer: no answer\n" in err
    failing(monkeypatch, KeyError(CANARY))
    assert CANARY not in err + call("-vv", "config", "check").err


def test_interrupt_exits_130_without_a_word(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is no error to explain."""
    failing(monkeypatch, KeyboardInterrupt())
    ended = call("config", "check")
    assert (ended.code, ended.out, ended.err) == (130, "", "")


@pytest.mark.parametrize(
    ("arguments", "says", "advice"),
    [
        (("--nonsense",), "No such option: --nonsense", "See `vault-pim --help`."),
        (("confg",), "No such command 'confg'. Did you mean 'config'?", "See `vault-pim --help`."),
        (("config",), "Missing command.", "See `vault-pim config --help`."),
        (("config", "check", "--jsn"), "No such option: --jsn", "See `vault-pim config check --help`."),
        (("config", "check", "surplus"), "unexpected extra argument", "See `vault-pim config check --help`."),
        (("--config",), "'--config' requires an argument", "See `vault-pim --help`."),
    ],
)
def test_wrong_call_exits_3_with_one_line_and_advice(
    call: Call, arguments: tuple[str, ...], says: str, advice: str
) -> None:
    """A call that cannot be understood is said in one line, with where to look."""
    ended = call(*arguments)
    assert (ended.code, ended.out) == (3, "")
    what, do = ended.err.splitlines()
    assert says in what
    assert do == f"what to do: {advice}"


def test_no_command_shows_help_and_exits_3(call: Call) -> None:
    """Nothing was asked for; what could be is shown."""
    ended = call()
    assert ended.code == 3
    assert "Usage: vault-pim" in ended.out


def test_version_is_printed(call: Call) -> None:
    """One line, name and version."""
    ended = call("--version")
    assert (ended.code, ended.out) == (0, f"vault-pim {__version__}\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_entry_of_the_table_can_be_called(call: Call, name: str) -> None:
    """Each command is where the table says, explains itself, and takes the global options; `exec` reads none."""
    assert len(COMMANDS[name].help) <= 60
    ended = call(name, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert f"Usage: vault-pim {name}" in ended.out
    assert ("--config" in ended.out) is (name != "exec")


def test_help_imports_no_heavy_library() -> None:
    """`vault-pim --help` reads the table alone: neither settings nor Vault nor HTTP libraries are loaded."""
    code = (
        "import sys; from vault_pim.cli.main import main; main(['--help']);"
        "sys.exit(' '.join({'pydantic', 'yaml', 'requests', 'apscheduler'} & set(sys.modules)) or 0)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.stderr == ""


def test_reader_that_has_gone_ends_the_command_quietly() -> None:
    """A closed pipe is no traceback."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        ended = subprocess.run([SCRIPT, "config", "schema"], stdout=write_end, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(write_end)
    assert (ended.returncode, ended.stderr) == (1, b"")


def test_shell_completes_commands() -> None:
    """The completion that `--install-completion` sets up answers for nested commands."""
    environment = {"_VAULT_PIM_COMPLETE": "complete_bash", "COMP_WORDS": "vault-pim config ch", "COMP_CWORD": "2"}
    ended = subprocess.run([SCRIPT], env=os.environ | environment, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["check"]


def completed(configuration: Path, incomplete: str) -> list[str]:
    """What completion offers for a connector's name."""
    context = typer.Context(TyperCommand("plan"), obj=Invocation(config=configuration))
    return list(_complete_connector(context, incomplete))


def test_connectors_are_completed_by_either_name(configuration: Path) -> None:
    """Short names and names with their PIM, as the configuration declares them."""
    assert completed(configuration, "") == ["erp", "prod/erp", "prod/shop"]
    assert completed(configuration, "prod/s") == ["prod/shop"]


@pytest.mark.parametrize("content", ["connectors: [", "connectors: [a]", "connectors: {erp: x}", ""])
def test_completion_bears_a_wrong_configuration(configuration: Path, content: str) -> None:
    """Completion offers what it can read and never complains."""
    configuration.write_text(content)
    assert completed(configuration, "e") in ([], ["erp"])
