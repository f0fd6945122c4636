"""Two daemons and a command at once over one connector, on the real Vault and the sandbox PIM: whoever loses stops."""

import random
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.crash.proxy import CONFIGURED, Deed
from tests.crash.races import RACES, Race, Track
from tests.crash.torture import Torture


@pytest.fixture(scope="module")
def track(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Track]:
    """A world with two daemons and an operator."""
    with Torture(tmp_path_factory.mktemp("races")) as torture, ExitStack() as stack:
        torture.prepare(race.scenario for race in RACES)
        yield Track(torture, stack)


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.name)
@pytest.mark.parametrize("harm", [None, Deed.VAULT_DIES, *CONFIGURED], ids=str)
def test_daemons_and_a_command_at_once_end_as_one(track: Track, race: Race, harm: Deed | None) -> None:
    """Whoever loses stops; a revocation that was asked for is proven, whoever works on the connector."""
    assert track.run(race, random.Random(race.name), harm).bad == ()
