"""`status`: where each connector stands, by Vault and by its PIM; a silent PIM costs the findings, not the answer."""

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from vault_pim.assembly import Installation, assemble
from vault_pim.cli.invocation import FINDING, AsJson, ConnectorNames, invocation
from vault_pim.cli.outcomes import describe, failure_json, finding_json
from vault_pim.cli.passes import Result, chosen, for_each
from vault_pim.cli.render import BAD, GOOD, QUIET, WARN, Cell, Output
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import VaultPimError
from vault_pim.domain.facts import Survey
from vault_pim.domain.generation import Generation
from vault_pim.domain.outcomes import Alarm, Decision, Finding, Wait
from vault_pim.domain.reasons import SENTENCES
from vault_pim.domain.state import ConnectorState
from vault_pim.domain.wording import clean, human_duration, human_instant
from vault_pim.engine.reconcile import Reconciler
from vault_pim.lifecycle.outage import measured
from vault_pim.lifecycle.schedule import due_of_current

COLUMNS = ("Connector", "Stage", "Generation", "Age", "Next due", "Last outcome", "Findings")
REFRESH = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one connector stands; `error` is why its PIM or record could not be seen."""

    connector: ConnectorId
    state: ConnectorState | None
    decision: Decision | None
    findings: tuple[Finding, ...]
    due_at: datetime | None
    error: VaultPimError | None

    @property
    def troubled(self) -> bool:
        """A person should look."""
        return bool(self.findings) or self.error is not None or isinstance(self.decision, Alarm)

    def as_json(self, now: datetime) -> dict[str, Any]:
        """The standing as `--json` shows it."""
        state = self.state
        current = state.current if state else None
        return {
            "connector": self.connector,
            "stage": _stage(state),
            "generation": current.number if current else None,
            "age_seconds": _age(state, now),
            "due_at": self.due_at,
            "cut_off": state.cut_off if state else None,
            "generations": [_generation_json(state, one) for one in state.generations] if state else [],
            "next": describe(self.decision) if self.decision else None,
            "reason": str(self.decision.reason) if self.decision else None,
            "failures": state.failures.count if state and state.failures else 0,
            "faults": [asdict(one) for one in state.faults] if state else [],
            "last_failure": state.failures.what if state and state.failures else None,
            "findings": [finding_json(one) for one in self.findings],
            "error": failure_json(self.error),
        }


def status(
    context: typer.Context,
    connectors: ConnectorNames = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Keep showing it, until interrupted.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show stage, generation, age, next due, last outcome and findings of each connector.

    Exits 0 if all is well, 2 if there is a finding, 4 if Vault gives no answer.
    """
    output = Output(as_json=as_json)
    with assemble(invocation(context).settings(), role="status") as installation:
        ids = chosen(installation, connectors)
        if watch and not as_json:
            _watch(output, lambda: standings(installation, ids), installation.clock.now)
            return
        seen = standings(installation, ids)
        now = installation.clock.now()
        output.json({"at": now, "connectors": [one.as_json(now) for one in seen]})
        output.table(COLUMNS, [row(one, now) for one in seen])
        for line in remarks(seen):
            output.line(line, WARN)
        if any(one.troubled for one in seen):
            raise typer.Exit(FINDING)


def standings(installation: Installation, ids: tuple[ConnectorId, ...]) -> list[Standing]:
    """Where the connectors stand now."""

    def look(reconciler: Reconciler, id_: ConnectorId, survey: Survey | None) -> Result:
        plan = reconciler.plan(id_, installation.connector(id_), survey=survey, impatient=False)
        return Result(connector=id_, end=plan.decision, findings=plan.findings)

    results = {result.connector: result for result in for_each(installation, ids, look)}
    return [_standing(installation, results[id_]) for id_ in ids]


