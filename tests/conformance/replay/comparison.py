"""Holds a sandbox PIM to a recording: which steps differ, and how."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conformance.replay.player import ADMIN_PASSWORD, CONTROL_TOKEN, Player, furnish, read
from vault_pim.sandbox.pim_server import SandboxPim

RECORDINGS = Path(__file__).parents[1] / "recordings"


@dataclass(frozen=True)
class Compared:
    """One step, answered by both."""

    name: str
    recorded: Any
    replayed: Any

    @property
    def equal(self) -> bool:
        return bool(self.recorded == self.replayed)


def themes(recording: str) -> list[str]:
    return sorted(path.stem for path in (RECORDINGS / recording).glob("*.jsonl"))


def compared(pim: SandboxPim, recording: str, theme: str) -> Iterator[Compared]:
    """Play one theme against a running PIM, as freshly installed as the recorded one was."""
    if theme != "00-seed":
        furnish(pim)
    with Player(pim, theme) as player:
        for number, step in enumerate(read(RECORDINGS / recording / f"{theme}.jsonl"), 1):
            recorded, replayed = player.play(step)
            yield Compared(f"{theme}/{number:03d} {step['step']}", recorded, replayed)


def replayed(release: str, recording: str, theme: str) -> list[Compared]:
    """Play one theme against a PIM of this release."""
    with SandboxPim(release, admin_password=ADMIN_PASSWORD, control_token=CONTROL_TOKEN) as pim:
        return list(compared(pim, recording, theme))


def differences(recorded: Any, replayed: Any, place: str = "") -> Iterable[str]:
    """Where two normal forms differ, for the reader of a failing test."""
    if isinstance(recorded, dict) and isinstance(replayed, dict):
        for key in sorted({*recorded, *replayed}):
            yield from differences(recorded.get(key, "(absent)"), replayed.get(key, "(absent)"), f"{place}.{key}")
    elif isinstance(recorded, list) and isinstance(replayed, list) and len(recorded) == len(replayed):
        for number, (one, other) in enumerate(zip(recorded, replayed, strict=True)):
            yield from differences(one, other, f"{place}[{number}]")
    elif recorded != replayed:
        yield f"{place}: recorded {recorded!r}, replayed {replayed!r}"
