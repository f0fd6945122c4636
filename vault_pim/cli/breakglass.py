"""`vault-pim breakglass`: a bundle for the day on which Vault is gone; afterwards, the rest of what was cut by it."""

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from vault_pim.assembly import Installation, assemble
from vault_pim.audit.chain import ChainFile
from vault_pim.audit.signing import PublicKey
from vault_pim.breakglass.bundle import STALE, Bundle, BundledPim, BundledSet, write
from vault_pim.breakglass.sealing import seal_for, seal_with
from vault_pim.cli.bundles import IdentityFile, PassphraseFile, age, open_bundle, passphrase
from vault_pim.cli.invocation import FINDING, AsJson, invocation
from vault_pim.cli.render import GOOD, WARN, Cell, Output, counted
from vault_pim.cli.revoking import until_done
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import ConfigurationError, Impossible
from vault_pim.domain.events import Event, Tag
from vault_pim.domain.generation import Generation
from vault_pim.domain.state import asked_at
from vault_pim.engine.asks import ask_revocation
from vault_pim.here import SystemClock
from vault_pim.settings.shape import PimSettings

app = typer.Typer(
    add_completion=False, help="Cut a connector while Vault is sealed or gone: prepare it, and finish it."
)


@app.command()
def export(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, mode 600; one that is there is replaced.")],
    recipients: Annotated[
        list[str] | None, typer.Option("--recipient", "-r", help="age key to encrypt for; several may be given.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Write an encrypted bundle with what is needed to delete every set at its PIM, and no set itself.

    It holds the password of vault-pim's account at each PIM. Encrypted for age keys, or with a passphrase. What is
    issued later is not in it: make a new one every day.
    """
    output = Output(as_json=as_json)
    with assemble(invocation(context).settings(), role="breakglass") as installation:
        bundle = _bundle(installation)
        told = {"file": str(out), "for": ", ".join(recipients or ()) or "a passphrase"}
        installation.audit.record(
            Event(at=bundle.made_at, tag=Tag.BREAKGLASS_EXPORTED, by=installation.me, detail=told)
        )
        text = write(bundle, installation.signer)
    sealed = seal_for(text, recipients) if recipients else seal_with(text, passphrase(passphrase_file, twice=True))
    _write(out, sealed)
    sets = sum(map(len, bundle.connectors.values()))
    output.json({"file": out, "made_at": bundle.made_at, "pims": len(bundle.pims), "sets": sets})
    output.line(f"{counted(sets, 'set')} at {counted(len(bundle.pims), 'PIM')} written to {out}.", GOOD)


@app.command()
def show(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The bundle.")],
    identity: IdentityFile = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what a bundle holds, without its secrets. Exits 2 if it is older than a week."""
    output = Output(as_json=as_json)
    bundle = open_bundle(invocation(context), file, identity, passphrase_file, output).bundle
    now = SystemClock().now()
    stale = now - bundle.made_at > STALE
    output.json(bundle.model_dump(mode="json") | {"stale": stale})
    output.line(
        f"{age(bundle, now)}, made by {bundle.made_by}, installation {bundle.installation}", WARN if stale else GOOD
    )
    rows: list[tuple[Cell, ...]] = [
        (name, ", ".join(one.label for one in sets) or "none") for name, sets in bundle.connectors.items()
    ]
    output.table(("Connector", "Live sets"), rows)
    for name, pim in bundle.pims.items():
        output.line(f"PIM {name}: {pim.url}, account {pim.username}")
    if stale:
        output.note("Sets made since are not in it. Make a new one: vault-pim breakglass export", WARN)
        raise typer.Exit(FINDING)


@app.command()
def finish(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="JOURNAL", help="What `revoke --breakglass` wrote.")],
    as_json: AsJson = False,
) -> None:
    """Finish in Vault what was cut at the PIM without it: revoke with proof, and put the journal into the record.

    Exits 0 when proven, 5 when begun but not proven: run it again. Sets that were issued meanwhile are revoked, too.
    """
    output = Output(as_json=as_json)
    journal = ChainFile(file)
    first = _beginning(journal)
    with assemble(invocation(context).settings(), role="breakglass") as installation:
        ours = PublicKey.from_pem(installation.signer.public_key()).id
        if ours != first.installation:
            raise ConfigurationError(
                f"{file} tells of another installation",
                why=f"of {first.installation}; this is {ours}",
                advice="Use the configuration of the installation that the bundle is of.",
            )
        id_ = installation.find(first.connector)
        tools = installation.reconciler(id_.pim).tools
        asked = ask_revocation(tools, id_, reason=first.reason, since=asked_at(first.incident)).revocation
        name = asked.incident(id_) if asked else first.incident
        with output.progress("Revoking") as report:
            proven = until_done(installation, id_, report).revocation
        installation.incidents.take_in(name, journal)
    if proven is None:
        raise Impossible(f"the revocation of {id_} is not in its record any more")
    with suppress(OSError):  # left where it is, it is finished once more without harm
        file.replace(file.with_name(f"{file.name}.finished"))
    output.json({"connector": id_, "incident": name, "proven_at": proven.proven_at, "evidence": list(proven.evidence)})
    for line in proven.evidence:
        output.line(f"  {line}")
    output.line(f"{id_} is revoked, and proven so. The record: vault-pim incident show {name}", GOOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beginning:
    """What the first line of a journal says."""

    at: datetime
    connector: str
    incident: str
    installation: str
    reason: str


def _beginning(journal: ChainFile) -> _Beginning:
    first = next((line.fields for line in journal.lines() if line.fields), {})
    try:
        if first.get("tag") == Tag.BREAKGLASS_ASKED:
            detail = first["detail"]
            return _Beginning(
                at=datetime.fromisoformat(first["at"]),
                connector=first["connector"],
                incident=first["incident"],
                installation=detail["installation"],
                reason=detail["reason"],
            )
    except (KeyError, TypeError, ValueError):
        pass
    raise ConfigurationError(
        f"{journal.path} is not the journal of a break-glass cut",
        advice="Name the file that `vault-pim revoke --breakglass` wrote.",
    )


def _bundle(installation: Installation) -> Bundle:
    settings = installation.settings
    return Bundle(
        installation=PublicKey.from_pem(installation.signer.public_key()).id,
        made_at=installation.clock.now(),
        made_by=installation.me,
        vault=settings.vault.url,
        pims={name: _pim(pim) for name, pim in settings.pims.items()},
        connectors={str(id_): _live(installation, id_) for id_ in installation.ids()},
    )


def _pim(pim: PimSettings) -> BundledPim:
    return BundledPim(
        url=pim.url,
        release=pim.release,
        username=pim.web.username,
        password=pim.web.password(),
        console=None if pim.console is None else tuple(pim.console.command),
        ca_cert=None if pim.ca_cert is None else _authorities(pim.ca_cert),
    )


def _authorities(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no PEM file that can be read", advice="Correct ca_cert.") from error


def _live(installation: Installation, id_: ConnectorId) -> tuple[BundledSet, ...]:
    def bundled(one: Generation) -> BundledSet:
        return BundledSet(
            number=one.number,
            label=one.label,
            marker=one.marker,
            mechanism=one.mechanism,
            client_id=one.client_id,
            username=one.username,
        )

    return tuple(bundled(one) for one in installation.states.load(id_).state.live)


def _write(path: Path, sealed: bytes) -> None:
    """As a whole or not at all, for its owner alone."""
    new = path.with_name(f"{path.name}.new")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(sealed)
        new.replace(path)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written", why=error.strerror or "", advice="Name another file."
        ) from error
