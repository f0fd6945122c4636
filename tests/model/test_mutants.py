"""Every planted bug is caught by the histories, soon."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model import machine
from tests.model.machine import Histories
from tests.model.mutants import MUTANTS, ON_SERVERS
from tests.model.world import NAMES, Harm
from vault_pim.domain.policy import LateReaders, Retire
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


class AfterARotation(Histories):
    """Histories in which every connector was rotated once."""

    def __init__(self) -> None:
        super().__init__()
        for id_ in NAMES:
            self.somebody_does(id_, "pass")
            self.somebody_does(id_, "rotate")


class PimThatDoesNotBury(AfterARotation):
    """The same at a PIM that says that it deleted, and lets tokens live on."""

    def __init__(self) -> None:
        super().__init__()
        self.world.pim.undead = True


class WithLateReaders(Histories):
    """Histories in which every connector was rotated, and has a process that is waited for."""

    def __init__(self) -> None:
        super().__init__()
        for id_ in NAMES:
            self.policy_changes(id_, Retire.GRACE_OVER, LateReaders.WAIT)
            self.somebody_does(id_, "pass")
            self.reader_moves_on(id_)
            self.somebody_does(id_, "rotate")


HUNTED_AMONG = {
    "late readers cut": WithLateReaders,
    "retire forgets the PIM": AfterARotation,
    "orphans left": AfterARotation,
    "destroy before proof": PimThatDoesNotBury,
    "deletion taken for proof": PimThatDoesNotBury,
}
"""Where a bug needs so much to happen first that it would take long to be found."""


@pytest.mark.parametrize("name", [one for one in MUTANTS if one not in ON_SERVERS])
def test_planted_bug_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A history shows harm where the bug is, and only there (see `test_histories.py`)."""
    MUTANTS[name].plant(monkeypatch.setattr)
    monkeypatch.setattr(machine, "ask_revocation", asks.ask_revocation)
    with pytest.raises(Harm):
        run_state_machine_as_test(HUNTED_AMONG.get(name, Histories), settings=HUNT)


@pytest.mark.parametrize("histories", sorted(set(HUNTED_AMONG.values()), key=str))
def test_no_such_history_ends_badly_without_a_bug(histories: type[Histories]) -> None:
    """Where they begin is no harm by itself."""
    run_state_machine_as_test(histories, settings=settings(HUNT, max_examples=10))
