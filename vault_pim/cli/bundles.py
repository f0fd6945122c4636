"""Opening a break-glass bundle, and cutting a connector by it: what `revoke --breakglass` and `breakglass` share.

Needs neither Vault nor configuration; where there is a configuration, a bundle of another installation is refused.
"""

import os
import sys
from dataclasses import dataclass
from datetime import datetime
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from vault_pim.audit.chain import ChainFile
from vault_pim.audit.checkpoints import KEY_FILE
from vault_pim.audit.signing import PublicKey
from vault_pim.breakglass.bundle import STALE, Bundle, read
from vault_pim.breakglass.cut import Cutter
from vault_pim.breakglass.sealing import by_passphrase, open_by, open_with
from vault_pim.cli.confirm import confirm
from vault_pim.cli.invocation import Invocation
from vault_pim.cli.render import BAD, GOOD, WARN, Output
from vault_pim.domain.errors import ConfigurationError, LoginRefused, NotProven
from vault_pim.domain.secret import SecretStr
from vault_pim.domain.wording import human_duration
from vault_pim.here import SystemClock, who
from vault_pim.secret_files import read_secret

PASSPHRASE = "VAULT_PIM_BREAKGLASS_PASSPHRASE"  # noqa: S105 - its name
CHANGED = (
    "The account has another password than when the bundle was made, or is locked. Give it that password at the PIM, "
    "or delete there by hand what `vault-pim breakglass show` lists."
)

IdentityFile = Annotated[
    Path | None, typer.Option("--identity", metavar="FILE", help="age identity that opens the bundle. Mode 600.")
]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help=f"File with the bundle's passphrase. Default: ${PASSPHRASE}, or asked for.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A bundle that was opened, and where it lies."""

    bundle: Bundle
    file: Path


def passphrase(file: Path | None, *, twice: bool = False) -> SecretStr:
    """The passphrase from its file, the environment, or the person at the terminal.

    Raises:
        ConfigurationError: there is none.
    """
    if file is not None:
        return read_secret(file)
    if PASSPHRASE in os.environ:
        return SecretStr(os.environ[PASSPHRASE])
    if not sys.stdin.isatty():
        raise ConfigurationError(
            "the bundle needs a passphrase, and nobody can be asked",
            advice=f"Give --passphrase-file, or set {PASSPHRASE}.",
        )
    typed = SecretStr(getpass("Passphrase of the bundle: "))
    if twice and typed != SecretStr(getpass("Once more: ")):
        raise ConfigurationError("the two are not the same", advice="Try again.")
    return typed


def open_bundle(
    given: Invocation, file: Path, identity: Path | None, passphrase_file: Path | None, output: Output
) -> Opened:
    """Open a bundle, and see whose it is as far as that can be seen here.

    Raises:
        ConfigurationError: it cannot be opened, or is of another installation.
    """
    try:
        sealed = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be read", why=error.strerror or "", advice="Name the bundle."
        ) from error
    if by_passphrase(sealed):
        text = open_with(sealed, passphrase(passphrase_file))
    elif identity is not None:
        text = open_by(sealed, read_secret(identity))
    else:
        raise ConfigurationError(
            "this bundle is opened by an age identity", advice="Give the identity's file with --identity."
        )
    return Opened(bundle=_judged(given, text, output), file=file)


def cut(opened: Opened, connector: str, *, reason: str, newer: bool, yes: bool, output: Output) -> None:
    """Cut a connector at its PIM and say what is left to do; see `Cutter`.

    Raises:
        typer.Exit: always; 5 where all is done that can be without Vault, else the code of what failed.
    """
    from vault_pim.breakglass.door import driver  # noqa: PLC0415 - what speaks to a PIM takes a tenth of a second

    bundle = opened.bundle
    id_ = bundle.find(connector)
    clock = SystemClock()
    if (age := clock.now() - bundle.made_at) > STALE:
        output.note(f"The bundle was made {human_duration(age)} ago: sets made since are not in it.", WARN)
    confirm(f"Delete every set of {id_} at {bundle.pims[id_.pim].url}? It stops working at once.", yes=yes)
    journal = ChainFile(opened.file.with_name(f"{opened.file.name}.{id_.pim}.{id_.name}.jsonl"))
    with driver(id_.pim, bundle.pims[id_.pim], clock) as pim, output.progress("Revoking") as report:
        cutter = Cutter(bundle, id_, pim, journal, clock=clock, me=who("revoke"), tell=report)
        done = cutter.run(reason, newer=newer)
    output.json(
        {
            "connector": id_,
            "incident": done.incident,
            "journal": journal.path,
            "bundle_made_at": bundle.made_at,
            "evidence": done.evidence,
            "unproven": done.unproven,
            "left": done.left,
            "failed": done.error.what if done.error else None,
        }
    )
    for line in done.evidence:
        output.line(f"  {line}", GOOD)
    for line in done.unproven:
        output.line(f"  not proven: {line}", WARN)
    if done.left:
        how = "delete them there by hand if they are ours" if newer else "to delete them, add --newer"
        output.note(f"Still at the PIM and not in the bundle: {', '.join(done.left)}; {how}", BAD)
    if done.error is not None:
        output.note(f"failed: {done.error.what}{f' ({done.error.why})' if done.error.why else ''}", BAD)
        advice = CHANGED if isinstance(done.error, LoginRefused) else done.error.advice
        output.note(f"what to do: {advice} Then run the same command again; it continues.", WARN)
        raise typer.Exit(done.error.exit_code)
    output.note(f"What was done is in {journal.path}. Vault's side is not done.", WARN)
    output.note(f"When Vault answers again, at once: vault-pim breakglass finish {journal.path}", WARN)
    raise typer.Exit(NotProven.exit_code)


def _judged(given: Invocation, text: bytes, output: Output) -> Bundle:
    """The bundle, refused if it is another installation's: by the key beside the audit log, or by the configuration."""
    try:
        settings = given.settings()
    except ConfigurationError as error:
        output.note(f"There is no configuration here ({error.what}); whose bundle this is was not checked.", WARN)
        return read(text, None)
    beside = settings.audit.path.with_name(KEY_FILE)
    bundle = read(text, PublicKey.from_file(beside) if beside.exists() else None)
    ours = {name: pim.url for name, pim in settings.pims.items()}
    other = [name for name, pim in bundle.pims.items() if ours.get(name) != pim.url]
    if bundle.vault != settings.vault.url or other:
        raise ConfigurationError(
            "the bundle was made by another installation",
            why=f"it is of {bundle.vault}" + (f", and knows PIM {other[0]} elsewhere" if other else ""),
            advice="Name the bundle of this installation, or the configuration that the bundle was made with.",
        )
    return bundle


def age(bundle: Bundle, now: datetime) -> str:
    """How old a bundle is, in words."""
    return f"{human_duration(now - bundle.made_at)} old"
