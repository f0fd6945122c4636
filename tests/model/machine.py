"""Histories: passes, operators, people, time and mishaps, in every order hypothesis can think of."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal, get_args

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.fakes.builders import DAY, ERP, HOUR
from tests.fakes.pim import Connection
from tests.fakes.wire import Death, When, _no_answer
from tests.model.world import NAMES, Harm, ModelWorld
from vault_pim.domain.connector import ConnectorId, Rotation
from vault_pim.domain.errors import Impossible, NoAnswer, VaultPimError
from vault_pim.domain.outcomes import Alarm
from vault_pim.domain.policy import LateReaders, Retire
from vault_pim.domain.reasons import Reason
from vault_pim.engine.asks import ask_revocation, ask_rotation
from vault_pim.engine.reconcile import Pass, Reconciler

Deed = Literal["pass", "rotate", "revoke", "revoke and reissue", "replace first"]
HOW = ("die", "no answer", "other")
IDS = st.sampled_from(sorted(NAMES))
DEEDS: st.SearchStrategy[Deed] = st.sampled_from(get_args(Deed))
FAR_AHEAD = 9000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """What happens to a process at its n-th call.

    Attributes:
        how: it dies; the answer is lost; another process does `other` meanwhile, after `pause`.
    """

    at: int
    when: When
    how: str
    other: Deed
    pause: timedelta


MISHAPS = st.none() | st.builds(
    Mishap,
    at=st.integers(0, 40),
    when=st.sampled_from(When),
    how=st.sampled_from(HOW),
    other=DEEDS,
    pause=st.sampled_from((timedelta(0), timedelta(seconds=61))),
)


class Histories(RuleBasedStateMachine):
    """One history. Whatever goes wrong in it, the end is that of a world in which nothing had."""

    def __init__(self) -> None:
        super().__init__()
        self.world = ModelWorld()
        self._names = (f"process-{number}" for number in itertools.count())
        self._backup: list[Connection] = []

    @initialize(served=st.booleans(), retire=st.sampled_from(Retire), late_readers=st.sampled_from(LateReaders))
    def begin(self, served: bool, retire: Retire, late_readers: LateReaders) -> None:
        """Nothing is there yet, or each connector is served and has a process that uses its set."""
        for id_ in NAMES if served else ():
            self.policy_changes(id_, retire, late_readers)
            self._do(id_, "pass", impatient=True)
            self.reader_moves_on(id_)

    @rule(id_=IDS, deed=DEEDS, mishap=MISHAPS, again=MISHAPS, impatient=st.booleans())
    def somebody(
        self, id_: ConnectorId, deed: Deed, mishap: Mishap | None, again: Mishap | None, impatient: bool
    ) -> None:
        """A process does something; up to two mishaps meet it."""
        self._backup = [one for one in self.world.pim.connections.values() if one.label not in self.world.strangers]
        for one in (mishap, again):
            if one is not None:
                self.world.wire.plan(one.at, one.when, self._befall(id_, one))
        told = True
        try:
            self._do(id_, deed, impatient=impatient)
        except (Death, VaultPimError) as error:
            told = not isinstance(error, Death | NoAnswer)
            self._allowed(error)
        finally:
            self.world.wire.forget_plans()
            self.world.ended(told=told)

    @rule(length=st.sampled_from((timedelta(seconds=5), timedelta(seconds=61), HOUR, DAY, 20 * DAY)))
    def time_passes(self, length: timedelta) -> None:
        """Nobody does anything."""
        self.world.clock.forward(length)

    @rule(id_=IDS)
    def configuration_changes(self, id_: ConnectorId) -> None:
        """A connector is taken out of the configuration, or put back."""
        usual = ModelWorld().connectors[id_]
        self.world.connectors[id_] = None if self.world.connectors[id_] else usual

    @rule(id_=IDS, rotation=st.sampled_from(Rotation))
    def rotation_changes(self, id_: ConnectorId, rotation: Rotation) -> None:
        """A connector's sets are to be replaced in another way."""
        connector = self.world.connectors[id_]
        if connector is not None:
            self.world.connectors[id_] = replace(connector, rotation=rotation)

    @rule(id_=IDS, retire=st.sampled_from(Retire), late_readers=st.sampled_from(LateReaders))
    def policy_changes(self, id_: ConnectorId, retire: Retire, late_readers: LateReaders) -> None:
        """Former sets are to go by other rules."""
        connector = self.world.connectors[id_]
        if connector is not None:
            policy = replace(connector.policy, retire=retire, late_readers=late_readers)
            self.world.connectors[id_] = replace(connector, policy=policy)

    @rule(id_=IDS)
    def reader_moves_on(self, id_: ConnectorId) -> None:
        """A process begins to use what it reads, and says so."""
        if self.world.credentials.reads(id_) is not None:
            self.world.readers.using[id_] = self.world.credentials.readable_generations(id_)[-1]

    @rule(id_=IDS, number=st.integers(1, 6), made=st.booleans())
    def person_at_the_pim(self, id_: ConnectorId, number: int, made: bool) -> None:
        """Somebody deletes what is ours, or makes something under a label like ours that we shall never use."""
        if made:
            self.world.make_by_hand(f"{id_.label_stem}_{FAR_AHEAD + number}")
        else:
            self.world.delete_by_hand(id_.label(number))

    @rule(id_=IDS)
    def role_changes(self, id_: ConnectorId) -> None:
        """Somebody widens a role of ours."""
        if NAMES[id_] in self.world.pim.roles:
            self.world.pim.roles[NAMES[id_]] = self.world.pim.offered

    @rule()
    def backup_comes_back(self) -> None:
        """What stood at the PIM before somebody last did something is there again."""
        for connection in self._backup:
            self.world.restore(connection)

    @rule(undead=st.booleans())
    def pim_does_not_bury(self, undead: bool) -> None:
        """The PIM says that it deleted, and tokens live on; or its people put that right."""
        if undead:
            self.world.pim.undead = True
        else:
            self.world.bury()

    @rule(full=st.booleans())
    def audit_disk(self, full: bool) -> None:
        """The disk of the audit log is full, or not."""
        self.world.audit.full = full

    @rule()
    def path_is_lost(self) -> None:
        """Somebody with the right to it destroys what the ERP is served."""
        world = self.world
        read = world.credentials.reads(ERP)
        if read is not None and not world.state(ERP).cut_off:
            world._readings[ERP].now = None
            world.credentials.lose_path(ERP)

    @rule()
    def all_is_well_again(self) -> None:
        """Every fault ends, and one ordinary pass puts everything right."""
        world = self.world
        world.bury()
        world.audit.full = False
        world.let_holds_expire()
        for id_ in NAMES:
            try:
                passed = self._do(id_, "pass", impatient=True)
                cut = any(one.reason is Reason.ACCESS_CUT for one in passed.findings)
                old = isinstance(passed.end, Alarm) and passed.end.reason is Reason.STATE_WENT_BACK
                if cut or old or (id_ in world.untold and not world.state(id_).cut_off):
                    self._do(id_, "rotate", impatient=True)  # a person was told, or found out, and does as told
            except VaultPimError as error:
                raise Harm(f"the pass after all faults failed: {error.what}") from error
            world.settled(id_)
        world.untold.clear()
        world.ended(told=True)

    def teardown(self) -> None:
        """So it ends, always."""
        self.all_is_well_again()

    def somebody_does(self, id_: ConnectorId, deed: Deed) -> None:
        """A process does something, and nothing meets it."""
        self._do(id_, deed, impatient=False)
        self.world.ended(told=True)

    def _do(self, id_: ConnectorId, deed: Deed, *, impatient: bool) -> Pass:
        tools, connector = self.world.tools(next(self._names)), self.world.connectors[id_]
        match deed:
            case "rotate":
                ask_rotation(tools, id_)
            case "pass":
                pass
            case _:
                first = deed == "replace first"
                asked = ask_revocation(tools, id_, reason="leaked", replace_first=first, reissue=deed != "revoke")
                known = self.world.state(id_)
                if asked.incident is None or known.revocation is None:  # it may have been lifted since
                    raise Harm(f"the revocation of {id_} was asked for and is not known")
        return Reconciler(tools).run(id_, connector, impatient=impatient or deed != "pass")

    def _befall(self, id_: ConnectorId, mishap: Mishap) -> Callable[[str], None]:
        def deed(name: str) -> None:
            match mishap.how:
                case "die":
                    raise Death(name)
                case "no answer":
                    if not name.startswith("audit."):
                        _no_answer(name)
                case _:
                    self._meanwhile(id_, mishap)

        return deed

    def _meanwhile(self, id_: ConnectorId, mishap: Mishap) -> None:
        self.world.clock.forward(mishap.pause)
        try:
            self._do(id_, mishap.other, impatient=True)
        except VaultPimError as error:
            self._allowed(error)

    def _allowed(self, error: BaseException) -> None:
        """Every error is, but a bug of ours."""
        if isinstance(error, Impossible):
            raise Harm(f"impossible: {error.what}") from error
