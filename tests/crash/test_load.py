"""A little of the load of `python -m tests.crash.load`."""

from pathlib import Path

from tests.crash.load import crowd, is_good, rotations

ROTATIONS = 2
CONNECTORS = 6


def test_no_call_fails_and_no_pim_gets_more_calls_than_allowed(tmp_path: Path) -> None:
    """A connector calls through rotations; then many connectors are due at once."""
    called, many = rotations(tmp_path / "rotations", ROTATIONS), crowd(tmp_path / "crowd", CONNECTORS)
    assert called.calls > ROTATIONS
    assert many.most > 0
    assert is_good(called, many), (called, many)
