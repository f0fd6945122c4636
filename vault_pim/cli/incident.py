"""`vault-pim incident`: the records of incidents, listed, shown, and exported for whoever must keep them."""

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from vault_pim.assembly import Installation, assemble
from vault_pim.audit.incident import Summary, read, summary
from vault_pim.audit.incident_log import Looked
from vault_pim.audit.incident_page import UNTIMED, render, title
from vault_pim.audit.signing import PublicKey
from vault_pim.cli.invocation import FINDING, AsJson, invocation
from vault_pim.cli.render import BAD, GOOD, WARN, Cell, Output, counted
from vault_pim.domain.errors import ConfigurationError, NoAnswer, NotAuthentic

app = typer.Typer(add_completion=False, help="List, show and export the records of incidents.")

Name = Annotated[
    str, typer.Argument(metavar="INCIDENT", help="Its name, or a connector for the last incident of that connector.")
]


class Form(StrEnum):
    """How a record is exported."""

    HTML = "html"
    JSON = "json"


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List every incident, oldest first. Exits 2 if the record of one is not as it was written."""
    output, found, changed = Output(as_json=as_json), [], []
    with assemble(invocation(context).settings(), role="incident") as installation:
        for name in installation.incidents.names():
            try:
                looked = _look(output, installation, name)
                found.append((summary(looked.record), looked))
            except NotAuthentic as error:
                changed.append(name)
                output.note(f"{error.what} ({error.why})", BAD)
            except ConfigurationError as error:
                output.note(f"{error.what} ({error.why})", WARN)
    output.json({"incidents": [_json(*one) for one in found], "changed": changed})
    rows: list[tuple[Cell, ...]] = [(one.incident, one.connector, _outcome(one), one.reason) for one, _ in found]
    output.table(("Incident", "Connector", "Outcome", "Reason"), rows)
    if changed:
        raise typer.Exit(FINDING)
    if not found:
        output.line("There was no incident.")


@app.command()
def show(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Show an incident: who asked, every step with its answer, how long it took, what is proven and what is not."""
    output = Output(as_json=as_json)
    with assemble(invocation(context).settings(), role="incident") as installation:
        looked = _look(output, installation, _named(installation, name))
    record, facts = looked.record, summary(looked.record)
    output.json(_json(facts, looked) | {"entries": list(record.entries)})
    output.line(f"{facts.incident}: {facts.connector}, {facts.reason}")
    output.line(f"asked for {facts.asked_at:%Y-%m-%d %H:%M:%S} UTC by {facts.asked_by}")
    output.line(*_outcome(facts))
    output.table(
        ("Time", "What", "By"),
        [(str(one["at"])[11:23], _cell(one), str(one["by"])) for one in record.entries],
    )
    for line in facts.evidence:
        output.line(f"  {line}")
    for line in facts.unproven:
        output.line(f"  not proven: {line}", WARN)


@app.command()
def export(
    context: typer.Context,
    name: Name,
    form: Annotated[Form, typer.Option("--format", "-f", help="html for people, json for checking.")] = Form.HTML,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write. Default: stdout.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write an incident's signed record as JSON, or as one HTML page that carries it and needs nothing else.

    `vault-pim audit verify FILE` checks the JSON, also without Vault.
    """
    with assemble(invocation(context).settings(), role="incident") as installation:
        named = _named(installation, name)
        summary(installation.incidents.look(named).record)  # of what tells nothing no record is made
        document = installation.incidents.document(named)
        record = read(document, PublicKey.from_pem(installation.signer.public_key()))
    if form is Form.JSON or as_json:
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    else:
        text = render(record, summary(record), document)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ConfigurationError(
            f"{out} cannot be written", why=error.strerror or "", advice="Name another file."
        ) from error
    Output().note(f"{counted(len(record.entries), 'entry', 'entries')} written to {out}")


def _look(output: Output, installation: Installation, name: str) -> Looked:
    """A record to look at; where Vault gives no answer, what this machine knows."""
    try:
        looked = installation.incidents.look(name)
    except NoAnswer as error:
        output.note(f"{error.what}; this is what this machine knows of {name}, not signed", WARN)
        return installation.incidents.local(name)
    if looked.unsigned:
        numbers = ", ".join(map(str, looked.unsigned))
        file = installation.incidents.file(name).path
        output.note(f"line {numbers} of {file} is not signed yet; `incident export` puts it into the record", WARN)
    return looked


def _named(installation: Installation, name: str) -> str:
    """The incident that a person means."""
    names = installation.incidents.names()
    if name in names:
        return name
    connector = installation.find(name)
    found = [one for one in names if one.partition(".")[2] == f"{connector.pim}.{connector.name}"]
    if not found:
        raise ConfigurationError(f"there was no incident of {name}", advice="See `vault-pim incident list`.")
    return found[-1]


def _outcome(facts: Summary) -> tuple[str, str]:
    if facts.proven_at is None:
        return "not proven yet", BAD
    return f"proven in {facts.seconds:.1f} s" if facts.seconds is not None else f"proven, {UNTIMED}", GOOD


def _cell(entry: Any) -> Cell:
    return (title(entry), BAD) if str(entry["tag"]).endswith(":failed") else title(entry)


def _json(facts: Summary, looked: Looked) -> dict[str, Any]:
    told = asdict(facts) | {"seconds": facts.seconds, "unsigned": looked.unsigned}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in told.items()}
