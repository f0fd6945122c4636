"""`python -m benchmarks`: every benchmark, one table."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.connector import connector_beside_others
from benchmarks.engine import engine_over_bare
from benchmarks.figure import Figure
from benchmarks.idle import idle_connectors
from benchmarks.revoke import one_command, the_whole_fleet
from benchmarks.start_up import start_up
from vault_pim.playground import Playground


def main() -> int:
    """Run them all; exits 1 if a target is missed, with the figure."""
    figures: list[Figure] = []
    with _world() as world:
        figures += [*engine_over_bare(world), *start_up(world), *one_command(world)]
    with _world() as world:
        _provision(world)
        figures += [*connector_beside_others(world), *idle_connectors(world)]
    figures.append(the_whole_fleet())
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        print(f"{figure.name.ljust(width)}  {figure.said}  {figure.judged}")
    return 0 if all(figure.met for figure in figures) else 1


@contextmanager
def _world() -> Iterator[Playground]:
    """One that is set up; the engine's benchmark ends with every connector revoked."""
    with (
        tempfile.TemporaryDirectory(prefix="vault-pim-bench-") as directory,
        Playground(Path(directory), "7.0") as world,
    ):
        world.set_up()
        yield world


def _provision(world: Playground) -> None:
    command = [sys.executable, "-m", "vault_pim", "--config", str(world.config), "apply"]
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
