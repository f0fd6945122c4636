"""The shapes the engine needs from outside. Protocols only; `tests/contract/` holds every implementation to them.

All of them raise the errors of domain/errors.py and no others: `NoAnswer` where the outcome is unknown, `Refusal`
where the other side said no.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from vault_pim.domain.connector import Connector, ConnectorId, Mechanism
from vault_pim.domain.credentials import CredentialSet, Tokens
from vault_pim.domain.errors import PimNoAnswer
from vault_pim.domain.events import Event
from vault_pim.domain.facts import AccessSight, Presence, Served, Survey
from vault_pim.domain.generation import Generation
from vault_pim.domain.outcomes import Proof, Refused, Verification
from vault_pim.domain.readers import ReadersSight
from vault_pim.domain.separation import Knock, Reach, SetAtPim
from vault_pim.domain.state import ConnectorState, Loaded


class Clock(Protocol):
    """Where now comes from."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...


class PimDriver(Protocol):
    """One mechanism at one PIM. Every method may be repeated; each first looks whether it is already done."""

    @property
    def mechanism(self) -> Mechanism:
        """Which mechanism this is."""
        ...

    def survey(self) -> Survey:
        """Look at the PIM once, for all connectors."""
        ...

    def role(self, name: str, permissions: frozenset[str]) -> Presence:
        """Whether the role of that name is absent, holds exactly these privileges and no other, or differs."""
        ...

    def put_role(self, name: str, permissions: frozenset[str]) -> None:
        """Make the role, or bring it to exactly these privileges, and read it back.

        Raises:
            UnknownPermission: the PIM does not offer one of them; nothing was written.
        """
        ...

    def issue(self, connector: Connector, generation: Generation) -> CredentialSet:
        """Make the set under the generation's label, with the connector's role and group, before anyone could use it.

        A set that is already there under this label with this marker has lost its secret: it is deleted and made anew.

        Raises:
            NoFreeSlot: the limit is reached.
            NotOurs: the label is taken by an object without our marker.
        """
        ...

    def regenerate(
        self, connector: Connector, generation: Generation, *, before_each: Callable[[], None]
    ) -> CredentialSet:
        """Make the set in the connection of the generation it replaces, whose set dies by that with all its tokens.

        Args:
            connector: its flow type, role and group are brought to what is declared first.
            generation: its client id is that of the connection.
            before_each: called right before each request that kills something; raises where it must not be sent.

        Raises:
            NotOurs: what stands under the label has another client id.
            PimRefusal: nothing stands there any more.
        """
        ...

    def verify(self, credentials: CredentialSet, permissions: frozenset[str]) -> Verification:
        """Log in with the set; one allowed call must answer 200, one forbidden call 403."""
        ...

    def delete(self, generation: Generation) -> None:
        """Delete the generation at the PIM; done already is fine.

        Raises:
            NotOurs: what stands under the label has another client id, or not our marker.
        """
        ...

    def inspect(self, generations: Iterable[Generation]) -> Mapping[str, SetAtPim]:
        """These sets as the PIM has them, by label; those that it has not are left out."""
        ...

    def opens(self, credentials: CredentialSet, other: CredentialSet) -> Knock:
        """What of another set this one opens by its own secrets; every try is one the PIM is to refuse."""
        ...

    def take_tokens(self, credentials: CredentialSet) -> Tokens | None:
        """Take a token pair that shall be proven dead later; None if the set is refused already."""
        ...

    def prove_dead(self, credentials: CredentialSet, tokens: Tokens | PimNoAnswer | None) -> Proof:
        """Try every way the set could still be used: old access token, refresh grant, password grant. Where `tokens`
        could not be asked for, the evidence says that none was tried."""
        ...


