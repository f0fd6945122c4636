"""`identify`: whose leaked value is this, does it still work, and who read it? Repeats no value."""

import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Annotated, Any

import typer

from vault_pim.assembly import Installation, assemble
from vault_pim.cli.invocation import FINDING, AsJson, invocation
from vault_pim.cli.leaked import Alive, Leaked, LeakSearch, Standing, TokenStanding
from vault_pim.cli.render import BAD, GOOD, QUIET, WARN, Output, counted
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import ConfigurationError, NoAnswer
from vault_pim.leaks.scan import Readable
from vault_pim.vault.audit_device import Access, AuditTrail, audit_hash, open_text
from vault_pim.vault.issued import Issued

STDIN = "-"
STYLES = {Alive.LIVE: BAD, Alive.DEAD: QUIET, Alive.UNKNOWN: WARN}
Readers = dict[Issued, list[Access]]


def identify(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="What may hold leaked values; - is stdin.")] = STDIN,
    who_read: Annotated[
        bool, typer.Option("--who-read", help="Tell who read the values, by the log of Vault's audit device.")
    ] = False,
    audit_log: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="That log, or a copy. Default: vault.audit_log. Implies --who-read."),
    ] = None,
    redeem: Annotated[
        bool,
        typer.Option("--redeem-refresh-tokens", help="Find the owners of refresh tokens, which uses the tokens up."),
    ] = False,
    reindex: Annotated[
        bool, typer.Option("--reindex", help="First enter the state records into the index again; after a restore.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find every value that vault-pim ever issued in a text: connector, field, generation, live or dead.

    Takes any file of any size: logs, diffs, dumps, packed with gzip or not; finds also what is written as base64,
    URL-encoded or with escapes. Exits 0 if nothing of ours is in it, 2 if something is, or may be: a token of which the
    PIMs cannot tell. Exits 4 if there are only such tokens, and a PIM gave no answer.
    """
    output = Output(as_json=as_json)
    with assemble(invocation(context).settings(), role="identify") as installation:
        trail = _trail(installation, audit_log) if who_read or audit_log else None
        leaked, search = _searched(installation, file, output, reindex=reindex)
        found = sorted(leaked.values.items())
        standings = [search.standing(issued, value) for issued, value in found]
        tokens = [search.token(token, redeem=redeem) for token in leaked.tokens.values()]
        unknown = [one for one in tokens if one.alive is Alive.UNKNOWN]
        readers = _readers(installation, trail, leaked) if trail else None
        output.json(
            {
                "bytes": leaked.read,
                "matches": [_match(installation, one, readers) for one in standings],
                "tokens": [_token(one) for one in tokens],
                "tokens_unknown": len(unknown),
                "tokens_not_asked": leaked.tokens_left,
                "passwords_of_others": len(leaked.strangers),
            }
        )
        for one in standings:
            _show(output, installation, one, readers)
        for token in tokens:
            _show_token(output, token)
        if leaked.strangers:
            text = counted(len(leaked.strangers), "password") + " that another installation of vault-pim made"
            output.line(f"{text}: tell its owner.", WARN)
        if trail and trail.unreadable:
            output.note(f"{counted(trail.unreadable, 'line')} of Vault's audit log could not be read.", WARN)
        if unknown:
            output.line(f"Of {counted(len(unknown), 'token')} it is not known whether a PIM issued it.", WARN)
        if leaked.tokens_left:
            text = f"{leaked.tokens_left} more of the shape of a token were not asked about"
            output.line(f"{text}: hand the text over in parts.", WARN)
        if standings or leaked.strangers or any(one.pim for one in tokens):
            raise typer.Exit(FINDING)
        if unknown or leaked.tokens_left:
            raise typer.Exit(NoAnswer.exit_code if any(one.silent for one in unknown) else FINDING)
        output.line(f"Nothing that vault-pim issued is in it ({leaked.read:,} bytes).", GOOD)


def owner(installation: Installation, id_: ConnectorId) -> str | None:
    """Whom to tell."""
    connector = installation.connector(id_)
    return connector.owner if connector else None


def _searched(installation: Installation, file: str, output: Output, *, reindex: bool) -> tuple[Leaked, LeakSearch]:
    """What is in the text.

    Raises:
        ConfigurationError: it cannot be read, or is empty, which would look as if all were well.
    """
    search = LeakSearch(installation)
    if file == STDIN and sys.stdin.isatty():
        output.note("Paste what was found, then press Ctrl-D.")
    with _opened(file) as (source, size):
        if reindex or not installation.issued.complete:
            with output.progress("Indexing state records") as indexed:
                search.index_records(indexed)
        with output.reading("Searching", size) as report:
            try:
                leaked = search.search(source, report)
            except (OSError, EOFError, zlib.error) as error:
                raise _unreadable(file, error) from error
    if not leaked.read:
        raise ConfigurationError(
            "the text is empty", why=f"{file} gave no bytes", advice="Name the file that holds what was found."
        )
    return leaked, search


@contextmanager
def _opened(file: str) -> Iterator[tuple[Readable, int | None]]:
    """The bytes of a file or of stdin, and how many there are, if that is known."""
    if file == STDIN:
        yield sys.stdin.buffer, None
        return
    path = Path(file)
    try:
        with open_text(path) as source:
            yield source, path.stat().st_size if isinstance(source, BufferedReader) else None
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(file: str, error: Exception) -> ConfigurationError:
    why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return ConfigurationError(f"{file} cannot be read", why=why, advice="Name a file that is there, or - for stdin.")


def _trail(installation: Installation, audit_log: Path | None) -> AuditTrail:
    vault = installation.settings.vault
    path = audit_log or vault.audit_log
    if path is None or vault.audit_device is None:
        raise ConfigurationError(
            "vault-pim does not know Vault's audit device",
            why="vault.audit_device names it, and vault.audit_log or --audit-log the file it writes",
            advice="Set vault.audit_device, run `vault-pim setup`, and name the file.",
        )
    return AuditTrail(path)


def _readers(installation: Installation, trail: AuditTrail, leaked: Leaked) -> Readers:
    """Who was given each value; vault-pim itself reads what it issues, and is left out."""
    device = str(installation.settings.vault.audit_device)
    readers: Readers = {issued: [] for issued in leaked.values}
    hashes: dict[str, list[Issued]] = {}
    for issued, value in leaked.values.items():
        hashes.setdefault(audit_hash(installation.vault, device, value), []).append(issued)
    own = installation.layout.daemon_role.rsplit("/", 1)[-1]
    for access in trail.accesses(holding=hashes) if hashes else ():
        for issued in (issued for text in access.given if access.role != own for issued in hashes[text]):
            readers[issued].append(access)
    return readers


def _match(installation: Installation, one: Standing, readers: Readers | None) -> dict[str, Any]:
    generation = one.generation
    return {
        "connector": one.issued.connector,
        "field": one.issued.field,
        "generation": one.issued.number,
        "stage": one.stage,
        "issued_at": generation.issued_at if generation else None,
        "ended_at": generation.ended_at if generation else None,
        "alive": str(one.alive),
        "why": one.why,
        "owner": owner(installation, one.issued.connector),
        "readers": None if readers is None else [_reader(access) for access in readers[one.issued]],
    }


def _reader(access: Access) -> dict[str, Any]:
    return {
        "at": access.at,
        "login": access.role or access.display_name,
        "entity": access.entity,
        "address": access.address,
        "path": access.path,
        "kv_version": access.kv_version,
        "accessor": access.accessor,
    }


def _token(one: TokenStanding) -> dict[str, Any]:
    connectors = list(one.connectors)
    return {"pim": one.pim, "kind": one.kind, "alive": str(one.alive), "connectors": connectors, "why": one.why}


def _show(output: Output, installation: Installation, one: Standing, readers: Readers | None) -> None:
    connector = one.issued.connector
    which = f"{one.issued.field} of generation {one.issued.number}, {one.stage}"
    output.line(f"{connector}: {which}, {one.alive} ({one.why})", STYLES[one.alive])
    output.line(f"  owner: {owner(installation, connector) or 'nobody is named'}")
    if one.alive is not Alive.DEAD:
        output.line(f'  to cut it off: vault-pim revoke {connector} --reason "..."', WARN)
    if readers is None:
        return
    if not readers[one.issued]:
        output.line("  read by nobody, as far as this log goes back")
    for access in readers[one.issued]:
        login = access.role or access.display_name or "a login without a name"
        output.line(f"  read {access.at:%Y-%m-%d %H:%M:%S} UTC from {access.address} by {login}")
    for accessor in sorted({access.accessor for access in readers[one.issued] if access.accessor}):
        output.line(f"  to end that login, as an administrator: bao token revoke -accessor {accessor}", WARN)


def _show_token(output: Output, one: TokenStanding) -> None:
    whose = ", ".join(str(id_) for id_ in one.connectors) or "not known whose"
    at = f" of PIM {one.pim}" if one.pim else ""
    output.line(f"{one.kind or 'what looks like a'} token{at}, {one.alive}: {whose} ({one.why})", STYLES[one.alive])
