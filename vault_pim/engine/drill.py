"""The two looks of a drill: that the shadow connector's set opens its doors before the revocation, and none after it.

Called by `prove --drill`, which has the set issued and revoked in between by the very passes that a real incident has.
What is seen here is seen beside the revocation's own proof, with tokens of its own.
"""

from dataclasses import dataclass
from datetime import timedelta

from vault_pim.domain.connector import Connector
from vault_pim.domain.credentials import CredentialSet, Tokens
from vault_pim.domain.errors import Impossible, NotProven
from vault_pim.domain.events import Event, Tag
from vault_pim.domain.outcomes import Alive, Refused
from vault_pim.domain.state import ConnectorState
from vault_pim.engine.record import record
from vault_pim.engine.tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A set that was seen to work, and tokens that were taken with it."""

    number: int
    credentials: CredentialSet
    tokens: Tokens


def witness(tools: Tools, connector: Connector) -> Witness:
    """See that the set that is served opens the connector's doors, at the PIM and in Vault.

    Raises:
        NotProven: it does not, so that nothing would be shown by its end.
    """
    current = tools.states.load(connector.id).state.current
    credentials = tools.credentials.held(connector.id, current.number) if current else None
    if current is None or credentials is None:
        raise NotProven(f"no set is served to {connector.id}", advice=f"See `vault-pim plan {connector.id}`.")
    verified = tools.driver.verify(credentials, connector.permissions)
    tokens = tools.driver.take_tokens(credentials)
    if isinstance(verified, Refused) or tokens is None:
        why = verified.reason if isinstance(verified, Refused) else "no tokens are granted"
        raise NotProven(f"the set of {connector.id} does not work before the drill", why=why)
    reach = tools.access.reach(connector, {})
    if isinstance(reach, Refused) or not reach.own:
        why = reach.reason if isinstance(reach, Refused) else "its own path refuses its login"
        raise NotProven(
            f"{connector.id} does not read its path before the drill",
            why=why,
            advice="Give the drill connector a login by AppRole, from anywhere, and run `vault-pim setup`.",
        )
    return Witness(number=current.number, credentials=credentials, tokens=tokens)


def aftermath(tools: Tools, connector: Connector, seen: Witness) -> tuple[str, ...]:
    """See that nothing of it opens anything any more, and that nothing of it is left; gives the evidence.

    Raises:
        NotProven: something does, or is.
    """
    proof = tools.driver.prove_dead(seen.credentials, seen.tokens)
    reach = tools.access.reach(connector, {})
    left = {
        "a KV version gives the set": bool(tools.credentials.readable(connector.id)),
        "a copy of it is held": tools.credentials.held(connector.id, seen.number) is not None,
        "Vault tokens of it live": bool(tools.access.live_tokens(connector.id)),
        "Vault lets its login in": not isinstance(reach, Refused),
        "its label stands at the PIM": any(
            connector.id.number_of(one.label) is not None for one in tools.driver.survey().sightings
        ),
    }
    unproven = [what for what, found in left.items() if found]
    if isinstance(proof, Alive):
        unproven += proof.unproven
    if unproven or isinstance(proof, Alive):
        raise NotProven(f"the drill of {connector.id} left something alive", why="; ".join(unproven))
    return (*proof.evidence, "Vault: a fresh login as the connector is refused", "PIM and Vault: nothing of it is left")


def time_to_revoke(state: ConnectorState) -> timedelta:
    """From the wish to the proof, as the record has it."""
    asked = state.revocation
    if asked is None or asked.proven_at is None:
        raise Impossible(f"the revocation of {state.connector} is not proven")
    return asked.proven_at - asked.asked_at


def record_drill(tools: Tools, connector: Connector, took: timedelta) -> None:
    """Write into the audit log that a drill succeeded, and how long the revocation took.

    Raises:
        AuditUnavailable: it could not be written.
    """
    detail = {"time_to_revoke_seconds": f"{took.total_seconds():.3f}"}
    event = Event(at=tools.clock.now(), tag=Tag.DRILL_DONE, by=tools.me, connector=connector.id, detail=detail)
    record(tools, event, urgent=False)
