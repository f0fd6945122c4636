"""The sandbox PIM answers what the real PIMs of the references answered, step by step."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vault_pim.sandbox.akeneo.world import World
from vault_pim.sandbox.faults import Fault
from vault_pim.sandbox.pim_server import SandboxPim

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
REFERENCES = {"7.0": "7.0.22", "master": "master-2024-04"}
MOST_ACCEPTED = 0.02
CONTROL_TOKEN = "control-token-of-the-conformance-run"


def probed(pim: SandboxPim, folder: Path, *themes: str) -> Path:
    """Run the probe against a PIM; the answer is the folder of its records."""
    (folder / "admin.password").write_text(pim.admin_password, encoding="utf-8")
    (folder / "control.token").write_text(CONTROL_TOKEN, encoding="utf-8")
    console = [sys.executable, "-m", "vault_pim.sandbox.pim_console", "--url", pim.url]
    console += ["--control-token-file", str(folder / "control.token")]
    command = [sys.executable, str(HERE / "probe" / "probe.py"), "--url", pim.url, "--console", shlex.join(console)]
    command += ["--admin-user", pim.admin_username, "--admin-password-file", str(folder / "admin.password")]
    command += ["--out", str(folder / "run"), *(["--theme", *themes] if themes else [])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "run"


def compared(release: str, run: Path, *themes: str) -> dict[str, Any]:
    """Hold a run to the reference of its release."""
    command = [sys.executable, str(HERE / "probe" / "compare.py"), str(HERE / "reference" / REFERENCES[release])]
    command += [str(run), "--json", "--accept", str(HERE / "accepted" / f"{release}.txt")]
    command += ["--theme", *themes] if themes else []
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.mark.parametrize("release", sorted(REFERENCES))
def test_every_step_of_the_probe_is_answered_as_by_the_real_pim(release: str, tmp_path: Path) -> None:
    """Every step of every theme equals the reference or is accepted by name; few are, and none without need."""
    with SandboxPim(release=release, control_token=CONTROL_TOKEN) as pim:
        document = compared(release, probed(pim, tmp_path))
    differing = [f"{one['theme']}/{one['step']}" for one in document["steps"] if not one["accepted"]]
    assert differing == []
    assert document["unused"] == []
    themes = document["themes"].values()
    assert len(document["themes"]) == len(list((HERE / "probe" / "themes").glob("*.py")))
    assert sum(theme["accepted"] for theme in themes) <= MOST_ACCEPTED * sum(theme["of"] for theme in themes)


def _tokens_outlive_their_secret(_: SandboxPim, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(World, "drop_tokens", lambda *_, **__: None)


def _one_answer_is_lost(pim: SandboxPim, _: pytest.MonkeyPatch) -> None:
    pim.faults.add(Fault(kind="lose_reply", method="POST", path="/rest/connections/*/regenerate-password"))


@pytest.mark.parametrize("break_it", [_tokens_outlive_their_secret, _one_answer_is_lost])
def test_a_broken_sandbox_fails_the_comparison(
    break_it: Callable[[SandboxPim, pytest.MonkeyPatch], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the comparison finds a PIM that forgets to revoke, and one lost answer."""
    with SandboxPim(release="7.0", control_token=CONTROL_TOKEN) as pim:
        break_it(pim, monkeypatch)
        document = compared("7.0", probed(pim, tmp_path, "revocation"), "revocation")
    assert document["themes"]["revocation"]["differing"] > 0
    assert not document["equal"]
