"""The lifecycle of a generation, as a table. Everything that allows or forbids a move stands here.

Two rules: no other module decides where a step leads, and this one knows nothing of how a step is done. The diagram in
README.md and docs/explanation/lifecycle.md is drawn from the table by `mermaid()`.
"""

from collections.abc import Mapping

from vault_pim.domain.errors import Impossible
from vault_pim.domain.generation import Stage, Step

TRANSITIONS: Mapping[Stage, Mapping[Step, Stage]] = {
    Stage.PLANNED: {Step.ISSUE: Stage.ISSUED, Step.REVOKE: Stage.REVOKED, Step.ABANDON: Stage.ABANDONED},
    Stage.ISSUED: {Step.VERIFY: Stage.VERIFIED, Step.REVOKE: Stage.REVOKED, Step.ABANDON: Stage.ABANDONED},
    Stage.VERIFIED: {Step.PUBLISH: Stage.CURRENT, Step.REVOKE: Stage.REVOKED, Step.ABANDON: Stage.ABANDONED},
    Stage.CURRENT: {Step.REVOKE: Stage.REVOKED},
    Stage.GRACE: {Step.RETIRE: Stage.RETIRED, Step.REVOKE: Stage.REVOKED},
    Stage.RETIRED: {},
    Stage.REVOKED: {},
    Stage.ABANDONED: {},
}


def advance(stage: Stage, step: Step) -> Stage:
    """The stage a step leads to.

    Raises:
        Impossible: the table has no such move; nothing was changed.
    """
    try:
        return TRANSITIONS[stage][step]
    except KeyError:
        raise Impossible(f"a generation that is {stage} cannot {step}") from None


def mermaid() -> str:
    """The table as a Mermaid state diagram; publishing also moves the former current one to grace."""
    lines = ["stateDiagram-v2", f"    [*] --> {Stage.PLANNED.upper()}: intent saved"]
    for stage, moves in TRANSITIONS.items():
        lines += [f"    {stage.upper()} --> {target.upper()}: {step}" for step, target in moves.items()]
        if not moves:
            lines.append(f"    {stage.upper()} --> [*]")
    lines.append(f"    {Stage.CURRENT.upper()} --> {Stage.GRACE.upper()}: successor published")
    return "\n".join(lines) + "\n"
