"""OpenBao's own database engine is killed by the same harness, and a password that does not log in would be seen."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.peer import NAMES, Peer, exercise, table
from tests.crash.postgres import NoPostgresError, programs


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    """With a PostgreSQL, or not at all."""
    try:
        programs()
    except NoPostgresError as reason:
        pytest.skip(str(reason))
    with Peer(tmp_path) as one:
        yield one


def test_engine_is_killed_in_the_middle_of_a_rotation(peer: Peer) -> None:
    """What is served is tried at PostgreSQL, which refuses every other password."""
    assert peer.points()[-2:] == ["alter", "commit"]
    struck = list(exercise(peer, 4, random.Random(1)))
    assert [row[1] for row in table(struck)] == ["Kills", "2", "0", "0", "2", "4"]
    assert peer.works(NAMES[0])
    assert not peer.postgres.logs_in(NAMES[0], "another")
