"""`prove --drill`: rehearse a revocation on a connector that is there for nothing else, and say how long it took."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import typer

from vault_pim.assembly import Installation
from vault_pim.cli.errors import tell
from vault_pim.cli.invocation import worst
from vault_pim.cli.outcomes import describe, failure_json
from vault_pim.cli.render import GOOD, Output
from vault_pim.cli.until import passes_until
from vault_pim.domain.connector import Connector
from vault_pim.domain.errors import ConfigurationError, NotProven, VaultPimError
from vault_pim.domain.outcomes import Alarm, Do, Mend
from vault_pim.domain.reasons import SENTENCES
from vault_pim.domain.state import ConnectorState
from vault_pim.engine.asks import ask_revocation, ask_rotation
from vault_pim.engine.drill import aftermath, record_drill, time_to_revoke, witness
from vault_pim.engine.reconcile import Pass

PATIENCE = timedelta(seconds=60)
"""How long a phase may take, whoever works on it."""
REASON = "drill"
NOTHING_SHOWN: Mapping[str, Any] = {
    "generation": None,
    "time_to_revoke_seconds": None,
    "asked_at": None,
    "proven_at": None,
    "evidence": [],
}


def run_drills(output: Output, installation: Installation, names: list[str]) -> None:
    """Rehearse on each drill connector, or on those that are named. One that fails keeps no other from its drill.

    Raises:
        ConfigurationError: there is none, or a named one is not there for drills.
        VaultPimError: the drill of one alone failed, or left something alive.
    """
    drills: list[dict[str, Any]] = []
    errors: list[VaultPimError] = []
    chosen = _chosen(installation, names)
    for connector in chosen:
        try:
            drills.append(_drill(output, installation, connector))
        except VaultPimError as failed:
            errors.append(failed)
            drills.append({**NOTHING_SHOWN, "connector": connector.id, "error": failure_json(failed)})
    if errors and len(chosen) == 1:
        raise errors[0]
    output.json({"drills": drills})
    for one in (one for one in drills if not one["error"]):
        for line in one["evidence"]:
            output.line(f"  {line}")
        seconds = one["time_to_revoke_seconds"]
        output.line(f"{one['connector']}: revoked and proven dead {seconds:.2f} s after it was asked for.", GOOD)
    for error in errors:
        tell(error.what, error.why, error.advice)
    if errors:
        raise typer.Exit(worst(error.exit_code for error in errors))


def _chosen(installation: Installation, names: list[str]) -> list[Connector]:
    """The connectors to rehearse on; never one that anybody works with."""
    wanted = [installation.settings.connector(name) for name in names]
    if used := [str(one.id) for one in wanted if not one.drill]:
        raise ConfigurationError(
            f"{', '.join(used)} is in use",
            why="a drill revokes",
            advice="Name a connector with `drill: true`, or none.",
        )
    found = wanted or [one for one in installation.settings.connectors() if one.drill]
    if not found:
        raise ConfigurationError(
            "no connector is there for drills",
            advice="Declare one with `drill: true` and run `vault-pim setup` (docs/how-to/prove.md).",
        )
    return found


def _drill(output: Output, installation: Installation, connector: Connector) -> dict[str, Any]:
    tools = installation.reconciler(connector.id.pim).tools
    with output.progress("Drill") as report:
        before = installation.states.load(connector.id).state
        if before.live or (before.revocation is not None and before.revocation.proven_at is None):
            report(f"{connector.id}: cleaning up after a drill that was broken off")
            _revoke(installation, connector, report)
        try:
            report(f"{connector.id}: a set is issued, verified and served")
            ask_rotation(tools, connector.id)
            _until(installation, connector, report, lambda state: state.current is not None and not state.pending)
            seen = witness(tools, connector)
            report(f"{connector.id}: the set opens its doors; now it is revoked")
        finally:  # also when a person interrupts it: a drill leaves no live set
            state = _revoke(installation, connector, report)
        evidence = aftermath(tools, connector, seen)
        took = time_to_revoke(state)
        record_drill(tools, connector, took)
    asked = state.revocation
    return {
        "connector": connector.id,
        "generation": seen.number,
        "time_to_revoke_seconds": round(took.total_seconds(), 3),
        "asked_at": asked.asked_at if asked else None,
        "proven_at": asked.proven_at if asked else None,
        "evidence": [*(asked.evidence if asked else ()), *evidence],
        "error": None,
    }


def _revoke(installation: Installation, connector: Connector, report: Callable[[str], None]) -> ConnectorState:
    ask_revocation(installation.reconciler(connector.id.pim).tools, connector.id, reason=REASON)
    return _until(
        installation, connector, report, lambda state: state.revocation is not None and bool(state.revocation.proven_at)
    )


def _until(
    installation: Installation,
    connector: Connector,
    report: Callable[[str], None],
    reached: Callable[[ConnectorState], bool],
) -> ConnectorState:
    """Run passes, or watch a daemon that does, until the state is reached."""

    def watch(decision: Do | Mend) -> None:
        report(f"{connector.id}: {describe(decision)}")

    def judge(passed: Pass) -> None:
        if isinstance(passed.end, Alarm):
            why = f"{SENTENCES[passed.end.reason]}: {passed.end.detail}"
            raise NotProven(f"the drill of {connector.id} cannot go on", why=why, advice=passed.end.advice)

    def too_late(_: ConnectorState) -> NotProven:
        advice = f"See `vault-pim status {connector.id}`."
        return NotProven(f"the drill of {connector.id} does not go on", advice=advice)

    return passes_until(
        installation, connector.id, reached, patience=PATIENCE, watch=watch, judge=judge, too_late=too_late
    )
