"""`prove`: show that each credential set opens its own door and no other, and say what the PIM does not keep apart."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from vault_pim.assembly import Installation, assemble
from vault_pim.audit.separation import separation_document
from vault_pim.audit.separation_page import render_separation
from vault_pim.audit.signing import sign_document
from vault_pim.cli.drill import run_drills
from vault_pim.cli.invocation import FINDING, AsJson, ConnectorNames, invocation
from vault_pim.cli.render import BAD, GOOD, WARN, Cell, Output, counted
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import ConfigurationError
from vault_pim.domain.facts import Survey
from vault_pim.domain.separation import Evidence, Limit, Untried, Verdict
from vault_pim.domain.wording import human_duration
from vault_pim.engine.prove import Subject, gather, subject
from vault_pim.lifecycle.separation import judge, pairs, worst
from vault_pim.pim.limits import limits

STYLES = {Verdict.PROVEN: GOOD, Verdict.BROKEN: BAD, Verdict.UNPROVEN: WARN}
Report = Callable[[str], None]


def prove(
    context: typer.Context,
    connectors: ConnectorNames = None,
    drill: Annotated[
        bool, typer.Option("--drill", help="Rehearse a revocation on the connectors that are there for it.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Folder for the signed JSON and the HTML page.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show that each credential set opens its own door and no other: at its PIM and in Vault, tried and read back.

    Logs in to Vault as each connector, once, and leaves nothing of it. Reads no credential set as a connector, and
    makes no login that a PIM would report as a foreign user. Says what the PIM itself does not keep apart. Named
    connectors are held against all. Exits 0 if all is proven, 2 if not.

    With --drill: a set is issued to a connector that is there for drills, used, revoked and proven dead, as in an
    incident; what is left is nothing, and a record of the time it took. Exits 5 if it was begun and not proven.
    """
    output = Output(as_json=as_json)
    if out is not None and not out.is_dir():
        raise ConfigurationError(f"{out} is not a folder", advice="Make it, or name another one.")
    with assemble(invocation(context).settings(), role="drill" if drill else "prove") as installation:
        if drill:
            run_drills(output, installation, connectors or [])
            return
        wanted = {installation.find(name) for name in connectors or ()}
        proof = _proof(output, installation, wanted)
    output.json(proof)
    _show(output, proof)
    if out is not None:
        for path in _written(out, proof):
            output.note(f"written: {path}")
    if proof["verdict"] != Verdict.PROVEN:
        raise typer.Exit(FINDING)


def _proof(output: Output, installation: Installation, wanted: set[ConnectorId]) -> dict[str, Any]:
    """The signed proof; of all connectors where none is wanted in particular."""
    at = installation.clock.now()
    subjects: dict[str, list[Subject]] = {}
    untried: dict[ConnectorId, Untried] = {}
    everybody: dict[ConnectorId, Sequence[int]] = {}
    for id_ in sorted({*installation.ids(), *installation.states.known()}):
        state = installation.states.load(id_).state
        everybody[id_] = tuple(one.number for one in state.live)
        if id_.pim not in installation.settings.pims:
            continue
        found = subject(installation.reconciler(id_.pim).tools, state, installation.connector(id_))
        if isinstance(found, Untried):
            untried[id_] = found
        else:
            subjects.setdefault(id_.pim, []).append(found)
    surveys = {pim: installation.reconciler(pim).survey() for pim in subjects}
    kept_apart = {pim: _limits(surveys[pim], found) for pim, found in subjects.items()}
    with output.progress("Proving", sum(map(len, subjects.values()))) as report:
        gathered = [
            one for pim, found in subjects.items() for one in _gathered(installation, pim, found, everybody, report)
        ]
    judged = [one for one in judge(gathered) if not wanted or one.id in wanted]
    held = [pair for pair in pairs(gathered) if not wanted or {pair.of, pair.to} & wanted]
    skipped = {
        id_: replace(one, verdict=Verdict.UNPROVEN) if wanted else one
        for id_, one in untried.items()
        if not wanted or id_ in wanted
    }
    verdicts = [
        *(check.verdict for one in judged for check in one.checks),
        *(pair.verdict for pair in held),
        *(one.verdict for one in skipped.values() if one.verdict),
    ]
    document = separation_document(
        judged,
        held,
        kept_apart,
        skipped,
        verdict=worst(verdicts),
        where=_where(installation, surveys),
        at=at,
        ended_at=installation.clock.now(),
        by=installation.me,
    )
    return sign_document(document, installation.signer)


