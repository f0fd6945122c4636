"""The recipes for OpenBao Agent and systemd, run by the real agent and the real `vault-pim exec`.

The units themselves are read by systemd-analyze, where it is installed; nothing here runs under systemd.
"""

import re
import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.client.conftest import ERP, Town
from tests.integration.client.recipes.conftest import (
    PATIENCE,
    RECIPES,
    Agent,
    adapted,
    clean_environment,
    generation_in,
    opens_its_door,
    running,
    set_in,
)
from tests.integration.client.test_requests_auth import until
from vault_pim.client import VaultPimError
from vault_pim.vault.session import VaultSession


def script(name: str, *arguments: str, **environment: str) -> None:
    """Run a script of the recipe to its end."""
    command = [str(RECIPES / "bao-agent" / name), *arguments]
    done = subprocess.run(
        command, env=clean_environment(**environment), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.holds_secrets
def test_file_holds_a_working_set_before_and_after_a_rotation(town: Town, agent: Agent, tmp_path: Path) -> None:
    """Readable for its owner alone, replaced by itself; the script acknowledges each generation, and the end."""
    file = tmp_path / "run/pim.json"
    file.parent.mkdir()
    running = agent("bao-agent/agent.hcl", ("/run/erp", str(tmp_path / "run")))
    acknowledging = {
        "BAO_ADDR": town.arena.bao.url,
        "VAULT_TOKEN_FILE": str(tmp_path / "run/vault_token"),
        "PIM_CREDENTIALS_FILE": str(file),
    }
    before = int(town.served("erp")["generation"])
    running.until(lambda: generation_in(file) == str(before))
    running.until((tmp_path / "run/vault_token").exists)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "run/vault_token").stat().st_mode) == 0o600
    assert town.served("erp") == set_in(file)
    assert opens_its_door(set_in(file))
    script("acknowledge", ERP, "app1", **acknowledging)
    assert town.readers() == {"app1": str(before)}

    assert town.run("rotate", "erp") == 0
    running.until(lambda: generation_in(file) == str(before + 1))
    assert opens_its_door(set_in(file))
    script("acknowledge", ERP, "app1", **acknowledging)
    assert town.readers() == {"app1": str(before + 1)}
    script("acknowledge", "--leave", ERP, "app1", **acknowledging)
    assert town.readers() == {}
    running.stop()
    assert running.process.returncode == 0


def test_secret_id_is_replaced_and_the_former_one_refused(town: Town) -> None:
    """The script takes a wrapped one by the connector's own right; the file stays for its owner alone."""
    login = town.login("erp")
    former = login.secret_id_file.read_text()
    script("renew-secret-id", ERP, str(login.secret_id_file.parent), BAO_ADDR=town.arena.bao.url)
    assert login.secret_id_file.read_text().strip() != former.strip()
    assert stat.S_IMODE(login.secret_id_file.stat().st_mode) == 0o600
    assert sorted(path.name for path in login.secret_id_file.parent.iterdir()) == ["role_id", "secret_id"]
    with VaultSession(town.address()) as session:
        assert session.request("GET", f"pim/data/connectors/{ERP}").data["data"] == town.served("erp")
    new = login.secret_id_file.read_text()
    try:
        login.secret_id_file.write_text(former)
        with VaultSession(town.address()) as session, pytest.raises(VaultPimError, match="refused the login"):
            session.request("GET", f"pim/data/connectors/{ERP}")
    finally:
        login.secret_id_file.write_text(new)


@pytest.mark.holds_secrets
def test_program_is_restarted_with_the_new_set(town: Town, agent: Agent, tmp_path: Path) -> None:
    """Both times its environment opens its door at the PIM; the former process is gone."""
    program = tmp_path / "erp"
    program.write_text(
        '#!/bin/sh\numask 077\nenv | sed -n "s/^PIM_//p" > "$0.new"\n'
        'echo "PID=$$" >> "$0.new"\nmv "$0.new" "$0.$PIM_GENERATION"\nexec sleep 600\n'
    )
    program.chmod(0o700)
    before = int(town.served("erp")["generation"])
    running = agent("bao-agent/exec.hcl", ("/opt/erp/bin/erp", str(program)))

    def environment(generation: int) -> dict[str, str]:
        file = tmp_path / f"erp.{generation}"
        running.until(file.exists)
        pairs = (line.partition("=") for line in file.read_text().splitlines())
        return {name.lower(): value for name, _, value in pairs}

    first = environment(before)
    assert opens_its_door(first)
    assert town.run("rotate", "erp") == 0
    second = environment(before + 1)
    assert opens_its_door(second)
    until(lambda: not Path("/proc", first["pid"]).exists(), within=PATIENCE)
    assert Path("/proc", second["pid"]).exists()
    running.stop()
    until(lambda: not Path("/proc", second["pid"]).exists(), within=PATIENCE)


UNITS = sorted((RECIPES / "systemd").iterdir())
INSTALLED = ("/opt/erp/bin/erp", "/usr/bin/bao", "/opt/vault-pim/bin/vault-pim", "/usr/local/libexec/renew-secret-id")
"""Programs that the units start and that are not on every machine."""


