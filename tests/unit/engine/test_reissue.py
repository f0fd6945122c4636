"""A revocation that also gives the connector a new set: after the proof, or before the old one ends."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.builders import ERP, HOUR, a_connector
from tests.fakes.wire import When
from tests.fakes.world import World
from vault_pim.domain.connector import Rotation
from vault_pim.domain.errors import NotProven, PimNoAnswer, TakenOver
from vault_pim.domain.events import Tag
from vault_pim.domain.generation import Stage
from vault_pim.domain.outcomes import Alarm, Wait
from vault_pim.domain.reasons import Reason
from vault_pim.domain.state import Revocation
from vault_pim.engine.asks import ask_revocation, ask_rotation


def revocation(world: World) -> Revocation:
    """What was asked for last."""
    asked = world.state.revocation
    assert asked is not None
    return asked


def test_new_set_is_served_after_the_proof(provisioned: World) -> None:
    """One pass: nothing new is made at the PIM before the old set is proven dead and Vault's side is, too."""
    leaked = provisioned.pim.connections["vp_erp_1"].credentials
    proven: list[bool] = []
    provisioned.wire.at("driver.issue", lambda: proven.append(revocation(provisioned).proven_at is not None))
    ran = provisioned.revoke(reissue=True)
    assert proven == [True]
    assert isinstance(ran.end, Wait)
    assert [one.stage for one in provisioned.state.generations] == [Stage.REVOKED, Stage.CURRENT]
    assert provisioned.connector_works()
    assert not provisioned.pim.accepts(leaked)
    entity = provisioned.access.entities[ERP]
    assert (entity.tokens, entity.secret_ids) == (0, 0)
    assert provisioned.leftovers() == []
    assert provisioned.state.incident is None


def test_successor_is_served_before_the_old_set_ends(provisioned: World) -> None:
    """And the old one is refused, with the connector's tokens and secret-ids, before it is let in again."""
    leaked = provisioned.pim.connections["vp_erp_1"].credentials
    seen: list[tuple[bool, bool]] = []

    def look() -> None:
        read = provisioned.credentials.reads(ERP)
        seen.append((read is not None and provisioned.pim.accepts(read), provisioned.pim.accepts(leaked)))

    for call in ("driver.issue", "access.cut", "access.restore"):
        provisioned.wire.at(call, look)
    provisioned.revoke(replace_first=True, reissue=True)
    assert seen == [(True, True), (True, True), (True, False)]
    assert [one.stage for one in provisioned.state.generations] == [Stage.REVOKED, Stage.CURRENT]
    assert provisioned.connector_works()
    entity = provisioned.access.entities[ERP]
    assert (entity.tokens, entity.secret_ids) == (0, 0)
    assert provisioned.leftovers() == []
    assert revocation(provisioned).lifted_at == provisioned.clock.now()


def test_set_on_its_way_is_not_served_as_the_successor(provisioned: World) -> None:
    """It may have leaked as well; another is made."""
    provisioned.wire.silence("driver.verify")
    with pytest.raises(PimNoAnswer):
        provisioned.rotate()
    provisioned.wire.heal()
    provisioned.revoke(replace_first=True, reissue=True)
    stages = [one.stage for one in provisioned.state.generations]
    assert stages == [Stage.REVOKED, Stage.ABANDONED, Stage.CURRENT]
    assert provisioned.leftovers() == []


def test_set_whose_publisher_died_is_not_taken_from_those_who_read_it_already(provisioned: World) -> None:
    """The state calls it pending, the path serves it: it lives until its own successor is served."""
    provisioned.wire.fail("credentials.publish", TakenOver("somebody else"), when=When.AFTER)
    with pytest.raises(TakenOver):
        provisioned.rotate()
    provisioned.wire.heal()
    provisioned.let_holds_expire()
    working: list[bool] = []
    provisioned.wire.at("driver.issue", lambda: working.append(provisioned.connector_works()))
    provisioned.revoke(replace_first=True, reissue=True)
    assert working == [True]
    stages = [one.stage for one in provisioned.state.generations]
    assert stages == [Stage.REVOKED, Stage.REVOKED, Stage.CURRENT]
    assert provisioned.connector_works()
    assert provisioned.leftovers() == []


