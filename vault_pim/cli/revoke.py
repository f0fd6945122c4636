"""`revoke`: end every set of connectors now, and prove it. Needs no daemon, and beats whoever works on them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from vault_pim.assembly import assemble
from vault_pim.cli.bundles import IdentityFile, PassphraseFile, cut, open_bundle
from vault_pim.cli.confirm import confirm
from vault_pim.cli.errors import tell
from vault_pim.cli.invocation import AsJson, ConnectorName, invocation, worst
from vault_pim.cli.outcomes import failure_json
from vault_pim.cli.render import BAD, GOOD, WARN, Cell, Output
from vault_pim.cli.revoking import WILDCARDS, Revoked, Wish, matching, revoke_all, revoke_one
from vault_pim.domain.errors import ConfigurationError

LOGIN_ANEW = "Secret-ids are gone with the Vault tokens. For a new login, once a new set is served:"


def revoke(
    context: typer.Context,
    connectors: Annotated[list[str], ConnectorName.__metadata__[0]],
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; stands in the record and in the audit log.")],
    replace_first: Annotated[
        bool,
        typer.Option(
            "--replace-first/--cut-first",
            help="Serve a successor before the old set ends, or cut off first and then issue one.",
        ),
    ] = False,
    no_reissue: Annotated[
        bool, typer.Option("--no-reissue", help="No new set: it stays cut off until `vault-pim rotate`.")
    ] = False,
    breakglass: Annotated[
        Path | None,
        typer.Option(
            "--breakglass", metavar="FILE", help="Cut at the PIM alone, by this bundle: Vault is sealed or gone."
        ),
    ] = None,
    identity: IdentityFile = None,
    passphrase_file: PassphraseFile = None,
    newer: Annotated[
        bool, typer.Option("--newer", help="With --breakglass: also delete sets made after the bundle, by their label.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    as_json: AsJson = False,
) -> None:
    """Cut connectors off: no access to Vault, every set dead at the PIM, no KV version readable; with proof.

    Then a new set is issued and Vault's entity enabled for it, unless --no-reissue; a connector that logs in by a
    secret-id needs `vault-pim bootstrap`, since its secret-ids are gone. Several connectors are revoked at once; a name
    may hold *, as in 'prod/*'.

    Running it again continues, and shows the proof. Exits 0 when all is done, 5 when begun but not proven.

    With --breakglass one is cut at the PIM alone and it exits 5: `vault-pim breakglass finish` does the rest.
    """
    output = Output(as_json=as_json)
    if replace_first and no_reissue:
        raise ConfigurationError(
            "--replace-first serves a successor, --no-reissue forbids one", advice="Give one of the two."
        )
    single = len(connectors) == 1 and not WILDCARDS & set(connectors[0])
    if breakglass is not None:
        if not single or replace_first:
            raise ConfigurationError(
                "--breakglass cuts one connector, and issues nothing", advice="Name one, without --replace-first."
            )
        opened = open_bundle(invocation(context), breakglass, identity, passphrase_file, output)
        cut(opened, connectors[0], reason=reason, newer=newer, yes=yes, output=output)
        return
    wish = Wish(reason=reason, replace_first=replace_first, reissue=not no_reissue)
    with assemble(invocation(context).settings(), role="revoke") as installation:
        ids = matching(installation, connectors)
        named = ", ".join(str(id_) for id_ in ids)
        confirm(f"Revoke every credential set of {named}? What uses them stops working at once.", yes=yes)
        if single:
            with output.progress("Revoking") as report:
                done: tuple[Revoked, ...] = (revoke_one(installation, ids[0], wish, report),)
        else:
            with output.progress("Revoking", total=len(ids)) as report:
                done = revoke_all(installation, ids, wish, report)
    if single and done[0].error is not None and done[0].proof is None:
        raise done[0].error
    output.json(_json(done[0]) if single else {"connectors": [_json(one) for one in done]})
    if single:
        _show(output, done[0])
    else:
        _show_all(output, done)
    for error in (one.error for one in done):
        if error is not None:
            tell(error.what, error.why, error.advice)
    if code := worst(one.error.exit_code for one in done if one.error is not None):
        raise typer.Exit(code)


def _json(one: Revoked) -> dict[str, Any]:
    asked = one.state.revocation if one.state else None
    proof = one.proof
    return {
        "connector": one.connector,
        "proven": proof is not None,
        "proven_at": proof.proven_at if proof else None,
        "through_generation": asked.through if asked else None,
        "reason": asked.reason if asked else None,
        "asked_at": asked.asked_at if asked else None,
        "asked_by": asked.asked_by if asked else None,
        "evidence": list(asked.evidence) if asked else [],
        "new_generation": one.new_generation,
        "cut_off": one.state.cut_off if one.state else None,
        "needs_bootstrap": one.by_secret_id,
        "seconds": round(one.seconds, 3),
        "error": failure_json(one.error),
    }


def _row(one: Revoked) -> tuple[Cell, ...]:
    proven: Cell = (f"proven, in {one.seconds:.1f} s", GOOD) if one.proof else ("not proven", BAD)
    if one.new_generation:
        return str(one.connector), proven, f"generation {one.new_generation} is served"
    return str(one.connector), proven, ("cut off" if one.state and one.state.cut_off else "no new set", WARN)


def _show(output: Output, one: Revoked) -> None:
    """The whole evidence of one alone, and what is left to do."""
    id_ = one.connector
    if one.proof is not None:
        for line in one.proof.evidence:
            output.line(f"  {line}")
        output.line(f"{id_} is revoked, and proven so, in {one.seconds:.1f} s.", GOOD)
    if one.new_generation is not None:
        output.line(f"Generation {one.new_generation} is served to it.", GOOD)
    elif one.error is None:
        output.line(f"It stays cut off. For a new set: vault-pim rotate {id_}", WARN)
    if one.by_secret_id:
        output.line(f"{LOGIN_ANEW} vault-pim bootstrap {id_}", WARN)


def _show_all(output: Output, done: tuple[Revoked, ...]) -> None:
    output.table(("Connector", "Revoked", "Now"), [_row(one) for one in done])
    if any(one.state is not None and one.state.cut_off for one in done):
        output.line("For a new set of one that is cut off: vault-pim rotate CONNECTOR", WARN)
    if any(one.by_secret_id for one in done):
        output.line(f"{LOGIN_ANEW} vault-pim bootstrap CONNECTOR", WARN)