class CredentialStore(Protocol):
    """Where credential sets lie: held (only we can read them) and served (the connector's own path)."""

    def hold(self, connector: ConnectorId, number: int, credentials: CredentialSet) -> None:
        """Keep the set where connectors cannot read it; a number is held once.

        Raises:
            TakenOver: another set was held under this number, or its copy was dropped.
        """
        ...

    def held(self, connector: ConnectorId, number: int) -> CredentialSet | None:
        """The held set of that generation, or None."""
        ...

    def drop_held(self, connector: ConnectorId, number: int) -> None:
        """Destroy the held copy beyond recovery, and let none be held under this number any more."""
        ...

    def served(self, connector: ConnectorId) -> Served | None:
        """What the connector's path serves now."""
        ...

    def given(self, connector: ConnectorId) -> CredentialSet | None:
        """The set that the connector's path gives to a reader now; None if it gives no whole one."""
        ...

    def publish(
        self, connector: Connector, generation: Generation, credentials: CredentialSet, due_at: datetime | None
    ) -> Served:
        """Serve the set: one check-and-set write, then the hints in the path's custom metadata. Done already is fine.

        Raises:
            TakenOver: somebody wrote the path meanwhile.
        """
        ...

    def destroy_served(self, connector: ConnectorId, through: int, *, spared: frozenset[int] = frozenset()) -> None:
        """Destroy every KV version of the path that holds a generation up to `through`, but not those `spared`."""
        ...

    def readable(self, connector: ConnectorId) -> tuple[int, ...]:
        """The generations that any KV version of the path still gives to a reader."""
        ...


class StateStore(Protocol):
    """The durable records of all connectors, each under check-and-set."""

    def load(self, connector: ConnectorId) -> Loaded:
        """The record of a connector, an empty one where there is none."""
        ...

    def save(self, state: ConnectorState, kv_version: int) -> int:
        """Write the record if its KV version is still `kv_version`; gives the new one.

        Raises:
            TakenOver: it is not.
        """
        ...

    def known(self) -> tuple[ConnectorId, ...]:
        """Every connector that has a record, configured or not."""
        ...


class Access(Protocol):
    """A connector's identity in Vault."""

    def look(self, connector: Connector) -> AccessSight:
        """Whether entity, aliases and logins are there as declared, and no others."""
        ...

    def cut(self, connector: ConnectorId) -> None:
        """Disable the entity, end its tokens, destroy its secret-ids; done already is fine."""
        ...

    def restore(self, connector: ConnectorId) -> None:
        """Enable the entity again; tokens from before stay dead."""
        ...

    def live_tokens(self, connector: ConnectorId) -> int:
        """How many Vault tokens of this connector still work."""
        ...

    def reach(self, connector: Connector, others: Mapping[ConnectorId, Collection[int]]) -> Reach | Refused:
        """What the connector's own login opens, its own path and those of the others: seen by logging in so, once, and
        leaving nothing of it. Refused where the login is, and why; `others` with the numbers of their live sets."""
        ...


class Readers(Protocol):
    """Who reads a connector's path, and which generation each of them uses."""

    def seen(self, connector: ConnectorId, generations: Sequence[Generation]) -> ReadersSight:
        """All that say so, and all to whom Vault gave one of these sets, as far as its audit log is there."""
        ...

    def forget(self, connector: ConnectorId, live: Collection[int]) -> None:
        """Drop what readers who were not heard of for long said of generations that are not live."""
        ...


class Fingerprints(Protocol):
    """Keyed fingerprints of secret values."""

    def of(self, credentials: CredentialSet) -> dict[str, str]:
        """Fingerprint by secret field."""
        ...


class AuditLog(Protocol):
    """The append-only record."""

    def record(self, event: Event) -> None:
        """Write one event durably.

        Raises:
            AuditUnavailable: it could not be written.
        """
        ...

    def revoked_at(self, connector: ConnectorId) -> datetime | None:
        """When the last revocation that was recorded on this machine was asked for; None where none was, or where its
        records cannot be read. It outlives a Vault that was put back to an earlier day."""
        ...