def test_set_whose_publisher_is_only_slow_works_when_it_is_read(provisioned: World) -> None:
    """The wish comes between its last look and its write, and whoever carries the wish on gets no answer."""

    def wish() -> None:
        provisioned.wire.silence("driver.issue")
        with pytest.raises(PimNoAnswer):
            provisioned.revoke(replace_first=True, reissue=True)

    provisioned.wire.at("credentials.publish", wish)
    with pytest.raises(TakenOver):
        provisioned.rotate()
    assert provisioned.connector_works()
    provisioned.wire.heal()
    provisioned.run(impatient=True)
    assert [one.stage for one in provisioned.state.generations][-1] is Stage.CURRENT
    assert provisioned.state.incident is None
    assert provisioned.connector_works()
    assert provisioned.leftovers() == []


def test_old_set_lives_while_no_successor_can_be_made_until_it_is_cut_first(provisioned: World) -> None:
    """A full PIM: the person is told, and asks again in the other order; that ends it, in one incident."""
    provisioned.pim.slots = 1
    end = provisioned.revoke(replace_first=True, reissue=True).end
    assert isinstance(end, Alarm)
    assert provisioned.connector_works()
    began = revocation(provisioned).asked_at
    provisioned.clock.forward(HOUR)
    provisioned.revoke(reissue=True)
    assert not provisioned.pim.labels & {"vp_erp_1"}
    assert revocation(provisioned).asked_at == began
    assert provisioned.audit.tags.count(Tag.REVOCATION_ASKED) == 1


def test_cut_first_after_replace_first_ends_the_successor_too(provisioned: World) -> None:
    """Broken off between the proof and the access, and asked again without trust in the new set."""
    provisioned.wire.fail("access.restore", TakenOver("somebody else"))
    with pytest.raises(TakenOver):
        provisioned.revoke(replace_first=True, reissue=True)
    assert not provisioned.state.cut_off
    provisioned.wire.heal()
    provisioned.revoke()
    assert [one.stage for one in provisioned.state.generations] == [Stage.REVOKED, Stage.REVOKED]
    assert provisioned.state.cut_off
    assert provisioned.access.entities[ERP].disabled


def test_stricter_of_two_wishes_holds(provisioned: World) -> None:
    """Who wanted no new set is not overruled by who forgot to say so."""
    provisioned.revoke()
    provisioned.revoke(reissue=True, replace_first=True)
    assert provisioned.state.cut_off
    ask_rotation(provisioned.tools(), ERP)
    provisioned.wire.silence("driver.verify")
    with pytest.raises(PimNoAnswer):
        provisioned.run()
    provisioned.wire.heal()
    provisioned.revoke(reissue=True)
    stages = [one.stage for one in provisioned.state.generations]
    assert stages == [Stage.REVOKED, Stage.REVOKED, Stage.CURRENT]
    assert provisioned.connector_works()


def test_incident_that_is_asked_again_before_its_successor_is_served_stays_one(provisioned: World) -> None:
    """The try that failed belongs to it; what it made ends."""
    provisioned.wire.silence("driver.verify")
    with pytest.raises(PimNoAnswer):
        provisioned.revoke(reissue=True)
    name = provisioned.state.incident
    provisioned.wire.heal()
    provisioned.clock.forward(HOUR)
    ask_revocation(provisioned.tools(), ERP, reason="again", reissue=True)
    assert provisioned.state.incident == name
    provisioned.run()
    assert provisioned.connector_works()
    assert provisioned.state.find(2) is not None
    assert provisioned.leftovers() == []
    provisioned.revoke(reissue=True)
    assert revocation(provisioned).through == 3


def test_connector_that_is_not_configured_any_more_gets_no_new_set(provisioned: World) -> None:
    """Its sets end all the same, unless a successor is to be served first: that would be never, so nothing is done."""
    provisioned.connector = None
    ran = provisioned.revoke(replace_first=True, reissue=True)
    assert (ran.done, ran.end) == ((), Wait(until=None, reason=Reason.NOT_CONFIGURED))
    assert provisioned.connector_works()
    provisioned.revoke(reissue=True)
    assert provisioned.state.cut_off
    assert revocation(provisioned).proven_at is not None
    assert provisioned.pim.labels == set()


