"""Gather what is known of how far one connector's served set reaches, at its PIM and in Vault. Judges nothing.

Called by `prove`, which shares one look at each PIM among its connectors and asks for several connectors at once.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace

from vault_pim.domain.connector import Connector, ConnectorId
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import Intercepted, VaultRefusal
from vault_pim.domain.generation import Generation
from vault_pim.domain.outcomes import Refused
from vault_pim.domain.separation import Evidence, Knock, Reach, SetAtPim, Untried, Verdict
from vault_pim.domain.state import ConnectorState
from vault_pim.engine.tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A connector whose served set is to be proven.

    Attributes:
        credentials: the set that was issued, from the held copy.
        given: the set that its path gives; None if that gives no whole one.
        own_users: those of all its live sets, in lower case.
    """

    connector: Connector
    generation: Generation
    credentials: CredentialSet
    given: CredentialSet | None
    own_users: frozenset[str]

    @property
    def id(self) -> ConnectorId:
        """Its identity."""
        return self.connector.id


def subject(tools: Tools, state: ConnectorState, connector: Connector | None) -> Subject | Untried:
    """The connector with its served set, or why it cannot be tried.

    Args:
        connector: as declared; None if the configuration does not have it any more.
    """
    if connector is None or connector.drill:
        why = "it is there for drills" if connector else "it is not in the configuration any more"
        return Untried(why=f"{why}, and has a live set", verdict=Verdict.UNPROVEN) if state.live else Untried(why=why)
    current = state.current
    if current is None:
        return Untried(why="it was revoked and is cut off" if state.cut_off else "no credential set is served yet")
    credentials = tools.credentials.held(state.connector, current.number)
    if credentials is None:
        why = f"the stored copy of generation {current.number} is lost"
        return Untried(why=why, verdict=Verdict.UNPROVEN)
    return Subject(
        connector=connector,
        generation=current,
        credentials=credentials,
        given=tools.credentials.given(state.connector),
        own_users=_users(state),
    )


def gather(
    tools: Tools,
    one: Subject,
    *,
    shown: Mapping[str, SetAtPim],
    neighbour: Subject | None,
    others: Mapping[ConnectorId, Collection[int]],
) -> Evidence:
    """Try the set at its own door and at the neighbour's, and the connector's login in Vault.

    Args:
        shown: what the PIM shows of its sets, by label.
        neighbour: another connector of the same PIM, if there is one.
        others: whose paths in Vault must refuse it, with the numbers of their live sets.

    Raises:
        NoAnswer: nothing is known.
        Refusal: our own account or login is refused.
    """
    at_pim = shown.get(one.generation.label)
    if at_pim is not None:  # the connector's own set of before has its role, too
        at_pim = replace(at_pim, sharing=tuple(name for name in at_pim.sharing if name.lower() not in one.own_users))
    return Evidence(
        connector=one.connector,
        generation=one.generation,
        at_pim=at_pim,
        login=tools.driver.verify(one.credentials, one.connector.permissions),
        neighbour=neighbour.id if neighbour else None,
        knock=tools.driver.opens(one.credentials, neighbour.credentials) if neighbour else Knock(),
        access=tools.access.look(one.connector),
        reach=_reach(tools, one.connector, others),
        fingerprints=tools.fingerprints.of(one.credentials),
        given=tools.fingerprints.of(one.given) if one.given else None,
        differing=_differing(one.credentials, one.given) if one.given else (),
    )


def _reach(tools: Tools, connector: Connector, others: Mapping[ConnectorId, Collection[int]]) -> Reach | Refused:
    """What its login opens; whatever else than the login is refused leaves that open, and stops no other connector."""
    try:
        return tools.access.reach(connector, others)
    except Intercepted:
        raise
    except VaultRefusal as refusal:
        return Refused(reason=f"what its login opens cannot be asked: {refusal.what}")


def _users(state: ConnectorState) -> frozenset[str]:
    return frozenset(one.username.lower() for one in state.live if one.username)


def _differing(issued: CredentialSet, given: CredentialSet) -> tuple[str, ...]:
    names = (field.name for field in fields(CredentialSet))
    return tuple(name for name in names if getattr(issued, name) != getattr(given, name))
