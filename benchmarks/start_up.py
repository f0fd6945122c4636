"""How long a person or a connector waits for a command that has nothing else to do."""

import os
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.pairs import process
from vault_pim.playground import Playground

ROUNDS = 7


def start_up(world: Playground) -> list[Figure]:
    """Wall time of whole processes; medians after one round that is not counted."""
    program = str(Path(sys.executable).with_name("vault-pim"))
    subprocess.run([program, "--config", str(world.config), "rotate", "shop"], check=True, capture_output=True)
    wanted = (
        ("vault-pim --help", [program, "--help"], 0.25),
        ("vault-pim get", [program, "--config", str(world.config), "get", "shop"], 0.35),
    )
    return [_figure(name, command, target) for name, command, target in wanted]


def _figure(name: str, command: list[str], target: float) -> Figure:
    run = process(command, os.environ)
    counted = [run() for _ in range(ROUNDS + 1)][1:]
    return Figure(
        name=name,
        median=statistics.median(counted),
        unit="s",
        target=target,
        of=f"median of {ROUNDS}, {min(counted):.2f} to {max(counted):.2f}",
    )
