"""What a decision, a finding or an error is called, for people and in `--json` (docs/reference/json.md).

Used by the commands that look at connectors, and by `main.py` for what ends a command.
"""

from typing import Any

from vault_pim.domain.errors import VaultPimError
from vault_pim.domain.outcomes import Alarm, Decision, Do, Finding, Mend, Wait
from vault_pim.domain.reasons import SENTENCES


def describe(decision: Decision) -> str:
    """A decision in a few words."""
    match decision:
        case Do(step=step, number=number, replaces=None):
            return f"{step} generation {number}"
        case Do(step=step, number=number, replaces=former):
            return f"{step} generation {number} in place of {former}"
        case Mend(part=part, number=None):
            return f"mend {part}"
        case Mend(part=part, number=number):
            return f"mend {part} of generation {number}"
        case Wait():
            return "nothing"
        case Alarm(detail=detail):
            return f"a person is needed: {detail}"


def decision_json(decision: Decision) -> dict[str, Any]:
    """A decision as `--json` shows it."""
    kind = type(decision).__name__.lower()
    shared = {"kind": kind, "reason": str(decision.reason), "because": SENTENCES[decision.reason]}
    match decision:
        case Do(step=step, number=number, replaces=former):
            return shared | {"step": str(step), "generation": number, "replaces": former}
        case Mend(part=part, number=number):
            return shared | {"part": str(part), "generation": number}
        case Wait(until=until):
            return shared | {"until": until}
        case Alarm(detail=detail, advice=advice):
            return shared | {"detail": detail, "advice": advice}


def finding_json(finding: Finding) -> dict[str, str]:
    """A finding as `--json` shows it."""
    return {"reason": str(finding.reason), "detail": finding.detail, "because": SENTENCES[finding.reason]}


def failure_json(error: VaultPimError | None) -> dict[str, Any] | None:
    """What stopped a connector, as `--json` shows it."""
    if error is None:
        return None
    return error_json(what=error.what, why=error.why, advice=error.advice, exit_code=error.exit_code)


def error_json(*, what: str, why: str, advice: str, exit_code: int) -> dict[str, Any]:
    """An error as `--json` shows it, alone or as part of a result."""
    return {"what": what, "why": why, "advice": advice, "exit_code": exit_code}
