"""What people run beside the main job: setup, doctor, status, the sandbox and the demo."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.json_page import section
from tests.integration.cli.conftest import Arena, Command
from vault_pim.cli.sandbox import PimRelease
from vault_pim.playground import PIM_ACCOUNT
from vault_pim.sandbox.akeneo.releases import RELEASES
from vault_pim.sandbox.faults import Fault


def program(arena: Arena | None, *arguments: str) -> list[str]:
    """The command line of `vault-pim` as a process of its own."""
    config = ["--config", str(arena.config)] if arena else []
    return [sys.executable, "-m", "vault_pim", *config, *arguments]


def add_connector(document: dict[str, Any]) -> None:
    """One more connector in the configuration."""
    document["connectors"]["crm"] = {
        "pim": "sandbox",
        "label": "CRM",
        "permissions": ["pim_api_overall_access"],
        "auth": {"approle": {}},
    }


def test_setup_shows_then_makes_then_has_nothing_to_do(
    arena: Arena, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dry run exits 2 and makes nothing; after the real one nothing is left to do."""
    monkeypatch.setenv("VAULT_TOKEN", arena.admin_token_file.read_text().strip())
    assert "has all that vault-pim needs" in run("setup").out
    arena.configure(add_connector)
    shown = run("setup", "--dry-run", "--json")
    assert shown.code == 2
    kinds = [change["what"] for change in json.loads(shown.out)["changes"]]
    assert kinds == ["entity", "login mount", "role", "alias"]
    assert "access-missing" in run("status", "crm", "--json").out
    assert run("setup", "--yes").code == 0
    assert run("setup", "--dry-run").code == 0
    assert "access-missing" not in run("status", "crm", "--json").out


