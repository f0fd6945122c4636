"""`revoke`: end every set of one connector now, and prove it. Needs no daemon, and beats whoever works on it."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from vault_pim.assembly import Installation, assemble
from vault_pim.cli.bundles import IdentityFile, PassphraseFile, cut, open_bundle
from vault_pim.cli.confirm import confirm
from vault_pim.cli.invocation import AsJson, ConnectorName, invocation
from vault_pim.cli.outcomes import describe
from vault_pim.cli.render import GOOD, WARN, Output
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import NotProven, TakenOver
from vault_pim.domain.outcomes import Alarm, Do, Mend
from vault_pim.domain.reasons import SENTENCES
from vault_pim.domain.state import Revocation
from vault_pim.engine.asks import ask_revocation

PATIENCE = timedelta(seconds=30)
"""How long a daemon that took the revocation up is watched before we say that it is not proven."""
LOOK_AGAIN = 0.2


def revoke(
    context: typer.Context,
    connector: ConnectorName,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; stands in the record and in the audit log.")],
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
    """Cut a connector off: no access to Vault, every set dead at the PIM, no KV version readable; with proof.

    The connector stays cut off until `vault-pim rotate` gives it a new set. Running it again continues, and shows the
    proof. Exits 0 when proven, 5 when begun but not proven.

    With --breakglass it is cut at the PIM alone and exits 5: `vault-pim breakglass finish` does the rest.
    """
    output = Output(as_json=as_json)
    if breakglass is not None:
        opened = open_bundle(invocation(context), breakglass, identity, passphrase_file, output)
        cut(opened, connector, reason=reason, newer=newer, yes=yes, output=output)
        return
    with assemble(invocation(context).settings(), role="revoke") as installation:
        id_ = installation.find(connector)
        confirm(f"Revoke every credential set of {id_}? It stops working at once.", yes=yes)
        begun = installation.clock.now()
        ask_revocation(installation.reconciler(id_.pim).tools, id_, reason=reason)
        proven = carry_out(output, installation, id_)
        seconds = (installation.clock.now() - begun).total_seconds()
        output.json(
            {
                "connector": id_,
                "proven": True,
                "proven_at": proven.proven_at,
                "through_generation": proven.through,
                "reason": proven.reason,
                "asked_at": proven.asked_at,
                "asked_by": proven.asked_by,
                "evidence": list(proven.evidence),
                "seconds": round(seconds, 3),
            }
        )
        for line in proven.evidence:
            output.line(f"  {line}")
        output.line(f"{id_} is revoked, and proven so, in {seconds:.1f} s.", GOOD)
        output.line(f"It stays cut off. For a new set: vault-pim rotate {id_}", WARN)


def carry_out(output: Output, installation: Installation, id_: ConnectorId) -> Revocation:
    """Run passes until the revocation is proven, or watch a daemon that does."""
    reconciler, pause = installation.reconciler(id_.pim), threading.Event()
    until = installation.clock.now() + PATIENCE

    def watch(decision: Do | Mend) -> None:
        report(f"{id_}: {describe(decision)} ({SENTENCES[decision.reason]})")

    with output.progress("Revoking") as report:
        while True:
            try:
                passed = reconciler.run(id_, installation.connector(id_), impatient=True, watch=watch)
                if isinstance(passed.end, Alarm):
                    raise NotProven(
                        f"the revocation of {id_} is asked for, but not proven: {passed.end.detail}",
                        why=SENTENCES[passed.end.reason],
                        advice=passed.end.advice,
                    )
                asked = passed.state.revocation
            except TakenOver:
                asked = installation.states.load(id_).state.revocation
            if asked is not None and asked.proven_at is not None:
                return asked
            if installation.clock.now() >= until:
                raise NotProven(f"the revocation of {id_} is asked for, but not proven yet")
            pause.wait(LOOK_AGAIN)
