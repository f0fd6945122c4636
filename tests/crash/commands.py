"""What is run and killed: the commands, and how one is run to its end."""

import time

from tests.crash.world import ERP, World

APPLY = ("apply", ERP)
ROTATE = ("rotate", ERP)
REVOKE = ("revoke", ERP, "--reason", "leaked", "--yes", "--no-reissue")
REISSUE = ("revoke", ERP, "--reason", "leaked", "--yes")
REPLACE_FIRST = (*REISSUE, "--replace-first")
DAEMON = ("daemon",)
PATIENCE = 40.0
"""Seconds until a daemon must have done what is due."""


def run(world: World, command: tuple[str, ...], change: str = "", *, patience: float = PATIENCE) -> int:
    """Run a command to its end, or a daemon until nothing is left to do; gives the exit code."""
    program = world.program
    program.start(*command, change=change)
    if command == DAEMON:
        deadline = time.monotonic() + patience
        while not program.ended(within=0.02) and time.monotonic() < deadline:
            if world.tap.names and world.settled():
                break
        program.end()
    return program.wait()


def run_well(world: World, *command: str) -> None:
    """The same where nothing may go wrong.

    Raises:
        RuntimeError: it failed.
    """
    code = run(world, command)
    if code not in (0, 2):
        raise RuntimeError(f"{' '.join(command)} ended with {code}: {world.output.read_text()}")
