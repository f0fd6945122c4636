"""The exercise in short; `python -m tests.load` runs it in full."""

from pathlib import Path

from tests.load.exercise import Exercise


def test_busy_connector_loses_no_call_to_rotations_and_outages_of_vault(tmp_path: Path) -> None:
    """Four threads, three rotations, Vault killed and sealed, the PIM restarted, every token expired."""
    outcome = Exercise(tmp_path / "world", lambda _: None, threads=4).run(rotations=3, sealed=0.5)
    assert outcome.unexcused == [], str(outcome)
    assert outcome.calls > 200
    assert outcome.grants <= outcome.least_grants + outcome.by_life + 1, str(outcome)


def test_busy_connector_recovers_by_itself_from_a_rotation_in_place(tmp_path: Path) -> None:
    """No call fails: those that are refused wait for the new set, for as long as the outage is."""
    outcome = Exercise(tmp_path / "world", lambda _: None, threads=4).in_place(rotations=1)
    assert outcome.unexcused == [], str(outcome)
    assert outcome.longest < 5.0
