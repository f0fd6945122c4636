"""What must hold at every moment, and what must hold once an ordinary pass has run. Looks at the real Vault and PIM."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from tests.crash.proxy import Deed
from tests.crash.vault import Json
from tests.crash.world import FINAL, MARKER, PENDING, SHOP, World, is_being_replaced, is_cut_off, is_replaced

LOGIN_AGAIN = 1200.0
"""Seconds after which the neighbour logs in to Vault again; its token lives for an hour."""
_VAULT_TOKEN = re.compile(r"\bs\.[A-Za-z0-9]{20,}")
_BUGS = ("Traceback", "this is a bug", "unexpected ")


class Kind(StrEnum):
    """What kind of harm was done."""

    LOST = "lost"
    ORPHANED = "orphaned"
    SERVED_DEAD = "served dead"
    TOUCHED = "touched what is not ours"
    UNPROVEN = "revocation not proven"
    TOLD = "secret told"
    STUCK = "not converged"
    BUG = "bug"
    RECORD = "record broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """One thing that must not be."""

    kind: Kind
    what: str
    where: str = ""


@dataclass
class Watch:
    """Looks after every change, during the run of a program."""

    world: World
    bad: list[Bad] = field(default_factory=list)
    _first: Json | None = None
    _served_before: bool = False
    _dead: bool = False
    _unknown: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """A run begins. What is served now works to its end: superseded, it is in its grace. After a backup was put
        back it may be dead, and a set may not be known; until that is put right, it is so."""
        self.bad = []
        self._first = None if is_cut_off(self.world.record()) else self.world.served()
        self._served_before = self._first is not None
        self._dead = self._first is not None and not self.world.logs_in(self._first)
        self._unknown = self._not_known(self.world.record())

    def moment(self, where: str) -> None:
        """What is read logs in; what stands at the PIM is known; what is in grace works."""
        record, served = self.world.record(), self.world.served()
        if not self.world.place.in_place:
            self._works(record, served, where)
        unknown = self._not_known(record)
        for label in unknown - self._unknown:
            self._say(Kind.ORPHANED, f"{label} is not known in state", where)
        self._unknown &= unknown

    def _not_known(self, record: Json) -> set[str]:
        """Labels of ERP at the PIM that the state does not know of."""
        known = {one["label"]: one["marker"] for one in record.get("generations", ())}
        ours = ((one, text) for one, text in self.world.side.labels().items() if one.startswith("vp_erp_"))
        return {label for label, text in ours if not text.endswith(known.get(label, "nothing"))}

    def reconfigured(self) -> None:
        """The run came to its end. What was asked for before the connector was taken out of the configuration has been
        carried out without it."""
        record, changes = self.world.record(), self.world.configuration.changes
        if Deed.TAKEN_OUT in changes and is_cut_off(record) and not record["revocation"]["proven_at"]:
            self._say(Kind.UNPROVEN, "not carried out for a connector that is not configured", "at the end of the run")

    def _works(self, record: Json, served: Json | None, where: str) -> None:
        """What is served logs in, and goes on to do so until it is superseded and its grace is over."""
        if self._dead and served == self._first:
            return
        if self._dead:
            self._dead, self._first = False, None
        if is_cut_off(record):
            self._first, self._served_before = None, False
        elif served is not None:
            self._served_before = True
            if not self.world.logs_in(served):
                self._say(Kind.SERVED_DEAD, f"generation {served['generation']}", where)
        elif self._served_before:
            self._say(Kind.SERVED_DEAD, "nothing is served any more", where)
        if is_replaced(record, served):
            self._first = None
        if self._first is not None and self._first != served and not self.world.logs_in(self._first):
            self._say(Kind.LOST, "what was served before is dead", where)
        if not is_cut_off(record) and not is_replaced(record, served):
            self._grace(record, where)

    def _grace(self, record: Json, where: str) -> None:
        """A superseded set works until its grace is over."""
        for one in record.get("generations", ()):
            if one["label"] in self.world.gone:
                continue
            if one["stage"] == "grace" and _instant(one["retire_at"]) > datetime.now(UTC):  # noqa: TID251
                held = self.world.held().get(one["number"]) or self.world.leaked_of(one["number"])
                if held is None or not self.world.logs_in(held):
                    self._say(Kind.LOST, f"generation {one['number']} is dead within its grace", where)

    def _say(self, kind: Kind, what: str, where: str) -> None:
        self.bad.append(Bad(kind=kind, what=what, where=where))


@dataclass
class Ends:
    """Looks after the last pass."""

    world: World

    def remember(self) -> None:
        """How the neighbour and the strangers stand, and what would have to die with a revocation."""
        world = self.world
        self._neighbour = self._of_neighbour()
        self._strangers = world.side.strangers()
        self._logged_in_at = float("-inf")

    def begin(self) -> None:
        """The sets and tokens that work now. What the neighbour has of the PIM is gone whenever that is put back."""
        world = self.world
        self._neighbour_access = world.token(self._neighbour["served"]) or ""
        if time.monotonic() - self._logged_in_at > LOGIN_AGAIN:
            self._neighbour_token, self._logged_in_at = world.log_in_to_vault(SHOP), time.monotonic()
        self._sets = [*world.held().values(), *world.leaked]
        self._access = [token for one in self._sets if (token := world.token(one))]
        self._token = world.erp_token

    def bad(self) -> list[Bad]:
        """Everything that must not be."""
        record = self.world.record()
        ended = self._revoked(record) if is_cut_off(record) else self._working(record)
        dead = self._dead(record) if record.get("revocation") else ()
        return [*ended, *dead, *self._left_over(record), *self._touched(), *self._told(), *self._recorded()]

    def _working(self, record: Json) -> Iterator[Bad]:
        world, stages = self.world, {one["number"]: one["stage"] for one in record.get("generations", ())}
        served, current = world.served(), [number for number, stage in stages.items() if stage == "current"]
        if len(current) != 1 or served is None or int(served["generation"]) != current[0]:
            yield Bad(kind=Kind.STUCK, what=f"served {served and served['generation']}, stages {stages}")
        elif not world.logs_in(served):
            yield Bad(kind=Kind.SERVED_DEAD, what=f"generation {current[0]}", where="in the end")
        if world.cut_off():
            yield Bad(kind=Kind.STUCK, what="the connector is cut off from Vault")
        if is_being_replaced(record):
            yield Bad(kind=Kind.UNPROVEN, what="a successor was to be served first, and it is not done")
        pending = [number for number, stage in stages.items() if stage in PENDING]
        if pending or record.get("rotation_asked_at"):
            yield Bad(kind=Kind.STUCK, what=f"pending {pending}, asked {record.get('rotation_asked_at')}")

    def _revoked(self, record: Json) -> Iterator[Bad]:
        world = self.world
        if not world.cut_off():
            yield Bad(kind=Kind.UNPROVEN, what="the connector's Vault access lives on")
        if world.readable():
            yield Bad(kind=Kind.UNPROVEN, what=f"generations {world.readable()} can still be read")

    def _dead(self, record: Json) -> Iterator[Bad]:
        """What worked before a revocation, whether or not a new set is served since."""
        world, through = self.world, record["revocation"]["through"]
        if record["revocation"]["proven_at"] is None:
            yield Bad(kind=Kind.UNPROVEN, what="asked for, and not proven")
        if self._token and world.vault_token_alive(self._token):
            yield Bad(kind=Kind.UNPROVEN, what="the connector's Vault token lives on")
        if old := [number for number in world.readable() if number <= through]:
            yield Bad(kind=Kind.UNPROVEN, what=f"revoked generations {old} can still be read")
        if any(world.logs_in(one) for one in self._sets):
            yield Bad(kind=Kind.UNPROVEN, what="an old set logs in")
        if any(world.api_status(one) != 401 for one in self._access):
            yield Bad(kind=Kind.UNPROVEN, what="an old access token works")

    def _left_over(self, record: Json) -> Iterator[Bad]:
        world = self.world
        live = {one["number"]: one["label"] for one in record.get("generations", ()) if one["stage"] not in FINAL}
        labels = {label for label in world.side.labels() if label.startswith("vp_erp_")}
        for label in labels - set(live.values()):
            yield Bad(kind=Kind.ORPHANED, what=f"{label} is left at the PIM")
        for label in set(live.values()) - labels - world.gone:
            yield Bad(kind=Kind.LOST, what=f"{label} is gone at the PIM")
        held = world.held()
        for number in held.keys() - live.keys():
            yield Bad(kind=Kind.ORPHANED, what=f"held copy {number} is left")
        forgotten = {one["number"] for one in record.get("generations", ()) if one["reason"] == "state-went-back"}
        for number in live.keys() - held.keys() - forgotten:
            yield Bad(kind=Kind.LOST, what=f"held copy {number} is gone")
        for number in world.readable() - live.keys():
            yield Bad(kind=Kind.ORPHANED, what=f"generation {number} can still be read")
        for half in world.side.halves():
            yield Bad(kind=Kind.ORPHANED, what=f"{half} at the PIM")

    def _touched(self) -> Iterator[Bad]:
        world = self.world
        if self._of_neighbour() != self._neighbour:
            yield Bad(kind=Kind.TOUCHED, what="bytes of the neighbour's changed")
        if not world.vault_token_alive(self._neighbour_token):
            yield Bad(kind=Kind.TOUCHED, what="the neighbour's Vault token is dead")
        if world.api_status(self._neighbour_access) != 200 or not world.logs_in(self._neighbour["served"]):
            yield Bad(kind=Kind.TOUCHED, what="the neighbour's set is dead")
        if self.world.side.strangers() != self._strangers:
            yield Bad(kind=Kind.TOUCHED, what="a stranger was touched")

    def _told(self) -> Iterator[Bad]:
        world = self.world
        told = "".join(file.read_text() for file in (world.output, world.audit) if file.exists())
        secret_id = (world.playground.login_of("daemon") / "secret_id").read_text().strip()
        if MARKER in told or secret_id in told or _VAULT_TOKEN.search(told):
            yield Bad(kind=Kind.TOLD, what="in output or audit log")
        if any(word in told for word in _BUGS):
            yield Bad(kind=Kind.BUG, what=next(line for line in told.splitlines() if any(one in line for one in _BUGS)))

    def _recorded(self) -> Iterator[Bad]:
        """Every line of the audit log and of the incidents' files continues the one before it."""
        audit = self.world.audit
        for file in (audit, *audit.with_name("incidents").glob("*.jsonl")):
            link = "0" * 64
            for number, line in enumerate(file.read_bytes().splitlines() if file.exists() else (), 1):
                if json.loads(line)["prev"] != link:
                    yield Bad(kind=Kind.RECORD, what=f"line {number} of {file.name}")
                link = sha256(line).hexdigest()

    def _of_neighbour(self) -> dict[str, Any]:
        vault, path = self.world.vault, f"connectors/{SHOP}"
        return {
            "served": vault.newest("pim", path),
            "history": vault.history("pim", path),
            "record": vault.history("pim-state", path),
            "held": vault.history("pim-state", f"pending/{SHOP}/1"),
        }


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
