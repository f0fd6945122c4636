"""A revocation ends every set issued so far, cuts the connector off, and proves both."""

import logging
from dataclasses import replace

import pytest

from tests.fakes.builders import DAY, ERP, HOUR, a_generation, a_state, some_facts
from tests.fakes.wire import Death, When
from tests.fakes.world import World
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import (
    ConfigurationError,
    Impossible,
    NotProven,
    PimNoAnswer,
    TakenOver,
    UnknownShape,
    VaultPimError,
)
from vault_pim.domain.events import Tag
from vault_pim.domain.generation import Stage
from vault_pim.domain.outcomes import Alarm, Wait
from vault_pim.domain.reasons import Reason
from vault_pim.engine import effects
from vault_pim.engine.asks import TRIES, ask_revocation, ask_rotation


def test_revocation_ends_every_set_and_proves_it(provisioned: World) -> None:
    """Current and grace end, the served one first; nothing is left to read or to log in with."""
    provisioned.rotate()
    leaked = [one.credentials for one in provisioned.pim.connections.values()]
    ran = provisioned.revoke()
    assert ran.end == Wait(until=None, reason=Reason.CUT_OFF)
    assert [one.stage for one in provisioned.state.generations] == [Stage.REVOKED, Stage.REVOKED]
    assert [one.number for one in ran.done] == [None, 2, 1, None]
    assert not any(provisioned.pim.accepts(one) for one in leaked)
    assert provisioned.leftovers() == []
    assert provisioned.access.entities[ERP].disabled
    asked = provisioned.state.revocation
    assert asked is not None
    assert asked.proven_at == provisioned.clock.now()
    assert "generation 2: access token: 401" in asked.evidence
    assert "Vault: no KV version gives a revoked set" in asked.evidence


def test_revocation_ends_a_pending_set_too(provisioned: World) -> None:
    """It may have leaked as well."""
    provisioned.wire.silence("driver.verify")
    with pytest.raises(PimNoAnswer):
        provisioned.rotate()
    provisioned.wire.heal()
    provisioned.revoke()
    assert [one.stage for one in provisioned.state.generations] == [Stage.REVOKED, Stage.REVOKED]
    assert provisioned.leftovers() == []


def test_revoking_twice_changes_nothing(provisioned: World) -> None:
    """The second one goes on with the first, which is done."""
    provisioned.revoke()
    asked = provisioned.state.revocation
    assert provisioned.revoke().done == ()
    assert provisioned.state.revocation == asked
    assert provisioned.audit.tags.count(Tag.REVOCATION_ASKED) == 1


def test_nothing_new_is_issued_while_cut_off(provisioned: World) -> None:
    """Time makes nothing due; only a person lets the connector in again."""
    provisioned.revoke()
    provisioned.clock.forward(100 * DAY)
    assert provisioned.run().done == ()


def test_silent_pim_does_not_keep_vault_from_being_cut(provisioned: World) -> None:
    """The connector cannot read its set any more; the rest is done when the PIM answers."""
    provisioned.wire.silence("driver.*")
    with pytest.raises(PimNoAnswer):
        provisioned.revoke()
    assert provisioned.access.entities[ERP].disabled
    assert provisioned.access.entities[ERP].tokens == 0
    provisioned.wire.heal()
    provisioned.run()
    assert provisioned.leftovers() == []


def test_missing_password_file_does_not_keep_vault_from_being_cut(provisioned: World) -> None:
    """Our own account cannot log in at the PIM; the connector loses its access to Vault all the same."""
    provisioned.wire.fail("driver.delete", ConfigurationError("the password file is missing"))
    with pytest.raises(ConfigurationError):
        provisioned.revoke()
    assert provisioned.access.entities[ERP].disabled


@pytest.mark.parametrize("kind", [ConfigurationError, PimNoAnswer, UnknownShape])
def test_pim_that_cannot_be_looked_at_does_not_keep_a_set_alive(provisioned: World, kind: type[VaultPimError]) -> None:
    """Its console is away, or it was just upgraded: the set is deleted and proven dead; what has come back at the PIM
    cannot be seen, and this is said afterwards."""
    provisioned.wire.fail("driver.survey", kind("not to be seen"), times=None)
    with pytest.raises(kind, match="not to be seen"):
        provisioned.revoke()
    assert provisioned.leftovers() == []
    assert provisioned.state.revocation is not None
    assert provisioned.state.revocation.proven_at is not None


