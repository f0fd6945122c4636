"""The durable record of one connector: its generations and what was asked of it. Holds no secret.

Written by the engine through the `StateStore` port, under check-and-set: a connector's lock as well as its memory.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import Impossible
from vault_pim.domain.generation import Generation, Stage

FINAL_KEPT = 50
"""How many ended generations stay in the record, so that their labels and fingerprints are recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who works on the connector now; `expires_at` is on Vault's clock."""

    name: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """A revocation that was asked for: generations up to `through` must end.

    Attributes:
        replace_first: the old sets live until a successor is served; else the connector is cut off first.
        reissue: with the proof a new set is asked for and the connector let in again; else a person does so later.
        lifted_at: when the connector was allowed a new set, or in again; None until then.
        proven_at: when the end of the old sets was proven; None until then.
        looked_at: when after the proof the PIM was seen to hold nothing that the state does not know; None until then.
        evidence: what was tried and refused, one line each.
    """

    through: int
    reason: str
    asked_at: datetime
    asked_by: str
    replace_first: bool = False
    reissue: bool = False
    proven_at: datetime | None = None
    looked_at: datetime | None = None
    lifted_at: datetime | None = None
    evidence: tuple[str, ...] = ()

    def incident(self, connector: ConnectorId) -> str:
        """The name of its incident: the same for every process that works on it, and of every try."""
        return incident(connector, self.asked_at)


def incident(connector: ConnectorId, asked_at: datetime) -> str:
    """The name of the incident of a connector whose revocation was asked for at that instant."""
    at = asked_at.astimezone(UTC)
    return f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03}Z.{connector.pim}.{connector.name}"


