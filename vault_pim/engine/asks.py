"""What a person asks for: a rotation or a revocation. Saved durably first; the passes then carry it out."""

from dataclasses import replace
from datetime import datetime

from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import NotProven, TakenOver
from vault_pim.domain.events import Event, Tag
from vault_pim.domain.state import ConnectorState, Revocation
from vault_pim.engine.done import numbered
from vault_pim.engine.hold import Hold
from vault_pim.engine.record import record
from vault_pim.engine.tools import Tools

TRIES = 20
"""How often a revocation is written again after a lost check-and-set; each loss means that a pass saved meanwhile."""


def ask_rotation(tools: Tools, connector: ConnectorId) -> ConnectorState:
    """Ask for a new generation now; after a revocation this is what lets the connector in again.

    Raises:
        NotProven: an earlier revocation is not finished; a new set must not be served before.
        TakenOver: somebody works on the connector at this moment.
        AuditUnavailable: nothing was asked.
    """
    hold = Hold(tools, connector)
    state, now = hold.state, tools.clock.now()
    if state.revocation is not None and state.revocation.proven_at is None:
        order = " --replace-first" if state.revocation.replace_first else ""
        raise NotProven(
            f"the revocation of {connector} is not proven yet",
            advice=f"Run `vault-pim revoke {connector} --reason ...{order}` again until it is, then rotate.",
        )
    if state.holder is not None and state.holder.name != tools.me and state.holder.expires_at > hold.server_now:
        raise TakenOver(f"{connector} is worked on by {state.holder.name}", advice="Try again in a moment.")
    asked = Event(at=now, tag=Tag.ROTATION_ASKED, by=tools.me, connector=connector, incident=state.incident)
    record(tools, asked, urgent=False)
    revocation = state.revocation
    if revocation is not None and not state.served_anew:  # else it is lifted with the access that is restored
        revocation = replace(revocation, lifted_at=revocation.lifted_at or now)
    hold.write(replace(state, rotation_asked_at=now, revocation=revocation, failures=None))
    return hold.state


def ask_revocation(
    tools: Tools,
    connector: ConnectorId,
    *,
    reason: str,
    since: datetime | None = None,
    replace_first: bool = False,
    reissue: bool = False,
) -> ConnectorState:
    """Ask for the end of every set issued so far. Whoever works on the connector loses it to this.

    Asked again before the incident is over, it goes on with that, and does not wait for whoever died over it.

    Args:
        tools: the ports.
        connector: whose sets.
        reason: for the record.
        since: when the incident began, if that was before: it was cut at the PIM while Vault was away.
        replace_first: the old sets live until a successor is served.
        reissue: with the proof a new set is asked for, too.

    Raises:
        TakenOver: others kept writing; nothing was asked.
    """
    asked_at = since or tools.clock.now()
    for _ in range(TRIES):
        hold = Hold(tools, connector)
        asked = Revocation(
            through=hold.state.next_number - 1,
            reason=reason,
            asked_at=asked_at,
            asked_by=tools.me,
            replace_first=replace_first,
            reissue=reissue,
        )
        if hold.state.incident is not None and hold.state.revocation is not None:
            state, tag = _gone_on(hold.state, hold.state.revocation, asked), Tag.REVOCATION_RESUMED
        else:
            rotation = asked_at if replace_first else None
            state = replace(hold.state, revocation=asked, rotation_asked_at=rotation, failures=None)
            tag = Tag.REVOCATION_ASKED
        _tell(tools, tag, state, reason)
        try:
            hold.let_nobody_hold(state)
        except TakenOver:
            continue
        return hold.state
    raise TakenOver(f"{connector} is written by others all the time", advice="Stop the daemons, then revoke again.")


def _gone_on(state: ConnectorState, before: Revocation, again: Revocation) -> ConnectorState:
    """An incident that is asked for again. Of two wishes the stricter one holds: cut off first, and no new set.

    What was issued for it meanwhile ends too, unless it goes on as it began: who asks anew does not trust it.
    """
    if before.lifted_at is None and (before.replace_first is again.replace_first or not before.replace_first):
        return replace(state, revocation=replace(before, reissue=before.reissue and again.reissue, looked_at=None))
    reissue = again.reissue and (before.reissue or before.lifted_at is not None)
    reopened = replace(
        again,
        reason=before.reason,
        asked_at=before.asked_at,
        asked_by=before.asked_by,
        replace_first=False,
        reissue=reissue,
        evidence=before.evidence,
    )
    return replace(state, revocation=reopened, rotation_asked_at=None, failures=None)


def _tell(tools: Tools, tag: Tag, state: ConnectorState, reason: str) -> None:
    """Audit that a revocation is wished for; that is carried out even where the log cannot be written.

    One that is proven already is told with its proof: whoever proved it may have died before he could tell.
    """
    asked = state.revocation
    proof = {}
    if asked is not None and asked.proven_at is not None:
        proof = {"proven_at": asked.proven_at.isoformat()} | numbered(asked.evidence)
    event = Event(
        at=tools.clock.now(),
        tag=tag,
        by=tools.me,
        connector=state.connector,
        incident=state.incident,
        detail={"reason": reason} | proof,
    )
    record(tools, event, urgent=True)
