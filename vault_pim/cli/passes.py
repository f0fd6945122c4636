"""`plan`, `apply`, `rotate`: the same pass that the daemon runs, for the connectors a person names."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Annotated, Any

import typer

from vault_pim.assembly import Installation, assemble
from vault_pim.cli.costs import Outage, announced, incurred, left_behind
from vault_pim.cli.invocation import FINDING, AsJson, ConnectorName, ConnectorNames, invocation, worst
from vault_pim.cli.outcomes import decision_json, describe, failure_json, finding_json
from vault_pim.cli.render import BAD, GOOD, QUIET, WARN, Cell, Output, counted
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import ConfigurationError, NoAnswer, Refusal, VaultPimError
from vault_pim.domain.facts import Survey
from vault_pim.domain.outcomes import Alarm, Decision, Do, Finding, Mend, Wait
from vault_pim.domain.reasons import SENTENCES
from vault_pim.domain.wording import human_instant
from vault_pim.engine.asks import ask_rotation
from vault_pim.engine.reconcile import Reconciler


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one connector: its last decision, or the error that stopped it."""

    connector: ConnectorId
    done: tuple[Do | Mend, ...] = ()
    end: Decision | None = None
    findings: tuple[Finding, ...] = ()
    error: VaultPimError | None = None
    generation: int | None = None
    outage: Outage | None = None
    left_behind: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 nothing due, 2 due or a finding, else the error's own."""
        if self.error is not None:
            return self.error.exit_code
        return 0 if isinstance(self.end, Wait) and not self.findings else FINDING

    def as_json(self) -> dict[str, Any]:
        """The result as `--json` shows it."""
        return {
            "connector": self.connector,
            "done": [decision_json(one) for one in self.done],
            "next": decision_json(self.end) if self.end else None,
            "generation": self.generation,
            "outage": self.outage.as_json() if self.outage else None,
            "left_behind": list(self.left_behind),
            "findings": [finding_json(one) for one in self.findings],
            "error": failure_json(self.error),
        }


def plan(context: typer.Context, connectors: ConnectorNames = None, as_json: AsJson = False) -> None:
    """Show the next step of each connector and its reason; change nothing.

    Exits 0 if nothing is due, 2 if something is due or a person is needed.
    """
    output = Output(as_json=as_json)
    with assemble(invocation(context).settings(), role="plan") as installation:

        def look(reconciler: Reconciler, id_: ConnectorId, survey: Survey | None) -> Result:
            seen = reconciler.plan(id_, installation.connector(id_), survey=survey, impatient=True)
            current = seen.facts.state.current
            number = current.number if current else None
            return Result(
                connector=id_,
                end=seen.decision,
                findings=seen.findings,
                generation=number,
                outage=announced(seen.facts, seen.decision),
                left_behind=left_behind(seen.facts, seen.decision),
            )

        results = for_each(installation, chosen(installation, connectors), look)
        _show(output, installation, results, "Next step")
        _finish(output, results)


def apply(context: typer.Context, connectors: ConnectorNames = None, as_json: AsJson = False) -> None:
    """Do what is due for each connector, step by step, until nothing is.

    Exits 0 if all is done, 2 if a person is needed, 5 if somebody else works on one of them.
    """
    output = Output(as_json=as_json)
    with assemble(invocation(context).settings(), role="apply") as installation:
        results = run_passes(output, installation, chosen(installation, connectors))
        _show(output, installation, results, "Now")
        _finish(output, results)


def rotate(
    context: typer.Context,
    connectors: Annotated[list[str], ConnectorName.__metadata__[0]],
    as_json: AsJson = False,
) -> None:
    """Issue, verify and publish a new generation now; the former one lives on for its grace.

    After a revocation this is what lets a connector in again. Exits 0 if all is done, 2 if a person is needed, 5 if a
    revocation is not proven yet or somebody else works on one of them.
    """
    output = Output(as_json=as_json)
    with assemble(invocation(context).settings(), role="rotate") as installation:
        ids = chosen(installation, connectors)
        results = run_passes(output, installation, ids, first=partial(_ask, installation))
        _show(output, installation, results, "Now")
        _finish(output, results)


def _ask(installation: Installation, reconciler: Reconciler, id_: ConnectorId) -> None:
    """Ask for a new generation, once it is sure that there can be one."""
    if installation.connector(id_) is None:
        raise ConfigurationError(
            f"{id_} is not in the configuration any more", advice="Declare it again, or revoke what is left of it."
        )
    ask_rotation(reconciler.tools, id_)