def test_connector_that_is_taken_out_of_the_configuration_meanwhile_stays_cut_off(provisioned: World) -> None:
    """Its successor was served; nothing declares how its access should look."""
    provisioned.wire.silence("driver.delete")
    with pytest.raises(PimNoAnswer):
        provisioned.revoke(replace_first=True, reissue=True)
    provisioned.wire.heal()
    provisioned.connector = None
    provisioned.run()
    assert provisioned.access.entities[ERP].disabled
    assert revocation(provisioned).proven_at is not None
    provisioned.connector = a_connector()
    provisioned.run()
    assert provisioned.connector_works()


def test_connector_for_drills_gets_no_new_set(provisioned: World) -> None:
    """It has one only while a drill runs."""
    provisioned.connector = a_connector(drill=True)
    provisioned.revoke(reissue=True)
    assert provisioned.state.cut_off


@pytest.mark.parametrize("replace_first", [False, True])
def test_connector_without_a_login_in_vault_gets_a_new_set(provisioned: World, replace_first: bool) -> None:
    """There is no entity to be enabled again."""
    provisioned.access.entities.clear()
    provisioned.revoke(replace_first=replace_first, reissue=True)
    assert [one.stage for one in provisioned.state.live] == [Stage.CURRENT]
    assert provisioned.state.incident is None


def test_access_that_was_restored_by_who_died_then_is_only_written_down(provisioned: World) -> None:
    """The record did not say so yet."""
    provisioned.wire.fail("access.restore", TakenOver("somebody else"), when=When.AFTER)
    with pytest.raises(TakenOver):
        provisioned.revoke(replace_first=True, reissue=True)
    provisioned.wire.heal()
    provisioned.let_holds_expire()
    assert not provisioned.access.entities[ERP].disabled
    provisioned.run()
    assert revocation(provisioned).lifted_at is not None
    assert provisioned.connector_works()


@pytest.mark.parametrize("replace_first", [False, True])
def test_connection_that_keeps_its_code_gets_new_secrets(provisioned: World, replace_first: bool) -> None:
    """In place: the old set dies of the new one where that is made first; else the connection goes, and comes anew."""
    leaked = provisioned.pim.connections["vp_erp_1"].credentials
    provisioned.connector = replace(a_connector(), rotation=Rotation.IN_PLACE)
    provisioned.revoke(replace_first=replace_first, reissue=True)
    assert not provisioned.pim.accepts(leaked)
    assert provisioned.connector_works()
    assert provisioned.pim.labels == {"vp_erp_1" if replace_first else "vp_erp_2"}
    assert provisioned.leftovers() == []


def test_successor_made_in_place_outlives_the_end_of_all_before_it(provisioned: World) -> None:
    """The end of the first set waits for an answer, and so shares its connection with two others."""
    provisioned.connector = a_connector(rotation=Rotation.IN_PLACE)
    provisioned.wire.fail("driver.prove_dead", PimNoAnswer("no answer"))
    provisioned.rotate()
    ask_revocation(provisioned.tools(), ERP, reason="leaked", replace_first=True, reissue=True)
    provisioned.clock.forward(timedelta(seconds=5))
    provisioned.run()
    assert provisioned.connector_works()
    assert provisioned.state.current is not None
    assert provisioned.state.current.number == 3


def test_rotation_after_the_proof_does_not_keep_the_connector_out(provisioned: World) -> None:
    """Whoever proved it died before letting it in again, and no other set can be made now."""
    provisioned.wire.fail("access.restore", TakenOver("somebody else"))
    with pytest.raises(TakenOver):
        provisioned.revoke(replace_first=True, reissue=True)
    provisioned.wire.heal()
    provisioned.let_holds_expire()
    provisioned.pim.slots = 1
    provisioned.rotate()
    assert provisioned.connector_works()
    assert revocation(provisioned).lifted_at is not None


def test_rotation_during_a_revocation_is_told_how_to_go_on_with_it(provisioned: World) -> None:
    """In the order in which it was asked for."""
    provisioned.pim.slots = 1
    provisioned.revoke(replace_first=True, reissue=True)
    with pytest.raises(NotProven) as refused:
        ask_rotation(provisioned.tools(), ERP)
    assert "--reason ... --replace-first" in str(refused.value.advice)
