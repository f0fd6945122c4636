"""Carrying out a revocation for one connector or for many at once: asked for, then passes until it is done.

Called by `revoke`, which prints what came of it. A connector that fails keeps no other from being revoked.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from vault_pim.assembly import Installation
from vault_pim.cli.outcomes import describe
from vault_pim.cli.until import passes_until
from vault_pim.domain.access import AppRoleAccess
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import ConfigurationError, NotProven, VaultPimError
from vault_pim.domain.outcomes import Alarm, Do, Mend, Wait
from vault_pim.domain.reasons import SENTENCES, Reason
from vault_pim.domain.state import ConnectorState, Revocation
from vault_pim.engine.asks import ask_revocation
from vault_pim.engine.reconcile import Pass

PATIENCE = timedelta(seconds=30)
"""How long a daemon that took the revocation up is watched before we say that it is not done."""
WILDCARDS = frozenset("*?[")
CUT_FIRST = "Or run it again with --cut-first: that ends the old sets at once."

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wants; see `ask_revocation`."""

    reason: str
    replace_first: bool
    reissue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """What came of one connector.

    Attributes:
        state: its record now; None if it could not be read.
        seconds: until the proof, or until it was clear that this run gives none.
        by_secret_id: it logs in to Vault by a secret-id, which is gone now.
        error: what stopped it; the proof may stand all the same.
    """

    connector: ConnectorId
    state: ConnectorState | None = None
    seconds: float = 0.0
    by_secret_id: bool = False
    error: VaultPimError | None = None

    @property
    def proof(self) -> Revocation | None:
        """The revocation, if it is proven."""
        return self.state.revocation if self.state is not None and _proven_at(self.state) is not None else None

    @property
    def new_generation(self) -> int | None:
        """The set that is served since."""
        current = self.state.current if self.state else None
        return current.number if self.state and self.state.served_anew and current else None


def matching(installation: Installation, names: Iterable[str]) -> tuple[ConnectorId, ...]:
    """The connectors that a person names, also by patterns as a shell has them.

    Raises:
        ConfigurationError: a name or a pattern means none.
    """
    found: set[ConnectorId] = set()
    for name in names:
        if not WILDCARDS & set(name):
            found.add(installation.find(name))
            continue
        meant = {id_ for id_ in installation.ids() if fnmatchcase(str(id_) if "/" in name else id_.name, name)}
        if not meant:
            known = ", ".join(str(id_) for id_ in installation.ids())
            raise ConfigurationError(f"no connector is named like {name}", advice=f"There are {known or 'none'}.")
        found |= meant
    return tuple(sorted(found))


def revoke_one(installation: Installation, id_: ConnectorId, wish: Wish, report: Report) -> Revoked:
    """Revoke one connector, telling each step."""
    begun, connector = installation.clock.now(), installation.connector(id_)
    try:
        _ask(installation, id_, wish)
    except VaultPimError as error:  # what its record tells is of an earlier one
        return Revoked(connector=id_, seconds=(installation.clock.now() - begun).total_seconds(), error=error)
    failed: VaultPimError | None = None
    try:
        state: ConnectorState | None = until_done(installation, id_, report)
    except VaultPimError as error:
        state, failed = _known(installation, id_), error
    proven_at, ended = _proven_at(state), installation.clock.now()
    if proven_at is not None and proven_at > begun:
        ended = proven_at
    return Revoked(
        connector=id_,
        state=state,
        seconds=(ended - begun).total_seconds(),
        by_secret_id=state is not None
        and (state.cut_off or proven_at is not None)
        and any(isinstance(one, AppRoleAccess) for one in (connector.logins if connector else ())),
        error=failed,
    )


