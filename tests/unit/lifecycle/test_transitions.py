"""The table of moves: every legal one leads where it should, every other one is refused."""

from itertools import product

import pytest

from vault_pim.domain.errors import Impossible
from vault_pim.domain.generation import Stage, Step
from vault_pim.lifecycle.transitions import TRANSITIONS, advance, mermaid

LEGAL = {
    (Stage.PLANNED, Step.ISSUE): Stage.ISSUED,
    (Stage.PLANNED, Step.REVOKE): Stage.REVOKED,
    (Stage.PLANNED, Step.ABANDON): Stage.ABANDONED,
    (Stage.ISSUED, Step.VERIFY): Stage.VERIFIED,
    (Stage.ISSUED, Step.REVOKE): Stage.REVOKED,
    (Stage.ISSUED, Step.ABANDON): Stage.ABANDONED,
    (Stage.VERIFIED, Step.PUBLISH): Stage.CURRENT,
    (Stage.VERIFIED, Step.REVOKE): Stage.REVOKED,
    (Stage.VERIFIED, Step.ABANDON): Stage.ABANDONED,
    (Stage.CURRENT, Step.REVOKE): Stage.REVOKED,
    (Stage.GRACE, Step.RETIRE): Stage.RETIRED,
    (Stage.GRACE, Step.REVOKE): Stage.REVOKED,
}


@pytest.mark.parametrize(("stage", "step"), list(product(Stage, Step)))
def test_move_is_as_the_architecture_has_it_or_refused(stage: Stage, step: Step) -> None:
    """All 48 pairs."""
    if (stage, step) in LEGAL:
        assert advance(stage, step) is LEGAL[stage, step]
    else:
        with pytest.raises(Impossible, match=f"{stage} cannot {step}"):
            advance(stage, step)


def test_stages_without_a_move_are_the_final_ones() -> None:
    """And every stage stands in the table."""
    assert set(TRANSITIONS) == set(Stage)
    assert {stage for stage, moves in TRANSITIONS.items() if not moves} == {one for one in Stage if one.final}


def test_every_live_stage_can_be_revoked() -> None:
    """A leak asks no stage for leave."""
    assert all(Step.REVOKE in moves for stage, moves in TRANSITIONS.items() if not stage.final)


def test_pending_stages_are_those_that_can_be_abandoned() -> None:
    """What has gone out is retired or revoked."""
    assert {stage for stage, moves in TRANSITIONS.items() if Step.ABANDON in moves} == {
        one for one in Stage if one.pending
    }


def test_diagram_has_every_move_and_the_one_of_the_former_set() -> None:
    """One line for each, a beginning, and an end for each final stage."""
    lines = mermaid().splitlines()
    assert lines[0] == "stateDiagram-v2"
    for (stage, step), target in LEGAL.items():
        assert f"    {stage.upper()} --> {target.upper()}: {step}" in lines
    assert "    CURRENT --> GRACE: successor published" in lines
    assert len(lines) == 1 + 1 + len(LEGAL) + 3 + 1
