"""Load: a connector that calls without pause through rotations, and many connectors that are due at once.

    python -m tests.crash.load --rotations 200 --connectors 500

Exits 1 if a call failed, a PIM got more calls at once than allowed, the order was unfair, or memory grew.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tests.crash import report
from tests.crash.commands import APPLY, ROTATE
from tests.crash.proxy import VAULT, Proxy
from tests.crash.torture import Torture
from tests.crash.world import ERP, MARKER, World, remove
from vault_pim.domain.connector import Mechanism
from vault_pim.pim.account import needed
from vault_pim.pim.releases import RELEASES
from vault_pim.playground import PIM_ACCOUNT
from vault_pim.sandbox.connector import Connector
from vault_pim.sandbox.pim_server import SandboxPim

PATIENCE: Final = 3600.0
LOOK_AGAIN: Final = 0.2
FOR_ONE_PIM: Final = 45
"""Connectors; a PIM allows fifty connections."""
ALLOWED: Final = 2
GROWTH = 40.0
"""MiB that a daemon may have more at the end than after its first tenth; Python gives little back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A connector under rotations."""

    rotations: int
    calls: int
    failures: tuple[str, ...]
    generations: int


def rotations(directory: Path, many: int) -> Called:
    """Rotate and retire so often while the connector calls; each set is taken up before its former is retired."""
    with Torture(directory) as torture:
        world = torture.world
        _run(world, *APPLY)
        connector = Connector(ERP, world.servers.where(), world.playground.login_of("erp"))
        connector.log_in()
        connector.start()
        for _ in range(many):
            _run(world, *ROTATE)
            served = world.served()
            _until(lambda served=served: connector.tally.generations[-1] == (served or {})["generation"])
            world.let_grace_end()
            _run(world, *APPLY)
        connector.stop()
        tally = connector.tally
        return Called(
            rotations=many,
            calls=tally.calls,
            failures=tuple(tally.failures),
            generations=len(set(tally.generations)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Connectors that were all due at once.

    Attributes:
        pims: among which they are spread; each takes no more than fifty connections.
        allowed, most: calls to one PIM at once: by the configuration, and counted on the wire, of the busiest.
        overtaken: connectors that were begun a second time before all had begun once.
        early, late: resident memory of the daemon in MiB, after the first tenth and at the end.
    """

    connectors: int
    pims: int
    seconds: float
    allowed: int
    most: int
    overtaken: int
    early: float
    late: float


def crowd(directory: Path, many: int) -> Crowd:
    """Let one daemon provision that many connectors."""
    with ExitStack() as stack:
        world = stack.enter_context(World(directory))
        pims = -(-many // FOR_ONE_PIM)
        allowed = _configure(world, [_add_pim(world, stack, f"p{number:02}") for number in range(pims)], many)
        world.tap.most.clear()
        begun = time.monotonic()
        world.program.start("daemon")
        stack.callback(world.program.close)
        _until(lambda: _done(world.audit) >= max(1, many // 10))
        early = world.program.memory
        _until(lambda: _done(world.audit) >= many)
        seconds, late = time.monotonic() - begun, world.program.memory
        world.program.end()
        world.program.wait()
        return Crowd(
            connectors=many,
            pims=pims,
            seconds=seconds,
            allowed=allowed,
            most=max(most for side, most in world.tap.most.items() if side != VAULT),
            overtaken=_overtaken(world.audit, many),
            early=early,
            late=late,
        )


def _add_pim(world: World, stack: ExitStack, name: str) -> tuple[str, dict[str, Any]]:
    """A PIM of its own behind a proxy of its own; its name and how it is configured."""
    pim = stack.enter_context(SandboxPim(release=world.place.release, secret_marker=MARKER))
    release = next(one for one in RELEASES if one.name == world.place.release)
    password_file = world.directory / f"{name}_password"
    password_file.touch(mode=0o600)
    password_file.write_text(pim.add_account(PIM_ACCOUNT, needed(release, Mechanism.CONNECTIONS, console=False)))
    proxy = stack.enter_context(Proxy(name, lambda: pim.url, world.tap))
    web = {"username": PIM_ACCOUNT, "password_file": str(password_file)}
    return name, {"url": proxy.url, "web": web, "max_parallel": ALLOWED}


def _configure(world: World, pims: list[tuple[str, dict[str, Any]]], many: int) -> int:
    """So many connectors, with everything `setup` makes for them; how many calls at once are allowed."""
    config: dict[str, Any] = yaml.safe_load(world.playground.config.read_text())
    one = config["connectors"]["erp"]
    config["pims"] = dict(pims)
    config["connectors"] = {
        f"c{number:03}": one | {"pim": pims[number % len(pims)][0], "label": f"C{number:03}"} for number in range(many)
    }
    world.playground.config.write_text(yaml.safe_dump(config))
    world.playground.set_up()
    return ALLOWED


def _events(audit: Path) -> list[dict[str, Any]]:
    if not audit.exists():
        return []
    whole = [line for line in audit.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return [json.loads(line) for line in whole]


def _done(audit: Path) -> int:
    """How many connectors are served."""
    text = audit.read_text() if audit.exists() else ""
    return sum('"step": "publish"' in line and 'step:done"' in line for line in text.splitlines())


def _overtaken(audit: Path, many: int) -> int:
    """How many connectors began again before all had begun once."""
    begun: Counter[str] = Counter()
    overtaken = 0
    for event in _events(audit):
        if event["tag"].endswith("step:begun") and event.get("step") == "issue":
            begun[event["connector"]] += 1
            overtaken += begun[event["connector"]] > 1 and len(begun) < many
    return overtaken


def _run(world: World, *command: str) -> None:
    code = world.program.run(*command)
    if code not in (0, 2):
        raise RuntimeError(f"{command[0]} ended with {code}: {world.output.read_text()[-600:]}")


def _until(what: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > deadline:
            raise RuntimeError("it did not come true in time")
        threading.Event().wait(LOOK_AGAIN)


def is_good(called: Called, many: Crowd) -> bool:
    """Whether the promises held."""
    return (
        not called.failures
        and called.generations == called.rotations + 1
        and many.most <= many.allowed
        and not many.overtaken
        and many.late - many.early <= GROWTH
    )


def main() -> int:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rotations", type=int, default=200)
    parser.add_argument("--connectors", type=int, default=500)
    parser.add_argument("--write", action="store_true", help="into docs/explanation/failure.md")
    given = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="vault-pim-load-"))
    try:
        called = rotations(directory / "rotations", given.rotations)
        many = crowd(directory / "crowd", given.connectors)
    finally:
        remove(directory)
    rows = [
        ("Load", "Seen"),
        (f"{called.rotations} rotations of one connector that calls without pause", f"{called.calls:,} calls"),
        ("of them failed", f"{len(called.failures)}"),
        (
            f"{many.connectors} connectors at {many.pims} PIMs due at once, one daemon",
            f"served after {many.seconds:.0f} s",
        ),
        (f"most calls to one PIM at once; {many.allowed} allowed", f"{many.most}"),
        ("begun twice before all had begun", f"{many.overtaken}"),
        ("memory of the daemon after a tenth, at the end", f"{many.early:.0f} MiB, {many.late:.0f} MiB"),
    ]
    sys.stdout.write(f"{report.plain(rows)}\n")
    if given.write:
        report.write(report.markdown(rows, words=1), name="load")
    return 0 if is_good(called, many) else 1


if __name__ == "__main__":
    sys.exit(main())