class Unit:
    """A unit file, read strictly."""

    def __init__(self, name: str, *changes: tuple[str, str]) -> None:
        self._lines: list[tuple[str, str, str]] = []
        section = ""
        for line in adapted(f"systemd/{name}", *changes).splitlines():
            if match := re.fullmatch(r"\[(Unit|Service|Path|Timer|Install)\]", line):
                section = match[1]
            elif line and not line.startswith("#"):
                found = re.fullmatch(r"([A-Z][A-Za-z]+)=(.*)", line)
                assert found, f"{name}: {line}"
                assert section
                self._lines.append((section, found[1], found[2]))

    def all(self, section: str, key: str) -> list[str]:
        """What a key is set to, in order."""
        return [value for where, name, value in self._lines if (where, name) == (section, key)]

    def only(self, section: str, key: str) -> str:
        """What a key that stands once is set to."""
        (value,) = self.all(section, key)
        return value


def test_analyzer_finds_nothing_in_the_units(tmp_path: Path) -> None:
    """Nothing unknown, nothing that cannot be; programs that are not on this machine are replaced by one that is."""
    analyzer = shutil.which("systemd-analyze")
    if analyzer is None:
        pytest.skip("systemd-analyze is not installed; on Debian: apt-get install systemd")
    for unit in UNITS:
        text = unit.read_text()
        for program in INSTALLED:
            text = text.replace(f"ExecStart={program}", "ExecStart=/bin/true")
        (tmp_path / unit.name).write_text(text)
    names = [str(tmp_path / unit.name) for unit in UNITS]
    told = subprocess.run([analyzer, "verify", "--man=no", *names], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


def test_units_and_agent_speak_of_the_same_file() -> None:
    """What the agent writes is what is waited for, watched, and given to the connector under the name it is told."""
    agent, connector = Unit("pim-agent.service"), Unit("erp.service")
    (written,) = re.findall(r'destination += "(.+)"', (RECIPES / "bao-agent/agent.hcl").read_text())
    assert connector.only("Service", "LoadCredential") == f"pim.json:{written}"
    assert connector.only("Service", "Environment") == "PIM_CREDENTIALS_FILE=%d/pim.json"
    assert Unit("erp-rotated.path").only("Path", "PathChanged") == written
    assert f"test -s {written};" in agent.only("Service", "ExecStartPost")
    assert Path("/run", agent.only("Service", "RuntimeDirectory")) == Path(written).parent
    assert "erp.service" in Unit("erp-rotated.service").only("Service", "ExecStart")
    assert "pim-agent.service" in connector.only("Unit", "After")


@pytest.mark.holds_secrets
def test_unit_with_exec_opens_its_first_login_and_restarts_at_a_rotation(town: Town, tmp_path: Path) -> None:
    """Command and environment of erp-exec.service; its end on SIGTERM is none that systemd takes for a failure."""
    program, state, run = tmp_path / "erp", tmp_path / "lib/erp", tmp_path / "run/erp"
    program.write_text('#!/bin/sh\ncat "$PIM_CREDENTIALS_FILE" > "$0.new"\nmv "$0.new" "$0.set"\nexec sleep 600\n')
    program.chmod(0o700)
    state.mkdir(mode=0o700, parents=True)
    run.mkdir(mode=0o700, parents=True)
    shutil.copy(town.login("erp").role_id_file, state)
    us = [sys.executable, "-m", "vault_pim"]
    bootstrap = [*us, "--config", str(town.arena.config), "bootstrap", ERP]
    token = subprocess.run(bootstrap, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout
    (state / "wrapping_token").touch(mode=0o600)
    (state / "wrapping_token").write_text(token)
    unit = Unit(
        "erp-exec.service",
        ("https://vault.example.com:8200", town.arena.bao.url),
        ("prod/erp", ERP),
        ("/opt/erp/bin/erp", str(program)),
        ("--refresh PT1M", "--refresh PT1S"),
        ("%S/", f"{tmp_path}/lib/"),
        ("%t/", f"{tmp_path}/run/"),
    )
    first, *rest = shlex.split(unit.only("Service", "ExecStart"))
    assert first == "/opt/vault-pim/bin/vault-pim"
    environment = dict(line.split("=", 1) for line in unit.all("Service", "Environment"))
    file, before = tmp_path / "erp.set", int(town.served("erp")["generation"])
    with running([*us, *rest], clean_environment(**environment)) as started:
        started.until(lambda: generation_in(file) == str(before))
        assert opens_its_door(set_in(file))
        assert town.run("rotate", "erp") == 0
        started.until(lambda: generation_in(file) == str(before + 1))
        assert opens_its_door(set_in(file))
        started.until(lambda: set(town.readers().values()) == {str(before + 1)})
        started.stop()
    assert started.process.returncode == int(unit.only("Service", "SuccessExitStatus"))
    assert town.readers() == {}
    assert sorted(path.name for path in state.iterdir() if path.suffix != ".lock") == ["role_id", "secret_id"]
