"""`setup`: what vault-pim needs in Vault, shown before it is made. Run by a person with an administrator's token."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from vault_pim.assembly import address, daemon_access, layout
from vault_pim.cli.confirm import confirm
from vault_pim.cli.invocation import FINDING, AsJson, invocation
from vault_pim.cli.render import BAD, GOOD, QUIET, WARN, Output, counted
from vault_pim.domain.errors import ConfigurationError
from vault_pim.settings import Settings
from vault_pim.settings.logins import ApproleLogin
from vault_pim.vault.address import TokenLogin
from vault_pim.vault.layout import Layout
from vault_pim.vault.secret_ids import write_login
from vault_pim.vault.session import VaultSession
from vault_pim.vault.setup import Change, apply_setup, plan_setup


def setup(
    context: typer.Context,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", help="File with an administrator's Vault token. Default: $VAULT_TOKEN."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would change, and stop.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before changing.")] = False,
    write_secret_id: Annotated[
        bool,
        typer.Option(
            "--write-login", help="Also write the daemon's role-id and a new secret-id to the files of vault.auth."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make or update mounts, policies, entities and logins in Vault; shown first, and safe to run again.

    Exits 2 if --dry-run finds something to change.
    """
    output, settings = Output(as_json=as_json), invocation(context).settings()
    where, there = layout(settings.vault), address(settings.vault)
    admin = replace(there, login=TokenLogin(token_file=token_file))
    with VaultSession(admin) as session:
        changes = plan_setup(session, where, settings.connectors(), daemon=daemon_access(settings.vault.auth))
        for change in changes:
            _show(output, change)
        if not changes:
            output.line("Vault has all that vault-pim needs.", GOOD)
        elif not dry_run:
            confirm(f"Make {counted(len(changes), 'change')}?", yes=yes)
            apply_setup(changes)
            output.line(f"{counted(len(changes), 'change')} made.", GOOD)
        if write_secret_id and not dry_run:
            _write_login(output, session, settings, where)
    output.json(
        {
            "changes": [
                {"what": one.what, "where": one.where, "before": one.before, "after": one.after} for one in changes
            ],
            "applied": not dry_run,
        }
    )
    if dry_run and changes:
        raise typer.Exit(FINDING)


def _show(output: Output, change: Change) -> None:
    sign, style = ("+", GOOD) if change.before is None else ("-", BAD) if change.after is None else ("~", WARN)
    output.line(f"{sign} {change.what} {change.where}", style)
    for key, value in (change.after or change.before or {}).items():
        was = f" (was {change.before.get(key)!r})" if change.before and change.after else ""
        text = f"{len(value.splitlines())} lines" if isinstance(value, str) and "\n" in value else repr(value)
        output.line(f"    {key}: {text}{was}", QUIET)


def _write_login(output: Output, session: VaultSession, settings: Settings, where: Layout) -> None:
    auth = settings.vault.auth
    if not isinstance(auth, ApproleLogin) or auth.role_id_file.parent != auth.secret_id_file.parent:
        raise ConfigurationError(
            "--write-login needs vault.auth.method approle with both files in one directory",
            advice="Correct vault.auth, or make the secret-id by hand.",
        )
    written = write_login(session, where.daemon_role, auth.role_id_file.parent, where.daemon_auth)
    if (written.role_id_file, written.secret_id_file) != (auth.role_id_file, auth.secret_id_file):
        raise ConfigurationError(
            f"the login was written to {written.role_id_file} and {written.secret_id_file}",
            advice="Name these two files in vault.auth.",
        )
    output.line(f"The daemon's login is in {auth.role_id_file.parent}.", GOOD)
