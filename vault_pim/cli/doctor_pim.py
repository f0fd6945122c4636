"""What `doctor` looks at in one PIM: our own account, slots, passwords, token lifetimes, declared permissions."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from vault_pim.assembly import Installation
from vault_pim.cli.check import ATTENTION, OK, Check
from vault_pim.cli.invocation import FINDING
from vault_pim.cli.render import counted
from vault_pim.domain.connector import Connector
from vault_pim.domain.facts import Survey
from vault_pim.domain.generation import Generation
from vault_pim.domain.wording import format_duration, human_duration
from vault_pim.pim.account import needed
from vault_pim.pim.passwords import WEAKNESS, better_mechanism
from vault_pim.pim.releases import RELEASES

NAMES_SHOWN = 8


def look_at_pim(installation: Installation, pim: str) -> Iterator[Check]:
    """Reachable, our account's rights, free slots, and what the connectors ask for."""
    survey = installation.reconciler(pim).survey()
    connectors = [one for one in installation.settings.connectors() if one.id.pim == pim]
    yield Check(subject=f"PIM {pim}", outcome=OK, said=f"release {survey.pim_release} answers, and takes our login")
    live = [one for id_ in installation.ids() if id_.pim == pim for one in installation.states.load(id_).state.live]
    yield from _account(installation, pim, survey, connectors, live)
    yield from _lifetime(installation, pim, live)
    yield _slots(pim, survey, connectors)
    yield _passwords(installation, pim)
    for connector in connectors:
        if unknown := sorted(connector.permissions - survey.offered):
            yield Check(
                subject=str(connector.id),
                outcome=ATTENTION,
                said=f"the PIM does not offer {', '.join(unknown)}",
                advice=f"Correct the permissions of {connector.id}.",
                exit_code=FINDING,
            )


def _passwords(installation: Installation, pim: str) -> Check:
    """Whose the passwords are; those of connections are the PIM's, and weak."""

    console = installation.settings.pims[pim].console is not None
    better = better_mechanism(pim, installation.reconciler(pim).tools.driver.mechanism, console=console)
    return Check(
        subject=f"PIM {pim}",
        outcome=ATTENTION if better and console else OK,
        said=WEAKNESS if better else "passwords are ours, of 190 random bits",
        advice=better or "",
        exit_code=FINDING if better and console else 0,
    )


def _account(
    installation: Installation, pim: str, survey: Survey, connectors: list[Connector], live: Iterable[Generation]
) -> Iterator[Check]:
    """The rights of our own account there; lacking what every connector needs, it was refused with the survey."""
    release = next(one for one in RELEASES if one.name == survey.pim_release)
    console = installation.settings.pims[pim].console is not None
    groups = any(one.user_group for one in connectors)
    ours = installation.reconciler(pim).tools.driver.mechanism
    must = needed(release, ours, console=console, user_groups=groups)
    former = {one.mechanism for one in live} - {ours}  # its sets are yet to be deleted
    may = must.union(*(needed(release, one, console=console) for one in former))
    account = f"the account {installation.settings.pims[pim].web.username}"
    for what, names, advice in (
        ("may not", must - survey.account, "Give its role these permissions at the PIM."),
        ("may also", survey.account - may, "Take them off its role at the PIM: vault-pim never uses them."),
    ):
        if names:
            said = f"{account} {what} {_listed(names)}"
            yield Check(subject=f"PIM {pim}", outcome=ATTENTION, said=said, advice=advice, exit_code=FINDING)
    if survey.account == must:
        said = f"{account} may do what it must, and nothing else: {', '.join(sorted(must))}"
        yield Check(subject=f"PIM {pim}", outcome=OK, said=said)


def _listed(names: frozenset[str]) -> str:
    """The first names of many, and how many more there are."""
    shown = sorted(names)[:NAMES_SHOWN]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _lifetime(installation: Installation, pim: str, live: Iterable[Generation]) -> Iterator[Check]:
    """How long access tokens really live, as the PIM said when the sets were verified; every grace is held to it."""
    told = max((one.access_token_lifetime for one in live if one.access_token_lifetime), default=None)
    declared = installation.settings.pims[pim].access_token_lifetime
    if told is None:
        return
    fine = timedelta(seconds=told) <= declared
    yield Check(
        subject=f"PIM {pim}",
        outcome=OK if fine else ATTENTION,
        said=f"access tokens live {human_duration(timedelta(seconds=told))}, declared {human_duration(declared)}",
        advice=""
        if fine
        else f"Set pims.{pim}.access_token_lifetime to {format_duration(timedelta(seconds=told))}, then correct grace.",
        exit_code=0 if fine else FINDING,
    )


def _slots(pim: str, survey: Survey, connectors: list[Connector]) -> Check:
    """Overlap needs one slot more than there are connectors, at the least."""
    free = survey.free_slots
    if free is None or free > len(connectors):
        said = "as many connections as one likes" if free is None else f"{counted(free, 'free connection slot')}"
        return Check(subject=f"PIM {pim}", outcome=OK, said=said)
    return Check(
        subject=f"PIM {pim}",
        outcome=ATTENTION,
        said=f"{counted(free, 'free connection slot')} for {counted(len(connectors), 'connector')}",
        advice=f"Delete connections nobody uses at PIM {pim}: every rotation needs a second one for its grace.",
        exit_code=FINDING,
    )