def _gathered(
    installation: Installation,
    pim: str,
    subjects: Sequence[Subject],
    everybody: Mapping[ConnectorId, Sequence[int]],
    report: Report,
) -> list[Evidence]:
    """What is known of the sets of one PIM; several are tried at once, each at its own door and at the next one's."""
    tools = installation.reconciler(pim).tools
    shown = tools.driver.inspect([one.generation for one in subjects])

    def look(position: int) -> Evidence:
        one, after = subjects[position], subjects[(position + 1) % len(subjects)]
        others = {id_: numbers for id_, numbers in everybody.items() if id_ != one.id}
        seen = gather(tools, one, shown=shown, neighbour=after if after is not one else None, others=others)
        report(str(one.id))
        return seen

    with ThreadPoolExecutor(installation.settings.pims[pim].max_parallel) as pool:
        return list(pool.map(look, range(len(subjects))))


def _limits(survey: Survey, subjects: Iterable[Subject]) -> tuple[Limit, ...]:
    mechanisms = sorted({one.generation.mechanism for one in subjects})
    found = chain.from_iterable(limits(survey.pim_release, one, survey.offered) for one in mechanisms)
    return tuple(dict.fromkeys(found))


def _where(installation: Installation, surveys: Mapping[str, Survey]) -> dict[str, Any]:
    """Which Vault and which PIMs it was, as the document has it."""
    settings = installation.settings
    pims = [
        {"name": pim, "url": str(settings.pims[pim].url), "release": survey.pim_release}
        for pim, survey in surveys.items()
    ]
    return {"vault": str(settings.vault.url), "pims": pims}


def _show(output: Output, proof: Mapping[str, Any]) -> None:
    """The verdicts for people: a line for each connector, then whatever is not proven, then the limits."""
    rows: list[tuple[Cell, ...]] = []
    for one in proof["connectors"]:
        verdict = worst([Verdict(check["verdict"]) for check in one["checks"]])
        held = sum(check["verdict"] == Verdict.PROVEN for check in one["checks"])
        rows.append((one["connector"], (verdict.value, STYLES[verdict]), f"{held} of {len(one['checks'])}"))
    output.table(("Connector", "Verdict", "Claims proven"), rows)
    for line in _not_proven(proof):
        output.line(line, BAD)
    for one in proof["skipped"]:
        state, style = ("is unproven", BAD) if one["verdict"] else ("has nothing to prove", WARN)
        output.line(f"{one['connector']} {state}: {one['why']}", style)
    told = proof["pairs"]
    output.line(f"{told['proven']} of {counted(told['total'], 'pair')} proven: the one opens nothing of the other.")
    for one in proof["limits"]:
        output.line(f"PIM {one['pim']} keeps not apart: {one['what']}{_figures(one)}")


def _not_proven(proof: Mapping[str, Any]) -> Iterator[str]:
    for one in proof["connectors"]:
        for check in one["checks"]:
            if check["verdict"] != Verdict.PROVEN:
                yield f"{one['connector']}: {check['claim']} is {check['verdict']}: {check['said']}"
    for pair in proof["pairs"]["not_proven"]:
        yield f"{pair['of']} against {pair['to']} is {pair['verdict']}: {pair['why']}"


def _figures(limit: Mapping[str, Any]) -> str:
    if limit["bits"] is None:
        return ""
    seconds = limit["seconds_to_guess"]
    time = "" if seconds is None else f", {human_duration(timedelta(seconds=seconds))} on average"
    return f": {limit['bits']} bits{time}"


def _written(folder: Path, proof: Mapping[str, Any]) -> Iterator[Path]:
    """Write the signed proof and its page, named by when it was made."""
    name = f"separation-{proof['at'][:19].replace(':', '').replace('-', '')}Z"
    texts = {
        ".json": json.dumps(proof, indent=2, ensure_ascii=False) + "\n",
        ".html": render_separation(proof),
    }
    for suffix, text in texts.items():
        path = folder / (name + suffix)
        try:
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise ConfigurationError(
                f"{path} cannot be written", why=error.strerror or "", advice="Name another folder."
            ) from error
        yield path
