"""Every planted bug is caught by the histories, soon."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model import machine
from tests.model.machine import Histories
from tests.model.mutants import MUTANTS
from tests.model.world import Harm
from vault_pim.engine import asks

HUNT = settings(
    max_examples=20_000,  # most are caught within a hundred; what else is imported changes what is drawn first
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)


@pytest.mark.parametrize("name", MUTANTS)
def test_planted_bug_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A history shows harm where the bug is, and only there (see `test_histories.py`)."""
    MUTANTS[name].plant(monkeypatch.setattr)
    monkeypatch.setattr(machine, "ask_revocation", asks.ask_revocation)
    with pytest.raises(Harm):
        run_state_machine_as_test(Histories, settings=HUNT)
