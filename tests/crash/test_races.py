"""Two programs at once over one connector, on the real Vault and the sandbox PIM: whoever loses stops."""

import random
import threading
from collections.abc import Iterator

import pytest

from tests.crash.runner import Program
from tests.crash.scenarios import APPLY, REVOKE, ROTATE
from tests.crash.torture import Torture

ROUNDS = 4
WITHIN = 0.25
"""Seconds; about as long as one run takes."""
TOGETHER = {"two rotations": (ROTATE, ROTATE), "revoke against rotate": (ROTATE, REVOKE), "apply twice": (APPLY, APPLY)}


@pytest.fixture(scope="module")
def torture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Torture]:
    """A world in which ERP is served."""
    with Torture(tmp_path_factory.mktemp("races")) as world:
        world.prepare(["provision", "rotate"])
        yield world


@pytest.fixture(scope="module")
def other(torture: Torture) -> Iterator[Program]:
    """A second process."""
    program = Program(torture.world.playground.config, torture.world.output)
    yield program
    program.close()


@pytest.mark.parametrize("name", TOGETHER)
def test_two_programs_at_once_end_as_one(torture: Torture, other: Program, name: str) -> None:
    """The second begins anywhere in the run of the first; a revocation that was asked for is proven."""
    first, second = TOGETHER[name]
    chance = random.Random(name)
    for _ in range(ROUNDS):
        torture.begin("rotate" if first is ROTATE else "provision")
        torture.world.program.start(*first)
        threading.Event().wait(chance.uniform(0, WITHIN))
        code = other.run(*second)
        assert {code, torture.world.program.wait()} <= {0, 2, 5}, torture.world.output.read_text()
        if second is REVOKE:
            assert code == 0
            assert torture.world.cut_off()
        assert torture.end() == ()