def asked_at(name: str) -> datetime:
    """When the revocation of the incident of that name was asked for, to the millisecond.

    Raises:
        ValueError: it is no name of an incident.
    """
    return datetime.strptime(name.partition(".")[0], "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Failed tries in a row, for backing off; a restart does not forget it."""

    count: int
    last_at: datetime
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Failures):
    """The same of one task that holds up nothing but itself (lifecycle/faults.py)."""

    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorState:
    """What is known and asked of one connector.

    Attributes:
        next_number: the number the next generation gets; only grows.
        generations: live ones and the last ended ones, by number.
        rotation_asked_at: a person's `rotate`, until a new set is published.
        failures: of what holds up everything that would come after it.
        faults: of what does not, one for each task.
    """

    connector: ConnectorId
    next_number: int = 1
    generations: tuple[Generation, ...] = ()
    holder: Holder | None = None
    rotation_asked_at: datetime | None = None
    revocation: Revocation | None = None
    failures: Failures | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def failed_tries(self) -> int:
        """The most failed tries in a row, of whatever."""
        return max((one.count for one in (self.failures, *self.faults) if one is not None), default=0)

    def fault(self, task: str | None) -> Fault | None:
        """The failed tries of that task, or None."""
        return next((one for one in self.faults if one.task == task), None)

    def failed(self, task: str | None, what: str, at: datetime) -> "ConnectorState":
        """The state after one more failed try in a row; of the connector as a whole where there is no task."""
        before = self.failures if task is None else self.fault(task)
        count = before.count + 1 if before is not None else 1
        if task is None:
            return replace(self, failures=Failures(count=count, last_at=at, what=what))
        others = self.succeeded(task).faults
        return replace(self, faults=(*others, Fault(task=task, count=count, last_at=at, what=what)))

    def succeeded(self, task: str | None) -> "ConnectorState":
        """The state once that task was done."""
        return replace(self, faults=tuple(one for one in self.faults if one.task != task))

    def find(self, number: int) -> Generation | None:
        """The generation of that number, or None."""
        return next((one for one in self.generations if one.number == number), None)

    @property
    def live(self) -> tuple[Generation, ...]:
        """All generations that have not ended, oldest first."""
        return tuple(one for one in self.generations if not one.stage.final)

    @property
    def current(self) -> Generation | None:
        """The generation that is served, or None."""
        return next((one for one in self.generations if one.stage is Stage.CURRENT), None)

    @property
    def pending(self) -> Generation | None:
        """The generation that is on its way to be served, or None."""
        return next((one for one in self.generations if one.stage.pending), None)

    @property
    def in_grace(self) -> tuple[Generation, ...]:
        """Superseded generations that are still accepted."""
        return tuple(one for one in self.generations if one.stage is Stage.GRACE)

    @property
    def roles(self) -> frozenset[str]:
        """Names of the roles at the PIM that are ours; recorded with an intent, so before a role is made."""
        return frozenset(one.role for one in self.generations)

    def sharing(self, generation: Generation) -> Generation | None:
        """The newest other live generation whose set is the same object at the PIM: each was made of the one before."""
        others = (one for one in self.live if one.label == generation.label and one.number != generation.number)
        return max(others, key=lambda one: one.number, default=None)

    @property
    def half_replaced(self) -> bool:
        """A replacement in place of the current set was broken off: nobody knows how far it came."""
        current = self.current
        tries = (one for one in self.generations if current is not None and one.replaces == current.number)
        return any(one.stage is Stage.ABANDONED for one in tries)

    @property
    def served_anew(self) -> bool:
        """The current set was issued after the revocation that was asked for last."""
        current, asked = self.current, self.revocation
        return asked is not None and current is not None and current.number > asked.through

    @property
    def cut_off(self) -> bool:
        """A revocation was asked for and no new set since. One that replaces first cuts off from the moment when the
        successor is served until the proof."""
        asked = self.revocation
        if asked is None or asked.lifted_at is not None:
            return False
        return not asked.replace_first or self.served_anew is (asked.proven_at is None)

    @property
    def revoking(self) -> bool:
        """A revocation is under way: asked for, and not proven yet."""
        return self.cut_off and self.revocation is not None and self.revocation.proven_at is None

    @property
    def incident(self) -> str | None:
        """The name of the incident under way, which ends when a set issued after a proven revocation is served and the
        connector is let in again."""
        asked = self.revocation
        if asked is None:
            return None
        over = self.served_anew and asked.proven_at is not None and asked.lifted_at is not None
        return None if over else asked.incident(self.connector)

    def put(self, generation: Generation) -> "ConnectorState":
        """The state with that generation added or replaced; the oldest ended ones beyond `FINAL_KEPT` are dropped.

        Raises:
            Impossible: a second generation would be current, or pending.
        """
        others = [one for one in self.generations if one.number != generation.number]
        merged = sorted([*others, generation], key=lambda one: one.number)
        ended = [one for one in merged if one.stage.final]
        dropped = {one.number for one in ended[:-FINAL_KEPT]}
        state = replace(
            self,
            generations=tuple(one for one in merged if one.number not in dropped),
            next_number=max(self.next_number, generation.number + 1),
        )
        for group in (Stage.CURRENT,), (Stage.PLANNED, Stage.ISSUED, Stage.VERIFIED):
            if sum(one.stage in group for one in state.generations) > 1:
                raise Impossible(f"two generations of {self.connector} are {' or '.join(group)}")
        return state

    def publish(self, number: int, *, at: datetime, grace: timedelta, kv_version: int) -> "ConnectorState":
        """The state after publishing: that generation is CURRENT, and the former one GRACE in the same write.

        One that was replaced in place is dead already: it has no grace. A set that is to be revoked is not the new one
        that was asked for.

        Raises:
            Impossible: there is no such generation.
        """
        successor = self.find(number)
        if successor is None:
            raise Impossible(f"generation {number} of {self.connector} is not in its state")
        state = self
        former = self.current
        if former is not None and former.number != number:
            ends_at = at if successor.replaces == former.number else at + grace
            state = state.put(replace(former, stage=Stage.GRACE, retire_at=ends_at))
        state = state.put(replace(successor, stage=Stage.CURRENT, published_at=at, kv_version=kv_version))
        leaked = self.revocation is not None and number <= self.revocation.through
        return state if leaked else replace(state, rotation_asked_at=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The record as read: `kv_version` 0 where there is none yet; `server_now` is Vault's clock."""

    state: ConnectorState
    kv_version: int
    server_now: datetime
