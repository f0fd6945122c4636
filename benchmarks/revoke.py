"""How long a person waits for `revoke` with its proof: for one connector, and for a hundred at once.

Whole processes, from their start to their end. The ratio to the bare upstream calls in it is measured in engine.py.
"""

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from benchmarks.figure import Figure
from vault_pim.domain.connector import Mechanism
from vault_pim.pim.account import needed
from vault_pim.pim.releases import RELEASES
from vault_pim.playground import PIM_ACCOUNT, TOKEN_LIFETIME, Playground
from vault_pim.sandbox.pim_server import SandboxPim

ROUNDS = 20
ONE = 1.0
FLEET, FLEET_WITHIN = 100, 15.0
PIMS = ("north", "south")
"""Two, since a PIM has slots for fifty connections."""
REVOKE = ("--reason", "benchmark", "--no-reissue", "--yes", "--json")


def one_command(world: Playground) -> list[Figure]:
    """The 95th percentile of `revoke` for one connector, after one round that is not counted."""
    times = []
    for _ in range(ROUNDS + 1):
        _run(world, "rotate", "shop")
        times.append(_timed(world, "revoke", "shop", *REVOKE)[0])
    counted = sorted(times[1:])
    return [
        Figure(
            name="vault-pim revoke, 95th percentile",
            median=counted[math.ceil(0.95 * ROUNDS) - 1],
            unit="s",
            target=ONE,
            of=f"{ROUNDS} commands, median {statistics.median(counted):.2f}, {counted[0]:.2f} to {counted[-1]:.2f}",
        )
    ]


def the_whole_fleet() -> Figure:
    """`revoke '*'` for a hundred connectors at two PIMs, once."""
    with (
        tempfile.TemporaryDirectory(prefix="vault-pim-bench-") as directory,
        Playground(Path(directory), "7.0") as world,
        SandboxPim(release="7.0", access_token_lifetime=TOKEN_LIFETIME) as second,
    ):
        _spread(world, dict(zip(PIMS, (world.pim, second), strict=True)))
        world.set_up()
        _run(world, "apply")
        seconds, said = _timed(world, "revoke", "*", *REVOKE)
    proven = sum(one["proven"] for one in said["connectors"])
    if proven != FLEET:
        raise RuntimeError(f"{proven} of {FLEET} revocations were proven")
    slowest = max(one["seconds"] for one in said["connectors"])
    return Figure(
        name=f"vault-pim revoke of {FLEET} at once",
        median=seconds,
        unit="s",
        target=FLEET_WITHIN,
        of=f"one command, two PIMs, the slowest connector {slowest:.2f} s",
    )


def _spread(world: Playground, pims: dict[str, SandboxPim]) -> None:
    """A configuration with as many connectors at each PIM."""
    document: dict[str, Any] = yaml.safe_load(world.config.read_text())
    release = next(one for one in RELEASES if one.name == "7.0")
    shop, usual = document["connectors"]["shop"], document["pims"].pop("sandbox")
    for name, pim in pims.items():
        file = world.directory / f"password-{name}"
        file.touch(mode=0o600)
        account = f"{PIM_ACCOUNT}-{name}"
        file.write_text(pim.add_account(account, needed(release, Mechanism.CONNECTIONS, console=False)))
        document["pims"][name] = usual | {"url": pim.url, "web": {"username": account, "password_file": str(file)}}
    document["connectors"] = {
        f"c{number}": shop | {"pim": PIMS[number % len(PIMS)], "label": f"c{number}"} for number in range(FLEET)
    }
    world.config.write_text(yaml.safe_dump(document))


def _timed(world: Playground, *arguments: str) -> tuple[float, dict[str, Any]]:
    begun = time.perf_counter()
    said = _run(world, *arguments)
    return time.perf_counter() - begun, json.loads(said)


def _run(world: Playground, *arguments: str) -> str:
    program = str(Path(sys.executable).with_name("vault-pim"))
    command = [program, "--config", str(world.config), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ)).stdout