def revoke_all(
    installation: Installation, ids: tuple[ConnectorId, ...], wish: Wish, report: Report
) -> tuple[Revoked, ...]:
    """Revoke connectors, as many at once as each PIM's `max_parallel` allows, telling each that is done."""
    done: dict[ConnectorId, Revoked] = {}
    with ExitStack() as stack:
        pools: dict[str, ThreadPoolExecutor] = {}
        for pim in {id_.pim for id_ in ids}:
            pools[pim] = ThreadPoolExecutor(installation.settings.pims[pim].max_parallel)
            stack.callback(pools[pim].shutdown, cancel_futures=True)  # also when a person interrupts it
            _prepare(installation, pim)
        futures = [pools[id_.pim].submit(revoke_one, installation, id_, wish, lambda _: None) for id_ in ids]
        for future in as_completed(futures):
            one = future.result()
            done[one.connector] = one
            report(f"{one.connector}: {one.error.what if one.error else 'proven'}")
    return tuple(done[id_] for id_ in ids)


def _prepare(installation: Installation, pim: str) -> None:
    """Make what the threads share; what is wrong with it each connector says for itself."""
    try:
        installation.reconciler(pim)
    except VaultPimError:
        return


def until_done(installation: Installation, id_: ConnectorId, report: Report) -> ConnectorState:
    """Run passes until a revocation that was asked for is done, or watch a daemon that does.

    Raises:
        NotProven: it cannot go on without a person, or takes too long.
        VaultPimError: a pass failed.
    """

    def watch(decision: Do | Mend) -> None:
        report(f"{id_}: {describe(decision)} ({SENTENCES[decision.reason]})")

    return passes_until(
        installation,
        id_,
        _done,
        patience=PATIENCE,
        watch=watch,
        judge=_judge,
        too_late=lambda one: _unfinished(one, ""),
    )


def _ask(installation: Installation, id_: ConnectorId, wish: Wish) -> None:
    connector = installation.connector(id_)
    if wish.replace_first and connector is not None and connector.drill:
        raise ConfigurationError(f"{id_} is there for drills, and has no successor", advice="Use --cut-first.")
    if wish.replace_first and connector is None:
        raise ConfigurationError(
            f"{id_} is not in the configuration any more, so it can have no successor",
            advice="Run it again with --cut-first.",
        )
    tools = installation.reconciler(id_.pim).tools
    ask_revocation(tools, id_, reason=wish.reason, replace_first=wish.replace_first, reissue=wish.reissue)


def _judge(passed: Pass) -> None:
    """Whether another pass may help.

    Raises:
        NotProven: not without a person.
        VaultPimError: what failed and held up nothing else.
    """
    if passed.troubles:
        raise passed.troubles[0]
    if _done(passed.state):
        return
    match passed.end:
        case Alarm(reason=reason, detail=detail, advice=advice):
            raise _unfinished(passed.state, f"{SENTENCES[reason]}: {detail}", advice)
        case Wait(reason=Reason.BACKING_OFF):
            failures = passed.state.failures
            raise _unfinished(passed.state, failures.what if failures else "")


def _known(installation: Installation, id_: ConnectorId) -> ConnectorState | None:
    try:
        return installation.states.load(id_).state
    except VaultPimError:
        return None


def _done(state: ConnectorState) -> bool:
    """Proven, and let in again to a new set if that was wished for."""
    return _proven_at(state) is not None and (state.incident is None or state.cut_off)


def _proven_at(state: ConnectorState | None) -> datetime | None:
    return state.revocation.proven_at if state is not None and state.revocation is not None else None


def _unfinished(state: ConnectorState, why: str, advice: str = "") -> NotProven:
    id_, asked = state.connector, state.revocation
    if _proven_at(state) is not None:
        what = f"{id_} is revoked, and proven so, but no new set is served to it yet"
        return NotProven(what, why=why, advice=f"{advice} Then run `vault-pim rotate {id_}`.".strip())
    if asked is not None and asked.replace_first and not state.served_anew:
        what = f"no successor is served to {id_} yet, so its old sets live on"
        return NotProven(what, why=why, advice=f"{advice} {CUT_FIRST}".strip())
    return NotProven(f"the revocation of {id_} is asked for, but not proven yet", why=why, advice=advice)