def test_revocation_does_not_wait_for_a_look_at_the_pim(provisioned: World) -> None:
    """A hanging console takes a minute; Vault is cut and the set is dead before anybody asks it."""
    provisioned.wire.calls.clear()
    provisioned.revoke()
    asked = [name for name in provisioned.wire.calls if name.startswith("driver.")]
    assert asked[:4] == ["driver.take_tokens", "driver.delete", "driver.prove_dead", "driver.survey"]
    assert provisioned.wire.calls.index("access.cut") < provisioned.wire.calls.index("driver.take_tokens")


def test_silent_token_endpoint_does_not_keep_a_set_from_being_deleted(provisioned: World) -> None:
    """The grants still prove it; that no old token was tried stands in the proof."""
    provisioned.wire.silence("driver.take_tokens")
    assert provisioned.revoke().end == Wait(until=None, reason=Reason.CUT_OFF)
    assert provisioned.leftovers() == []
    assert provisioned.state.revocation is not None
    assert "generation 1: tokens: not tried" in provisioned.state.revocation.evidence


def test_set_that_is_dead_and_not_wholly_deleted_is_said_so(provisioned: World) -> None:
    """A client waits for its console, its user is gone: what is proven and what is not stands in the audit log."""
    provisioned.wire.lose_reply("driver.delete")
    with pytest.raises(NotProven, match="opens nothing any more") as said:
        provisioned.revoke()
    assert "password grant: refused" in said.value.why
    assert "not proven: that what is left works for no other user" in said.value.why
    failed = next(one for one in provisioned.audit.events if one.tag is Tag.STEP_FAILED)
    assert "access token: 401" in failed.detail["why"]
    assert provisioned.revoke().end == Wait(until=None, reason=Reason.CUT_OFF)


def test_set_that_is_not_deleted_and_lives_is_not_said_to_be_dead(provisioned: World) -> None:
    """The PIM's silence is the news then."""
    provisioned.wire.silence("driver.delete")
    with pytest.raises(PimNoAnswer):
        provisioned.revoke()
    assert provisioned.state.current is not None


def test_connector_taken_out_of_the_configuration_is_cut_off_too(provisioned: World) -> None:
    """Its entity is still there, although nothing declares how it should look."""
    provisioned.connector = None
    provisioned.wire.silence("driver.*")
    with pytest.raises(PimNoAnswer):
        provisioned.revoke()
    assert provisioned.access.entities[ERP].disabled
    provisioned.wire.heal()
    provisioned.run()
    assert provisioned.state.revocation is not None
    assert provisioned.state.revocation.proven_at is not None
    assert provisioned.run().done == ()


def test_cut_that_was_broken_off_is_completed(provisioned: World) -> None:
    """The entity is disabled, but its tokens only sleep: they would wake with it."""
    ask_revocation(provisioned.tools(), ERP, reason="leaked")
    provisioned.access.entities[ERP].disabled = True
    provisioned.run()
    assert provisioned.access.entities[ERP].tokens == 0
    assert provisioned.access.entities[ERP].secret_ids == 0


def test_connector_without_entity_or_set_is_revoked_all_the_same(world: World) -> None:
    """There is nothing to end, and that is proven."""
    world.access.entities.clear()
    world.revoke()
    assert world.state.revocation is not None
    assert world.state.revocation.proven_at is not None
    assert world.run().done == ()


def test_set_that_still_opens_the_pim_is_not_proven_dead(provisioned: World) -> None:
    """The revocation stays open, whoever runs it again goes on, and nothing is lifted before."""
    provisioned.pim.undead = True
    with pytest.raises(NotProven, match="generation 1"):
        provisioned.revoke()
    assert provisioned.access.entities[ERP].disabled
    with pytest.raises(NotProven, match="not proven yet"):
        ask_rotation(provisioned.tools(), ERP)
    provisioned.pim = replace(provisioned.pim, undead=False, _graveyard=[])
    provisioned.run()
    assert provisioned.leftovers() == []


def test_live_vault_token_is_not_proven_dead(provisioned: World) -> None:
    """A token that appears while Vault is being cut keeps the revocation open."""
    entity = provisioned.access.entities[ERP]

    def appear() -> None:
        entity.tokens = 1

    provisioned.wire.at("access.live_tokens", appear)
    with pytest.raises(NotProven, match="revocation"):
        provisioned.revoke()
    assert provisioned.state.revocation is not None
    assert provisioned.state.revocation.proven_at is None
    provisioned.run()
    assert provisioned.state.revocation.proven_at is not None


def test_set_that_a_slow_process_serves_after_the_proof_is_destroyed(provisioned: World) -> None:
    """It slept through its hold in the middle of publishing."""
    leaked = provisioned.credentials.reads(ERP)
    assert leaked is not None
    provisioned.revoke()
    provisioned.credentials.write(ERP, 1, leaked)
    provisioned.run()
    assert provisioned.leftovers() == []
    assert provisioned.run().done == ()


