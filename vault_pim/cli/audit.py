"""`vault-pim audit`: check that a log or a record is as it was written; give away the public key."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from vault_pim.assembly import assemble
from vault_pim.audit.checking import Anchor, Checks, Outcome, check_files, with_rotated
from vault_pim.audit.signing import PublicKey
from vault_pim.cli.invocation import FINDING, AsJson, Invocation, invocation, worst
from vault_pim.cli.outcomes import failure_json
from vault_pim.cli.render import BAD, GOOD, WARN, Output, counted
from vault_pim.domain.errors import VaultPimError
from vault_pim.here import host

TOLD = ("file", "host", "path", "by", "size", "at")
app = typer.Typer(add_completion=False, help="Check that logs and records are as they were written; print the key.")


@app.command()
def verify(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE",
            help="Audit logs, records, proofs. Default: the configured audit log, and what was rotated away of it.",
        ),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", help="Public key of the installation, to check files without Vault.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that every line continues the one before it, that signatures hold, and that nothing is missing at the end.

    What is missing at the end of an audit log is known to Vault alone, and not seen with --key. Exits 2 if a file is
    not as it was written, was written by another installation, if nothing in it is signed, or if it stands in the place
    of a log that Vault knows. Logs that Vault knows and nobody gave are named.
    """
    output = Output(as_json=as_json)
    trusted, anchors, files = _what(invocation(context), files, key)
    checks = check_files(files, trusted, anchors, host=host())
    output.json(
        {
            "key": trusted.id,
            "files": [_json(path, found) for path, found in checks.files.items()],
            "unseen": [_unseen_json(one, checks) for one in checks.unseen],
        }
    )
    for path, found in checks.files.items():
        _show(output, path, found)
    for one in checks.unseen:
        _show_unseen(output, one, checks)
    if anchors is None and not checks.documents_only:
        output.line("Vault was not asked: lines that are missing at the end of a log are not seen.", WARN)
    codes = [found.exit_code for found in checks.files.values() if isinstance(found, VaultPimError)]
    if code := worst([*codes, FINDING] if checks.forged else codes):
        raise typer.Exit(code)


@app.command("key")
def print_key(context: typer.Context, as_json: AsJson = False) -> None:
    """Print the public key of this installation, for whoever checks its records without Vault."""
    output = Output(as_json=as_json)
    with assemble(invocation(context).settings(), role="audit") as installation:
        pem = installation.signer.public_key()
    output.json({"key": PublicKey.from_pem(pem).id, "pem": pem})
    for line in pem.splitlines():
        output.line(line)


def _what(
    given: Invocation, files: list[Path] | None, key: Path | None
) -> tuple[PublicKey, Sequence[Anchor] | None, list[Path]]:
    """The key that is trusted, the checkpoints in Vault if it was asked, and the files to check."""
    if key is not None:
        return PublicKey.from_file(key), None, files or [given.settings().audit.path]
    settings = given.settings()
    with assemble(settings, role="audit") as installation:
        trusted = PublicKey.from_pem(installation.signer.public_key())
        anchors = installation.anchors.all()
    return trusted, anchors, files or with_rotated(settings.audit.path, anchors)


def _json(path: Path, found: Outcome) -> dict[str, Any]:
    if isinstance(found, VaultPimError):
        told: dict[str, Any] = {"lines": None, "signed": None, "torn": [], "loose": []}
        return {"path": path, "genuine": False, **told, "error": failure_json(found)}
    told = {"lines": found.lines, "signed": found.signed, "torn": list(found.torn), "loose": list(found.loose)}
    return {"path": path, "genuine": True, **told, "error": None}


def _unseen_json(one: Anchor, checks: Checks) -> dict[str, Any]:
    return {name: one.get(name) for name in TOLD} | {"genuine": one not in checks.forged}


def _show_unseen(output: Output, one: Anchor, checks: Checks) -> None:
    log = f"log {one['file']} ({one.get('path', 'somewhere')}, {one['size']} bytes at {one['at']}, {one.get('by')})"
    if one in checks.forged:
        output.line(f"the checkpoint in Vault of {log} is not as it was signed", BAD)
    else:
        output.line(f"not seen: {log}, which Vault knows", WARN)


def _show(output: Output, path: Path, found: Outcome) -> None:
    if isinstance(found, VaultPimError):
        output.line(f"{found.what}{f' ({found.why})' if found.why else ''}", BAD)
        output.line(f"what to do: {found.advice}", WARN)
        return
    if not found.lines:
        output.line(f"{path} is empty: nothing was recorded yet.", WARN)
        return
    output.line(f"{path} is as it was written: {counted(found.lines, 'line')}, {found.signed} of them signed.", GOOD)
    for number in found.torn:
        output.line(f"line {number} was broken off by a full disk or a crash", WARN)
    for number in found.loose:
        output.line(f"line {number} is broken, and no line after it vouches for it", WARN)
    if found.signed < found.lines:
        output.line("What follows the last signature could have been changed by whoever can write the file.", WARN)
