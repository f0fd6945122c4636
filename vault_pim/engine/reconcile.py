"""One pass for one connector: load, observe, decide, audit, effect, save, audit, and again until nothing is due.

There is no recovery code: after a crash at any point the next pass is the ordinary one. Called by the daemon and by the
commands `plan`, `apply`, `rotate` and `revoke`; nothing is due because one of them called.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeGuard

from vault_pim.domain.connector import Connector, ConnectorId
from vault_pim.domain.errors import ConfigurationError, NotProven, PimNoAnswer, Refusal, TakenOver, VaultPimError
from vault_pim.domain.events import Event, Tag
from vault_pim.domain.facts import Facts, Observation, Survey
from vault_pim.domain.generation import Step
from vault_pim.domain.outcomes import Alarm, Decision, Do, Finding, Mend, Wait
from vault_pim.domain.reasons import Reason
from vault_pim.domain.state import ConnectorState
from vault_pim.engine.done import Done
from vault_pim.engine.effects import STEPS
from vault_pim.engine.hold import Hold
from vault_pim.engine.intent import declared, with_intent
from vault_pim.engine.mends import MENDS
from vault_pim.engine.observe import Look, look_at_vault, observe
from vault_pim.engine.record import record
from vault_pim.engine.tools import Tools
from vault_pim.lifecycle.decide import decide, role_due
from vault_pim.lifecycle.faults import remaining, task
from vault_pim.lifecycle.findings import findings

_THIS_TASK_ALONE = (ConfigurationError, PimNoAnswer, Refusal, NotProven)
"""What may be wrong with one task, and right with the next."""

Watcher = Callable[[Do | Mend], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be done next, and what a person should know."""

    facts: Facts
    decision: Decision
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What a pass did, where it ended, and what is true now.

    Attributes:
        troubles: what failed and held up nothing else; it is tried again later.
    """

    done: tuple[Do | Mend, ...]
    end: Wait | Alarm
    state: ConnectorState
    findings: tuple[Finding, ...]
    troubles: tuple[VaultPimError, ...] = ()


class Reconciler:
    """Runs passes for the connectors of one PIM; holds nothing between them, so threads may share it."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools

    def survey(self) -> Survey:
        """Look at the PIM once, to be shared among its connectors."""
        return self.tools.driver.survey()

    def plan(
        self, id_: ConnectorId, connector: Connector | None, *, survey: Survey | None = None, impatient: bool = False
    ) -> Plan:
        """Decide, and stop there.

        Raises:
            PimNoAnswer, PimRefusal: the PIM's side cannot be seen.
        """
        hold = Hold(self.tools, id_)
        look = observe(self.tools, hold.state, connector, survey)
        facts = self._facts(hold, connector, look, impatient=impatient)
        decision = decide(facts)
        _raise_silence(decision, look)
        return Plan(facts=facts, decision=decision, findings=findings(facts))

    def run(
        self,
        id_: ConnectorId,
        connector: Connector | None,
        *,
        survey: Survey | None = None,
        impatient: bool = False,
        watch: Watcher = lambda _: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Pass:
        """Do what is due, step by step, until nothing is.

        Args:
            id_: the connector.
            connector: as declared, or None if it is not in the configuration any more.
            survey: a look at its PIM taken before, good enough to see that nothing is due; others may have worked on
                the connector since, so nothing is done without a look of its own.
            impatient: do not wait for a back-off.
            watch: told of each step before it is done.
            stop: asked before each step; once true, no further step is begun and the connector is let go.

        Raises:
            TakenOver: somebody else works on the connector; nothing was done after that.
            NoAnswer, Refusal, NotProven: a step failed that others wait for; the next pass goes on from what is true.
            AuditUnavailable: nothing was done.
        """
        hold = Hold(self.tools, id_)
        look = self._look(hold, connector, survey)
        done: list[Do | Mend] = []
        tried: frozenset[str] = frozenset()
        troubles: tuple[VaultPimError, ...] = ()
        try:
            while True:
                facts = replace(self._facts(hold, connector, look, impatient=impatient), tried=tried)
                decision = decide(facts)
                if survey is not None and not isinstance(decision, Wait):
                    survey, look = None, self._look(hold, connector)
                    continue
                if isinstance(decision, Wait | Alarm):
                    break
                if stop():
                    decision = Wait(until=facts.now, reason=Reason.STOPPING)
                    break
                watch(decision)
                try:
                    outcome = self._carry_out(hold, facts, decision)
                except _THIS_TASK_ALONE as error:
                    name = task(decision)
                    if name is None:
                        raise
                    hold.save(hold.state.failed(name, error.what, self.tools.clock.now()))
                    tried, troubles = tried | {name}, (*troubles, error)
                    look = self._look(hold, connector)
                    continue
                look = self._look_on(hold, connector, look, outcome.observation)
                impatient = impatient and outcome.refusal is None
                done.append(decision)
            if isinstance(decision, Alarm):
                hold.confirm()  # a person is called only for what is still so
            hold.release(_settled(hold.state, decision, look, self.tools.clock.now()))
        except TakenOver:
            raise
        except VaultPimError as error:
            with suppress(VaultPimError):
                hold.release(hold.state.failed(None, error.what, self.tools.clock.now()))
            raise
        _raise_silence(decision, look)
        return Pass(done=tuple(done), end=decision, state=hold.state, findings=findings(facts), troubles=troubles)

    def _look(self, hold: Hold, connector: Connector | None, survey: Survey | None = None) -> Look:
        """A revocation that is under way neither needs the PIM's word nor waits for it."""
        if hold.state.revoking:
            return look_at_vault(self.tools, hold.state, connector)
        return observe(self.tools, hold.state, connector, survey)

    def _look_on(self, hold: Hold, connector: Connector | None, look: Look, seen: Observation) -> Look:
        """What is true after an effect; once a revocation is proven, the PIM is looked at, too."""
        if look.whole or hold.state.revoking:
            return replace(look, observation=seen)
        return observe(self.tools, hold.state, connector)

    def _carry_out(self, hold: Hold, facts: Facts, decision: Do | Mend) -> Done:
        """Intent before effect, stage after effect; both audited."""
        facts = replace(facts, state=with_intent(facts, decision))
        tags = _STEP_TAGS if isinstance(decision, Do) else _MEND_TAGS
        effect = STEPS[decision.step] if isinstance(decision, Do) else MENDS[decision.part]
        self._record(facts, decision, tags.begun)
        hold.save(facts.state)
        try:
            if _issues(decision) and isinstance(first := role_due(facts, declared(facts)), Mend):
                # Only now that the intent is saved is the role ours; no set is made without it.
                facts = replace(facts, observation=self._carry_out(hold, facts, first).observation)
            outcome = effect(self.tools, facts, decision.number or 0)
        except VaultPimError as error:
            self._record(facts, decision, tags.failed, {"what": error.what, "why": error.why})
            raise
        state = outcome.state.succeeded(task(decision))
        if outcome.refusal is not None:
            state = state.failed(None, outcome.refusal, self.tools.clock.now())
        hold.save(state)
        self._record(facts, decision, tags.done, outcome.detail)
        return outcome

    def _facts(self, hold: Hold, connector: Connector | None, look: Look, *, impatient: bool) -> Facts:
        return Facts(
            id=hold.state.connector,
            connector=connector,
            mechanism=self.tools.driver.mechanism,
            state=hold.state,
            observation=look.observation,
            now=self.tools.clock.now(),
            server_now=hold.server_now,
            me=self.tools.me,
            impatient=impatient,
            revoked_at=self.tools.audit.revoked_at(hold.state.connector),
        )

    def _record(self, facts: Facts, decision: Do | Mend, tag: Tag, detail: dict[str, str] | None = None) -> None:
        event = Event(
            at=self.tools.clock.now(),
            tag=tag,
            by=self.tools.me,
            connector=facts.id,
            generation=decision.number,
            step=decision.step if isinstance(decision, Do) else decision.part,
            reason=decision.reason,
            incident=facts.state.incident,
            detail=detail or {},
        )
        record(self.tools, event, urgent=facts.state.cut_off)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tags:
    begun: Tag
    done: Tag
    failed: Tag


_STEP_TAGS = _Tags(begun=Tag.STEP_BEGUN, done=Tag.STEP_DONE, failed=Tag.STEP_FAILED)
_MEND_TAGS = _Tags(begun=Tag.MEND_BEGUN, done=Tag.MEND_DONE, failed=Tag.MEND_FAILED)


def _issues(decision: Do | Mend) -> TypeGuard[Do]:
    return isinstance(decision, Do) and decision.step is Step.ISSUE


_UNSETTLED = (Reason.BACKING_OFF, Reason.HELD_BY_ANOTHER, Reason.PIM_SILENT, Reason.STOPPING)


def _settled(state: ConnectorState, end: Wait | Alarm, look: Look, now: datetime) -> ConnectorState:
    """A pass that ends forgets earlier failures, unless it waits for them; after a proof it has seen the PIM."""
    if isinstance(end, Wait) and end.reason in _UNSETTLED:
        return state
    state, asked = replace(remaining(state, now), failures=None), state.revocation
    if asked is None or asked.proven_at is None or asked.looked_at is not None or look.observation.pim is None:
        return state
    return replace(state, revocation=replace(asked, looked_at=now))


def _raise_silence(decision: Decision, look: Look) -> None:
    if isinstance(decision, Wait) and decision.reason is Reason.PIM_SILENT and look.silence is not None:
        raise look.silence
