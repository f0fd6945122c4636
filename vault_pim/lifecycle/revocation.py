"""What a revocation asks for, in which order: two of the rules of decide.py. Pure, as they all are."""

from vault_pim.domain.facts import Facts, Presence
from vault_pim.domain.generation import Stage, Step
from vault_pim.domain.outcomes import Decision, Do, Mend, Part
from vault_pim.domain.reasons import Reason
from vault_pim.domain.state import Revocation


def access_cut_first(facts: Facts) -> Decision | None:
    """A revoked connector loses its access to Vault before anything else, whether or not the PIM answers.

    Of a connector that is not configured no access is seen, though there may be some: it is cut until that is proven.
    """
    asked, seen = facts.state.revocation, facts.observation.access
    if asked is None or not facts.state.cut_off or seen is Presence.CUT:
        return None
    settled = seen is Presence.ABSENT and asked.proven_at is not None
    return None if settled else Mend(part=Part.ACCESS, reason=Reason.REVOCATION_ASKED)


def revocation(facts: Facts) -> Decision | None:
    """Everything that was issued up to the revocation ends, the served one first, and that is proven, whatever keeps us
    from looking at the PIM; then a connector whose successor was served first is let in again.

    A leaked set that is served again after the proof (by a process that slept, or from a backup) needs another proof.
    """
    asked = facts.state.revocation
    if asked is None or asked.lifted_at is not None:
        return None
    if asked.replace_first and not facts.state.served_anew and asked.proven_at is None:
        return _on_its_way(facts, asked)
    leaked = [one for one in facts.state.live if one.number <= asked.through]
    if leaked:
        first = next((one for one in leaked if one.stage is Stage.CURRENT), leaked[-1])
        return Do(step=Step.REVOKE, number=first.number, reason=Reason.REVOCATION_ASKED)
    served = facts.observation.served
    if asked.proven_at is None or (served is not None and served.generation <= asked.through):
        return Mend(part=Part.PROOF, reason=Reason.REVOCATION_ASKED)
    if not facts.state.cut_off and facts.connector is not None:
        return Mend(part=Part.ACCESS, reason=Reason.PROVEN)
    return None


def _on_its_way(facts: Facts, asked: Revocation) -> Decision | None:
    """What was on its way before may have leaked as well: it is no successor. Verified, it may be read by now, as its
    publisher died or is only slow: it becomes the current set, and is replaced like any other."""
    pending = facts.state.pending
    if pending is None or pending.number > asked.through or pending.stage is Stage.VERIFIED:
        return None
    return Do(step=Step.ABANDON, number=pending.number, reason=Reason.REVOCATION_ASKED)