def chosen(installation: Installation, names: Iterable[str] | None) -> tuple[ConnectorId, ...]:
    """The connectors that were named, or all; sorted, so that those of one PIM stand together."""
    return tuple(sorted({installation.find(name) for name in names})) if names else installation.ids()


def for_each(
    installation: Installation,
    ids: tuple[ConnectorId, ...],
    act: Callable[[Reconciler, ConnectorId, Survey | None], Result],
) -> list[Result]:
    """Act on each connector, with one look at each PIM; what goes wrong with one does not keep the others."""
    results = []
    for pim, group in groupby(ids, key=lambda id_: id_.pim):
        try:
            reconciler = installation.reconciler(pim)
        except VaultPimError as error:  # its configuration allows no driver
            results += [Result(connector=id_, error=error) for id_ in group]
            continue
        try:
            survey = reconciler.survey()
        except (ConfigurationError, NoAnswer, Refusal):
            survey = None  # each connector asks for itself, and says what it met
        for id_ in group:
            try:
                results.append(act(reconciler, id_, survey))
            except VaultPimError as error:
                results.append(Result(connector=id_, error=error))
    return results


def run_passes(
    output: Output,
    installation: Installation,
    ids: tuple[ConnectorId, ...],
    first: Callable[[Reconciler, ConnectorId], None] = lambda *_: None,
) -> list[Result]:
    """Run a pass for each connector, telling each step on stderr; `first` is done before it."""

    def act(reconciler: Reconciler, id_: ConnectorId, survey: Survey | None) -> Result:
        def watch(decision: Do | Mend) -> None:
            report(f"{id_}: {describe(decision)} ({SENTENCES[decision.reason]})")

        first(reconciler, id_)
        connector = installation.connector(id_)
        passed = reconciler.run(id_, connector, survey=survey, impatient=True, watch=watch)
        current = passed.state.current
        return Result(
            connector=id_,
            done=passed.done,
            end=passed.end,
            findings=passed.findings,
            error=passed.troubles[0] if passed.troubles else None,
            generation=current.number if current else None,
            outage=incurred(passed, connector.policy.refresh_interval if connector else None),
        )

    with output.progress("Working") as report:
        return for_each(installation, ids, act)


def _show(output: Output, installation: Installation, results: list[Result], heading: str) -> None:
    """The results, as JSON or as a table with findings and advice below it."""
    due = sum(isinstance(one.end, Do | Mend) for one in results)
    output.json({"connectors": [one.as_json() for one in results], "due": due})
    now = installation.clock.now()
    rows: list[tuple[Cell, ...]] = []
    for one in results:
        match one.end:
            case None:
                what, why = ("failed", BAD), one.error.what if one.error else ""
            case Wait(until=until, reason=reason):
                when = f", due {human_instant(until, now)}" if until else ""
                done = f"done: {', '.join(describe(step) for step in one.done)}" if one.done else "nothing"
                what, why = (done, GOOD if one.done else QUIET), SENTENCES[reason] + when
            case Alarm(reason=reason):
                what, why = (describe(one.end), BAD), SENTENCES[reason]
            case decision:
                what, why = (describe(decision), WARN), SENTENCES[decision.reason]
        rows.append((str(one.connector), what, why))
    output.table(("Connector", heading, "Because"), rows)
    for one in results:
        _remark(output, one)
    if not results:
        output.line("No connector is configured.")
    elif due:
        output.line(f"{counted(due, 'step')} due. Run `vault-pim apply`.")


def _remark(output: Output, one: Result) -> None:
    """What a person should know of one connector besides."""
    if one.outage is not None:
        output.line(f"{one.connector} {one.outage}.", WARN)
    if one.left_behind:
        left = ", ".join(one.left_behind)
        output.line(f"{one.connector}: what is made does not take over from the former connection: {left}.")
    for finding in one.findings:
        output.line(f"{one.connector}: {SENTENCES[finding.reason]}: {finding.detail}", WARN)
    if isinstance(one.end, Alarm):
        output.line(f"{one.connector}: {one.end.advice}", WARN)


def _finish(output: Output, results: list[Result]) -> None:
    """Say what failed, each kind of error once, and exit accordingly."""
    said = set()
    for one in results:
        if one.error is not None and one.error.what not in said:
            said.add(one.error.what)
            reasons = f" ({one.error.why})" if one.error.why else ""
            output.note(f"{one.connector}: {one.error.what}{reasons}", BAD)
            output.note(f"what to do: {one.error.advice}")
    if code := worst(one.exit_code for one in results):
        raise typer.Exit(code)