def test_set_that_a_backup_brings_back_after_the_proof_is_deleted(provisioned: World) -> None:
    """A restored PIM knows the leaked set again."""
    leaked = provisioned.pim.connections["vp_erp_1"]
    provisioned.revoke()
    provisioned.pim.restore(leaked)
    provisioned.run()
    assert provisioned.pim.labels == set()


def test_leaked_set_whose_label_a_stranger_took_is_proven_dead(provisioned: World) -> None:
    """The stranger's object is not touched, and does not stand in the way."""
    provisioned.pim.remove("vp_erp_1")
    provisioned.pim.add("vp_erp_1")
    provisioned.revoke()
    assert provisioned.state.revocation is not None
    assert provisioned.state.revocation.proven_at is not None
    assert provisioned.pim.labels == {"vp_erp_1"}
    assert any("not made by us" in line for line in provisioned.state.revocation.evidence)


def test_rotation_after_revocation_restores_access_with_a_new_set(provisioned: World) -> None:
    """The next number, and the old tokens stay dead."""
    provisioned.revoke()
    provisioned.rotate()
    assert provisioned.connector_works()
    assert provisioned.access.entities[ERP].tokens == 0
    assert provisioned.leftovers() == []
    assert provisioned.state.current is not None
    assert provisioned.state.current.number == 2
    assert provisioned.state.revocation is not None
    assert provisioned.state.revocation.lifted_at == provisioned.clock.now()


def test_access_is_not_restored_to_a_set_that_was_served_again_after_the_proof(provisioned: World) -> None:
    """A slow process wrote it, and a person asked for a new set before any pass saw it."""
    leaked = provisioned.credentials.reads(ERP)
    assert leaked is not None
    provisioned.revoke()
    provisioned.credentials.write(ERP, 1, leaked)
    served: list[CredentialSet | None] = []
    provisioned.wire.at(
        "access.restore", lambda: served.append(provisioned.credentials.reads(ERP)), when=When.AFTER, times=None
    )
    provisioned.rotate()
    assert served == [None]
    assert provisioned.connector_works()
    assert provisioned.leftovers() == []


def test_access_is_restored_only_when_a_new_set_is_ready(provisioned: World) -> None:
    """Until then the connector could read nothing of use."""
    provisioned.revoke()
    provisioned.wire.silence("driver.verify")
    with pytest.raises(PimNoAnswer):
        provisioned.rotate()
    assert provisioned.access.entities[ERP].disabled


def test_second_incident_after_a_first_one_is_a_new_revocation(provisioned: World) -> None:
    """The set issued after the first is revoked by the second."""
    provisioned.revoke()
    provisioned.rotate()
    provisioned.revoke()
    assert provisioned.state.revocation is not None
    assert provisioned.state.revocation.through == 2
    assert provisioned.leftovers() == []


def test_rotation_asked_twice_after_a_revocation_keeps_when_it_was_lifted(provisioned: World) -> None:
    """The first ask lifted it."""
    provisioned.revoke()
    provisioned.rotate()
    lifted = provisioned.state.revocation
    provisioned.clock.forward(HOUR)
    provisioned.rotate()
    assert provisioned.state.revocation == lifted


def test_revocation_asked_again_does_not_wait_for_whoever_died_over_it(provisioned: World) -> None:
    """Killed between two steps it holds the connector for a minute; the one who runs it again does not have to wait."""

    def die() -> None:
        raise Death

    provisioned.wire.at("driver.delete", die)
    ask_revocation(provisioned.tools("first"), ERP, reason="leaked")
    with pytest.raises(Death):
        provisioned.run(me="first")
    assert provisioned.state.holder is not None
    ask_revocation(provisioned.tools("second"), ERP, reason="leaked")
    provisioned.run(me="second")
    assert provisioned.leftovers() == []
    assert provisioned.state.revocation is not None
    assert provisioned.state.revocation.proven_at is not None


def test_proof_that_nobody_could_tell_of_is_told_by_the_next_run(provisioned: World) -> None:
    """Killed between saving the proof and recording it; the record must not lack it, nor what each set answered."""

    def die_once_proven() -> None:
        if provisioned.state.revocation is not None and provisioned.state.revocation.proven_at is not None:
            raise Death

    provisioned.wire.at("audit.record", die_once_proven, times=None)
    with pytest.raises(Death):
        provisioned.revoke()
    provisioned.wire.heal()
    provisioned.revoke()
    told = provisioned.audit.events[-1]
    assert (told.tag, "proven_at" in told.detail) == (Tag.REVOCATION_RESUMED, True)
    assert [text for key, text in told.detail.items() if key.startswith("evidence")]


