"""What `observe()` saw, plus policy and now: everything `decide()` may know. No secrets."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from vault_pim.domain.connector import Connector, ConnectorId, Mechanism
from vault_pim.domain.generation import Generation
from vault_pim.domain.readers import ReadersSight
from vault_pim.domain.state import ConnectorState


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One label seen at a PIM.

    Attributes:
        label: the object's name, as the PIM has it.
        description: the free text beside it, in which our marker stands.
        whole: False for a half of a set: a user without its client, or a client without its user.
    """

    label: str
    description: str
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignUser:
    """A user whom a PIM let in through the client of a set that is not his.

    Attributes:
        label: that set's name at the PIM.
        username: as it was typed, which may be the user's e-mail address.
        last_at: when he last logged in or called so.
    """

    label: str
    username: str
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What one look at a PIM shows, for all its connectors.

    Attributes:
        sightings: every connection (or client) there, ours or not.
        roles: names of all roles.
        offered: privileges the PIM's role form offers.
        free_slots: how many more connections may be made; None where the PIM has no limit.
        foreign_users: as far as the PIM reports them: PIM 5.0 and newer, of connections, for seven days.
        account: privileges that vault-pim's own account holds.
    """

    pim_release: str
    sightings: tuple[Sighting, ...]
    roles: frozenset[str]
    offered: frozenset[str]
    free_slots: int | None
    foreign_users: tuple[ForeignUser, ...] = ()
    account: frozenset[str] = frozenset()


class Presence(StrEnum):
    """How something of a connector's surroundings stands."""

    ABSENT = "absent"
    AS_DECLARED = "as-declared"
    DIFFERS = "differs"
    CUT = "cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What the connector's path serves: the generation written in it, and Vault's number for the write."""

    generation: int
    kv_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PimSight:
    """What was seen of one connector at its PIM; `role` is absent, exactly as declared, or differs."""

    survey: Survey
    role: Presence


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessSight:
    """What was seen of one connector's identity and logins in Vault.

    Attributes:
        presence: whether all is there as declared; CUT while the entity is disabled.
        drift: what is missing or not as declared, a few words each.
        secret_ids: when each of its secret-ids ends, None for one without an end; None where it has no AppRole.
    """

    presence: Presence
    drift: tuple[str, ...] = ()
    secret_ids: tuple[datetime | None, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What was seen of one connector at its PIM and in Vault.

    Attributes:
        pim: None where the PIM gave no answer.
        access: its entity and login in Vault; CUT while the entity is disabled.
        drift, secret_ids: as in `AccessSight`.
        served: None where the path serves nothing.
        readers: None where nothing depends on them.
    """

    pim: PimSight | None
    access: Presence
    served: Served | None
    drift: tuple[str, ...] = ()
    secret_ids: tuple[datetime | None, ...] | None = None
    readers: ReadersSight | None = None

    def with_access(self, seen: AccessSight) -> "Observation":
        """The same with what was seen of its access."""
        return replace(self, access=seen.presence, drift=seen.drift, secret_ids=seen.secret_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The whole input of a decision.

    Attributes:
        connector: as declared; None if it is no longer in the configuration.
        mechanism: the one its PIM is to be used with now.
        now: on our clock, aware.
        server_now: on Vault's clock, by which holders expire.
        me: our name as a holder.
        impatient: a person asked, so a back-off is not waited for.
        tried: the tasks that failed in this pass already.
        revoked_at: when the last revocation that this machine has a record of was asked for, or None.
    """

    id: ConnectorId
    connector: Connector | None
    mechanism: Mechanism
    state: ConnectorState
    observation: Observation
    now: datetime
    server_now: datetime
    me: str
    impatient: bool = False
    tried: frozenset[str] = frozenset()
    revoked_at: datetime | None = None

    def serves(self, generation: Generation) -> bool:
        """Whether the connector's path serves that generation."""
        served = self.observation.served
        return served is not None and served.generation == generation.number
