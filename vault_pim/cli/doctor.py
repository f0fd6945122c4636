"""`doctor`: a preflight. Looks at Vault, the PIMs and the rights of vault-pim's own accounts; changes nothing."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import typer

from vault_pim.assembly import Installation, assemble
from vault_pim.cli.check import ATTENTION, FAILED, OK, Check
from vault_pim.cli.doctor_logins import look_at_logins
from vault_pim.cli.doctor_pim import look_at_pim
from vault_pim.cli.invocation import FINDING, AsJson, invocation, worst
from vault_pim.cli.render import BAD, GOOD, WARN, Output
from vault_pim.domain.errors import VaultPimError
from vault_pim.domain.wording import human_duration
from vault_pim.settings.findings import findings as file_findings
from vault_pim.vault.rights import excess, lacking

CLOCKS_APART = timedelta(seconds=30)
STYLES = {OK: GOOD, ATTENTION: WARN, FAILED: BAD}


def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """Check that Vault and the PIMs are reachable, and that every account may do its work and no more.

    Exits 0 if all is well, 2 if something needs attention, 1 if Vault or a PIM says no, 3 if a file that the
    configuration names is wrong, 4 if one gives no answer.
    """
    output = Output(as_json=as_json)
    with assemble(invocation(context).settings(), role="doctor") as installation:
        checks = list(_all(installation))
    output.json(
        {
            "checks": [
                {"subject": one.subject, "outcome": one.outcome, "said": one.said, "advice": one.advice}
                for one in checks
            ]
        }
    )
    output.table(
        ("Subject", "Outcome", "What was seen"),
        [(one.subject, (one.outcome, STYLES[one.outcome]), one.said) for one in checks],
    )
    for advice in dict.fromkeys(one.advice for one in checks if one.advice):
        output.line(f"what to do: {advice}", WARN)
    if code := worst(one.exit_code for one in checks):
        raise typer.Exit(code)


def _all(installation: Installation) -> Iterator[Check]:
    for found in file_findings(installation.settings):
        yield Check(subject="files", outcome=ATTENTION, said=str(found), exit_code=FINDING)
    vault = list(_tried("Vault", partial(_vault, installation)))
    yield from vault
    if any(one.outcome == FAILED for one in vault):
        return  # the login ledger is in Vault: without it no PIM is asked
    for pim in installation.settings.pims:
        yield from _tried(f"PIM {pim}", partial(look_at_pim, installation, pim))


def _vault(installation: Installation) -> Iterator[Check]:
    """Reachable, clocks together, rights of our own account, identities of the connectors."""
    settings = installation.settings
    for connector in settings.connectors()[:1]:
        apart = abs(installation.states.load(connector.id).server_now - installation.clock.now())
        fine = apart < CLOCKS_APART
        yield Check(
            subject="clock",
            outcome=OK if fine else ATTENTION,
            said=f"Vault's clock and ours are {human_duration(apart)} apart",
            advice="" if fine else "Synchronise both machines with NTP.",
            exit_code=0 if fine else FINDING,
        )
    yield Check(subject="Vault", outcome=OK, said=f"{settings.vault.url} answers, and takes our login")
    for what, said, advice in (
        ("may not", lacking(installation.vault, installation.layout), "Run `vault-pim setup` as an administrator."),
        ("may also", excess(installation.vault), "Take the surplus policies off vault-pim's login."),
    ):
        if said:
            text = f"our login {what} {', '.join(said)}"
            yield Check(subject="Vault rights", outcome=ATTENTION, said=text, advice=advice, exit_code=FINDING)
    yield from look_at_logins(installation)


def _tried(subject: str, look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """The checks, or the error that ended them."""
    try:
        yield from look()
    except VaultPimError as error:
        reasons = f": {error.why}" if error.why else ""
        yield Check(
            subject=subject,
            outcome=FAILED,
            said=error.what + reasons,
            advice=error.advice,
            exit_code=error.exit_code,
        )
