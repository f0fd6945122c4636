"""The sandbox PIM as an older release answers what the PIM of that release had answered, request by request."""

from pathlib import Path

import pytest

from tests.conformance.replay.comparison import RECORDINGS, Compared, compared, differences, replayed, themes
from tests.conformance.replay.player import ADMIN_PASSWORD, CONTROL_TOKEN
from vault_pim.sandbox.akeneo.releases import RELEASES
from vault_pim.sandbox.akeneo.world import World
from vault_pim.sandbox.faults import Fault
from vault_pim.sandbox.pim_server import SandboxPim

ACCEPTED = Path(__file__).parent / "accepted"
OLDER = [row.name for row in RELEASES.values() if row.recorded and (RECORDINGS / row.recorded).is_dir()]
MOST_ACCEPTED = 0.03


def accepted(release: str) -> dict[str, str]:
    """The steps that may differ, each with its reason."""
    lines = (ACCEPTED / f"{release}.txt").read_text(encoding="utf-8").splitlines()
    entries = (line.split(" | ", 1) for line in lines if line and not line.startswith("#"))
    return {step.strip(): reason.strip() for step, reason in entries}


@pytest.mark.parametrize("release", OLDER)
def test_every_step_of_the_recordings_is_answered_as_by_the_recorded_pim(release: str) -> None:
    """Every step of every theme equals the recording or is accepted by name; few are, and none without need."""
    recording = RELEASES[release].recorded
    steps = [step for theme in themes(recording) for step in replayed(release, recording, theme)]
    may_differ = accepted(release)
    differing = [step for step in steps if not step.equal]
    unexplained = [step for step in differing if step.name not in may_differ]
    assert not unexplained, "\n".join(map(_shown, unexplained[:5]))
    assert set(may_differ) == {step.name for step in differing}
    assert all(len(reason.split()) > 3 for reason in may_differ.values())
    assert len(differing) <= MOST_ACCEPTED * len(steps)


@pytest.mark.parametrize("release", OLDER)
def test_a_broken_sandbox_fails_the_replay(release: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: a PIM that forgets to revoke, and one lost token request, are both found."""
    recording = RELEASES[release].recorded
    monkeypatch.setattr(World, "drop_tokens", lambda *_, **__: None)
    forgetful = [step.name for step in replayed(release, recording, "07-revocation") if not step.equal]
    assert any("user deleted: after: api with old access token" in name for name in forgetful)
    monkeypatch.undo()
    with SandboxPim(release, admin_password=ADMIN_PASSWORD, control_token=CONTROL_TOKEN) as pim:
        pim.faults.add(Fault(kind="status", path="/api/oauth/v1/token", status=503))
        assert not all(step.equal for step in compared(pim, recording, "09-minimal-role"))


def _shown(step: Compared) -> str:
    return "\n    ".join([step.name, *differences(step.recorded, step.replayed)])
