"""`python -m benchmarks`: every benchmark, one table."""

import sys
import tempfile
from pathlib import Path

from benchmarks.engine import engine_over_bare
from benchmarks.start_up import start_up
from vault_pim.playground import Playground


def main() -> int:
    """Run them all; exits 1 if a target is missed, with the figure."""
    with (
        tempfile.TemporaryDirectory(prefix="vault-pim-bench-") as directory,
        Playground(Path(directory), "7.0") as world,
    ):
        world.set_up()
        figures = [*engine_over_bare(world), *start_up(world)]
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        print(f"{figure.name.ljust(width)}  {figure.said}  {figure.judged}")
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