def test_setup_needs_an_administrator(arena: Arena, run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a token it says which one; with the daemon's rights it is refused."""
    monkeypatch.delenv("VAULT_TOKEN", raising=False)
    ran = run("setup")
    assert ran.code == 3
    assert "VAULT_TOKEN" in ran.err


def test_setup_writes_the_daemons_login(arena: Arena, run: Command) -> None:
    """A new secret-id lands in the files that the configuration names, for their owner alone."""
    secret_id = arena.directory / "login" / "daemon" / "secret_id"
    before = secret_id.read_text()
    assert run("setup", "--token-file", str(arena.admin_token_file), "--write-login").code == 0
    assert secret_id.read_text() != before
    assert secret_id.stat().st_mode & 0o777 == 0o600
    assert run("plan").code == 2


def test_doctor_finds_all_well(run: Command) -> None:
    """Every check of a fresh installation is ok."""
    ran = run("doctor", "--json")
    assert ran.code == 0
    assert {check["outcome"] for check in json.loads(ran.out)["checks"]} == {"ok"}


def test_doctor_recommends_the_better_mechanism_and_says_why(arena: Arena, run: Command) -> None:
    """Where there may be a console, as advice; where there is one, as a finding."""
    ran = run("doctor")
    said = " ".join(ran.out.split())
    assert ran.code == 0
    assert "passwords of connections are weak: the PIM makes them from the time of day" in said
    assert "what to do: If there is a way to the console of PIM sandbox, give it and set mechanism" in said
    arena.configure(lambda document: document["pims"]["sandbox"].update(console={"command": ["bin/console"]}))
    ran = run("doctor")
    assert ran.code == 2
    assert "Set pims.sandbox.mechanism to user_and_client: its passwords are ours" in " ".join(ran.out.split())


def test_doctor_names_what_needs_attention(arena: Arena, run: Command) -> None:
    """A permission the PIM does not offer, an identity that is not set up: exit code 2 and advice."""
    arena.configure(add_connector)
    arena.configure(lambda document: document["connectors"]["erp"]["permissions"].append("pim_api_teleport"))
    ran = run("doctor")
    assert ran.code == 2
    assert "pim_api_teleport" in ran.out
    assert "identity in Vault is absent" in ran.out
    assert "what to do: " in ran.out


def test_doctor_says_whose_move_it_is_when_the_pim_is_silent(arena: Arena, run: Command) -> None:
    """Vault is judged all the same; the PIM's silence is exit code 4."""
    arena.pim.faults.add(Fault(method="*", path="*", kind="html_500", times=None))
    ran = run("doctor", "--json")
    assert ran.code == 4
    outcomes = {check["subject"]: check["outcome"] for check in json.loads(ran.out)["checks"]}
    assert (outcomes["Vault"], outcomes["PIM sandbox"]) == ("ok", "failed")


def test_doctor_names_what_the_pim_account_may_beyond_its_need(arena: Arena, run: Command) -> None:
    """Exactly the surplus, and with it a finding; what is missing is a failure."""
    [role] = [role for role in arena.pim.world.roles.values() if role.label == PIM_ACCOUNT]
    role.privileges |= {"pim_user_user_edit", "oro_config_system"}
    ran = run("doctor")
    assert ran.code == 2
    assert f"{PIM_ACCOUNT} may also oro_config_system, pim_user_user_edit\n" in ran.out
    role.privileges -= {"pim_user_user_edit", "oro_config_system", "pim_user_role_edit"}
    ran = run("doctor")
    assert (ran.code, "its role lacks pim_user_role_edit" in ran.out) == (1, True)


def test_doctor_compares_the_declared_token_lifetime_with_the_real_one(arena: Arena, run: Command) -> None:
    """The PIM says it with every grant; a grace that was reckoned with less may leave a connector with a dead set."""
    assert run("apply").code == 0
    assert "access tokens live 8 s, declared 8 s" in run("doctor").out
    arena.configure(lambda document: document["pims"]["sandbox"].update(access_token_lifetime="PT5S"))
    ran = run("doctor")
    assert (ran.code, "Set pims.sandbox.access_token_lifetime to PT8S" in ran.out) == (2, True)


def test_doctor_sees_rights_beyond_need(arena: Arena, run: Command) -> None:
    """An administrator's token as vault-pim's own login is a finding."""
    arena.configure(
        lambda document: document["vault"].update(auth={"method": "token", "token_file": str(arena.admin_token_file)})
    )
    ran = run("doctor")
    assert ran.code == 2
    assert "administrator" in ran.out


def test_status_shows_state_though_the_pim_is_silent(arena: Arena, run: Command) -> None:
    """What Vault knows is shown; that the PIM is silent is said."""
    run("apply")
    arena.pim.stop()
    ran = run("status", "--json")
    assert ran.code == 2
    standings = json.loads(ran.out)["connectors"]
    assert [one["stage"] for one in standings] == ["current"] * 3
    assert all(one["error"]["exit_code"] == 4 for one in standings)


def test_stranger_is_a_finding_and_nothing_more(arena: Arena, run: Command) -> None:
    """An object with a label of ours that we did not make is reported; apply goes on and leaves it alone."""
    from vault_pim.sandbox.akeneo.connections import create  # noqa: PLC0415 - only here

    create(arena.pim._pim, "vp_erp_77", "Somebody's own", "other")
    assert run("apply").code == 2
    ran = run("status", "erp", "--json")
    assert ran.code == 2
    (finding,) = json.loads(ran.out)["connectors"][0]["findings"]
    assert (finding["reason"], finding["detail"]) == ("stranger", "vp_erp_77")
    assert "vp_erp_77" in arena.pim.world.connections


def test_status_keeps_watching_until_interrupted(arena: Arena, run: Command) -> None:
    """Elsewhere than on a terminal it prints one table below the other; an interrupt ends it."""
    run("apply")
    # A shell starts what it puts into the background with interrupts ignored; a child would inherit that.
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(program(arena, "status", "--watch"), stdout=subprocess.PIPE, text=True) as watching:
        signal.signal(signal.SIGINT, former)
        assert watching.stdout is not None
        lines = [watching.stdout.readline() for _ in range(9)]
        watching.send_signal(signal.SIGINT)
        watching.stdout.read()
        assert watching.wait(10) == 130
    assert sum(line.startswith("CONNECTOR") for line in lines) == 2


def test_sandbox_runs_until_it_is_ended_and_leaves_nothing(tmp_path: Path) -> None:
    """It prints where everything is, its configuration works, and SIGTERM ends the servers it started."""
    command = program(None, "sandbox", "up", "--dir", str(tmp_path / "box"), "--json")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as box:
        assert box.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            text += box.stdout.readline()
        told = json.loads(text)
        assert set(told) == set(section("sandbox up"))
        environment = {**os.environ, "VAULT_PIM_CONFIG": told["config"]}
        planned = subprocess.run(program(None, "plan"), env=environment, capture_output=True, text=True, check=False)
        box.send_signal(signal.SIGTERM)
        box.stdout.read()
        assert box.wait(20) == 0
    assert planned.returncode == 2
    assert not [line for line in _processes() if str(tmp_path) in line]


def test_sandbox_offers_every_release_and_refuses_others() -> None:
    """By name, before anything is started; the same list as the sandbox PIM's own."""
    assert [one.value for one in PimRelease] == list(RELEASES)
    ran = subprocess.run(program(None, "sandbox", "up", "--pim-release", "9.9"), capture_output=True, check=False)
    assert (ran.returncode, b"'master'" in ran.stderr) == (3, True)


def test_demo_keeps_every_promise_and_leaves_nothing() -> None:
    """The story ends with 0, counts no failed call, and no process of it is left."""
    told = subprocess.run(program(None, "demo"), capture_output=True, text=True, check=False, timeout=110)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "failed calls in all: 0" in told.stdout
    assert "BROKEN" not in told.stdout
    assert not [line for line in _processes() if "vault-pim-demo-" in line]


def _processes() -> list[str]:
    """The command lines of all processes of this machine."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return lines
