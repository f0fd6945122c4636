"""No history ends badly: a short look at every run of the tests, a long one in `make torture`."""

import os

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import Histories

HISTORIES = int(os.environ.get("VAULT_PIM_HISTORIES", "150"))
"""`make torture` asks for 10,000."""
HISTORY = settings(
    max_examples=HISTORIES,
    stateful_step_count=15,
    deadline=None,
    derandomize="VAULT_PIM_HISTORIES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)


def test_no_history_loses_or_serves_a_dead_set() -> None:
    """Passes, operators, people, time, deaths, lost answers and intruders, in any order."""
    run_state_machine_as_test(Histories, settings=HISTORY)