def test_every_event_of_a_revocation_names_its_incident(provisioned: World) -> None:
    """From the wish to the new set, in every process; what comes after does not."""
    before = len(provisioned.audit.events)
    provisioned.revoke()
    provisioned.clock.forward(HOUR)
    provisioned.revoke()
    provisioned.rotate()
    told = provisioned.audit.events[before:]
    assert len({one.incident for one in told}) == 1
    assert told[0].incident is not None
    assert [one.tag for one in told if one.step is None] == [
        Tag.REVOCATION_ASKED,
        Tag.REVOCATION_RESUMED,
        Tag.ROTATION_ASKED,
    ]
    provisioned.rotate()
    assert provisioned.audit.events[-1].incident is None


def test_revocation_proceeds_without_an_audit_log_and_says_so(
    provisioned: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The one thing that is done unrecorded."""
    provisioned.audit.full = True
    with caplog.at_level(logging.WARNING):
        provisioned.revoke()
    assert provisioned.leftovers() == []
    assert "the revocation of prod/erp goes on unrecorded" in caplog.text


def test_revocation_takes_the_connector_from_whoever_works_on_it(provisioned: World) -> None:
    """The other pass ends at its next save, and what it made meanwhile is cleaned up."""

    def revoke() -> None:
        ask_revocation(provisioned.tools("responder"), ERP, reason="leaked")

    provisioned.wire.at("driver.issue", revoke, when=When.AFTER)
    with pytest.raises(TakenOver):
        provisioned.rotate()
    provisioned.run(me="responder")
    assert [one.stage for one in provisioned.state.generations] == [Stage.REVOKED, Stage.REVOKED]
    assert provisioned.leftovers() == []


def test_revocation_is_asked_again_after_a_lost_save(provisioned: World) -> None:
    """A pass that saves at the same moment does not lose it."""
    provisioned.wire.fail("states.save", TakenOver("written meanwhile"), times=TRIES - 1)
    provisioned.revoke()
    assert provisioned.leftovers() == []


def test_revocation_gives_up_when_others_write_all_the_time(provisioned: World) -> None:
    """And says that nothing was asked."""
    provisioned.wire.fail("states.save", TakenOver("written meanwhile"), times=TRIES)
    with pytest.raises(TakenOver, match="all the time"):
        ask_revocation(provisioned.tools(), ERP, reason="leaked")
    assert provisioned.state.revocation is None


def test_rotation_is_not_asked_of_a_connector_somebody_works_on(provisioned: World) -> None:
    """Unless his hold has expired, or it is our own."""

    def ask() -> None:
        with pytest.raises(TakenOver, match="worked on by holder"):
            ask_rotation(provisioned.tools("other"), ERP)
        ask_rotation(provisioned.tools("holder"), ERP)

    provisioned.wire.at("driver.issue", ask)
    provisioned.clock.forward(30 * DAY)
    with pytest.raises(TakenOver):
        provisioned.run(me="holder")
    provisioned.let_holds_expire()
    ask_rotation(provisioned.tools("other"), ERP)


def test_rotation_that_cannot_be_audited_is_not_asked(provisioned: World) -> None:
    """Nothing is done that is not recorded first."""
    provisioned.audit.full = True
    with pytest.raises(Exception, match="full"):
        ask_rotation(provisioned.tools(), ERP)
    assert provisioned.state.rotation_asked_at is None


def test_revoking_without_being_asked_is_a_bug(world: World) -> None:
    """And is called one, before anything is recorded as done."""
    with pytest.raises(Impossible):
        effects.revoke(world.tools(), some_facts(a_state(a_generation())), 1)


def test_revocation_of_one_connector_leaves_a_full_pim_an_alarm_for_others_only(provisioned: World) -> None:
    """A full PIM does not keep a set from being ended, only the next from being issued."""
    provisioned.pim.slots = 1
    provisioned.revoke()
    provisioned.pim.slots = 0
    end = provisioned.rotate().end
    assert isinstance(end, Alarm)
    assert end.reason is Reason.NO_FREE_SLOT


def test_connector_revoked_while_it_is_let_in_again_stays_cut_off(provisioned: World) -> None:
    """Whoever lets it in is overtaken just before, finds out, and cuts once more: if its configuration is deleted by
    then, nobody looks again."""

    def revoked() -> None:
        provisioned.revoke()

    revoked()
    provisioned.wire.at("access.restore", revoked)
    with pytest.raises(TakenOver):
        provisioned.rotate()
    assert provisioned.access.entities[ERP].disabled
    provisioned.connector = None
    provisioned.let_holds_expire()
    provisioned.run()
    assert provisioned.access.entities[ERP].disabled
    assert provisioned.state.cut_off