def row(one: Standing, now: datetime) -> tuple[Cell, ...]:
    """One line of the table."""
    state = one.state
    age = _age(state, now)
    current = state.current if state else None
    failed = state.failures if state else None
    outage = measured(state, current) if state and current else None
    outcome: Cell = ("ok" if outage is None else f"ok, in place: {outage.total_seconds():.2f} s without a set", GOOD)
    if one.error is not None:
        outcome = (one.error.what, BAD)
    elif failed is not None:
        outcome = (f"failed {failed.count}x: {failed.what}", BAD)
    elif state is not None and state.faults:
        fault = state.faults[0]
        outcome = (f"{fault.task} failed {fault.count}x: {fault.what}", WARN)
    elif isinstance(one.decision, Wait) and one.decision.until is None:
        outcome = (SENTENCES[one.decision.reason], QUIET)
    return (
        str(one.connector),
        (_stage(state), BAD if state and state.cut_off else ""),
        str(current.number) if current else "-",
        human_duration(timedelta(seconds=age)) if age is not None else "-",
        human_instant(one.due_at, now) if one.due_at else "-",
        outcome,
        (", ".join(str(finding.reason) for finding in one.findings) or "-", WARN if one.findings else QUIET),
    )


def remarks(seen: list[Standing]) -> list[str]:
    """What a person should do, a line each."""
    lines = [f"{one.connector}: {SENTENCES[found.reason]}: {found.detail}" for one in seen for found in one.findings]
    lines += [f"{one.connector}: {one.decision.advice}" for one in seen if isinstance(one.decision, Alarm)]
    return lines + sorted({one.error.advice for one in seen if one.error is not None})


def _standing(installation: Installation, result: Result) -> Standing:
    error, state = result.error, None
    try:
        state = installation.states.load(result.connector).state
    except VaultPimError as unread:
        error = error or unread
    return Standing(
        connector=result.connector,
        state=state,
        decision=result.end,
        findings=result.findings,
        due_at=_due_at(installation, state) if state else None,
        error=error,
    )


def _due_at(installation: Installation, state: ConnectorState) -> datetime | None:
    when = due_of_current(state, installation.connector(state.connector), installation.clock.now())
    return when.first if when else None


def _stage(state: ConnectorState | None) -> str:
    """The stages of all live generations, the served one first."""
    if state is None:
        return "unknown"
    if state.cut_off:
        return "cut off" if state.revocation and state.revocation.proven_at else "being revoked"
    stages = [str(one.stage) for one in (state.current, state.pending, *state.in_grace) if one]
    if state.revocation is not None and state.revocation.lifted_at is None:  # once a successor is served
        stages.append("to be revoked")
    return " + ".join(stages) or "none"


def _age(state: ConnectorState | None, now: datetime) -> float | None:
    current = state.current if state else None
    return (now - current.published_at).total_seconds() if current and current.published_at else None


def _generation_json(state: ConnectorState, generation: Generation) -> dict[str, Any]:
    names = ("number", "stage", "label", "role", "mechanism", "reason", "client_id", "username", "pim_release")
    instants = ("planned_at", "issued_at", "published_at", "retire_at", "ended_at")
    said = {name: getattr(generation, name) for name in (*names, *instants, "refusal", "replaces")}
    outage = measured(state, generation)
    return said | {"outage_seconds": outage.total_seconds() if outage is not None else None}


def _watch(output: Output, look: Callable[[], list[Standing]], now: Callable[[], datetime]) -> None:
    """Show the table again and again: in place on a terminal, one below the other elsewhere."""
    pause = threading.Event()
    if not output.stdout.is_terminal:
        while not pause.wait(0):
            output.table(COLUMNS, [row(one, now()) for one in look()])
            output.line()
            pause.wait(REFRESH.total_seconds())
    with Live(console=output.stdout, screen=False, auto_refresh=False) as live:
        while not pause.wait(0):
            seen = look()
            table = Table(*COLUMNS, box=None, pad_edge=False, header_style="bold")
            for one in seen:
                cells = [(cell, "") if isinstance(cell, str) else cell for cell in row(one, now())]
                table.add_row(*(Text(clean(text), style=style) for text, style in cells))
            live.update(Group(table, *(Text(clean(line), style=WARN) for line in remarks(seen))), refresh=True)
            pause.wait(REFRESH.total_seconds())
