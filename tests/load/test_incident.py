"""The incident in short; `python -m tests.load.incident` plays it everywhere with ten connectors."""

from pathlib import Path

import pytest

from tests.load.incident import CASES, incident
from vault_pim.domain.connector import Mechanism

IN_SHORT = (
    ("7.0", Mechanism.CONNECTIONS, 10, "--cut-first"),
    ("4.0", Mechanism.CONNECTIONS, 2, "--replace-first"),
    ("1.7", Mechanism.USER_AND_CLIENT, 2, "--cut-first"),
    ("5.0", Mechanism.USER_AND_CLIENT, 2, "--replace-first"),
)


@pytest.mark.parametrize(("release", "mechanism", "connectors", "order"), IN_SHORT)
def test_old_set_opens_nothing_and_the_others_lose_no_call(
    tmp_path: Path, release: str, mechanism: Mechanism, connectors: int, order: str
) -> None:
    """Whatever a thief got before or tries after; the others call with the tokens they held before, without pause."""
    seen = incident(tmp_path / "town", release, mechanism, connectors=connectors, order=order)
    assert seen.alive == ()
    assert seen.failed == ()
    assert seen.code[0] == 0, seen.code[1]
    assert seen.least >= 5


def test_long_run_plays_every_release_by_every_mechanism() -> None:
    """Eight releases have users and clients, five of them connections, too."""
    assert len(CASES) == len(set(CASES)) == 13
