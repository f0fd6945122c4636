"""Surroundings that somebody changed are put back; what is not ours is left alone."""

from dataclasses import replace

import pytest

from tests.fakes.builders import DAY, ERP, HOUR, a_generation, a_state, silent, some_facts
from tests.fakes.pim import Connection
from tests.fakes.wire import Death, When
from tests.fakes.world import World
from vault_pim.domain.access import AppRoleAccess
from vault_pim.domain.errors import Impossible, PimNoAnswer, TakenOver, VaultRefusal
from vault_pim.domain.generation import Stage
from vault_pim.domain.outcomes import Alarm, Mend, Part, Wait
from vault_pim.domain.reasons import Reason
from vault_pim.engine import mends


def retire_first(world: World) -> Connection:
    """Rotate, and let the grace of the first set pass; gives what stood at the PIM."""
    first = world.pim.connections["vp_erp_1"]
    world.rotate()
    world.clock.forward(DAY)
    world.run()
    return first


def test_orphan_is_deleted(provisioned: World) -> None:
    """A retired set that a restored backup brought back goes again, with what is held of it."""
    copy = provisioned.credentials.copies[ERP, 1]
    provisioned.pim.restore(retire_first(provisioned))
    provisioned.credentials.copies[ERP, 1] = copy
    ran = provisioned.run()
    assert ran.done == (Mend(part=Part.ORPHAN, reason=Reason.ORPHAN, number=1),)
    assert provisioned.leftovers() == []
    assert provisioned.connector_works()


def test_orphan_that_cannot_be_deleted_is_not_tried_at_every_pass(provisioned: World) -> None:
    """It waits for its back-off like everything else."""
    provisioned.pim.restore(retire_first(provisioned))
    provisioned.wire.silence("driver.delete")
    assert len(provisioned.run().troubles) == 1
    again = provisioned.run()
    assert again.troubles == ()
    assert isinstance(again.end, Wait)
    assert again.end.reason is Reason.TRIED_LATER


def test_stranger_is_named_and_not_touched(provisioned: World) -> None:
    """A label of our form without an intent of ours, and one that is nothing to us."""
    provisioned.pim.add("vp_erp_7")
    provisioned.pim.add("magento")
    ran = provisioned.run()
    assert ran.done == ()
    assert [(one.reason, one.detail) for one in ran.findings] == [(Reason.STRANGER, "vp_erp_7")]
    assert provisioned.pim.labels == {"vp_erp_1", "vp_erp_7", "magento"}


def test_stranger_under_the_next_label_is_an_alarm(provisioned: World) -> None:
    """The rotation stops before anything is made."""
    provisioned.pim.add("VP_ERP_2")
    end = provisioned.rotate().end
    assert isinstance(end, Alarm)
    assert (end.reason, end.detail) == (Reason.LABEL_TAKEN, "vp_erp_2")
    assert provisioned.connector_works()


def test_full_pim_is_an_alarm(provisioned: World) -> None:
    """And the rotation goes on once a slot is free."""
    provisioned.pim.slots = 1
    end = provisioned.rotate().end
    assert isinstance(end, Alarm)
    assert end.reason is Reason.NO_FREE_SLOT
    provisioned.pim.slots = 2
    provisioned.run()
    assert provisioned.pim.labels == {"vp_erp_1", "vp_erp_2"}


def test_role_changed_by_hand_is_put_back(provisioned: World) -> None:
    """Exactly what is declared, and no more."""
    declared = provisioned.pim.roles["ERP"]
    provisioned.pim.roles["ERP"] = provisioned.pim.offered
    provisioned.run()
    assert provisioned.pim.roles["ERP"] == declared


def test_role_deleted_by_hand_is_made_again(provisioned: World) -> None:
    """The set works again after one pass."""
    del provisioned.pim.roles["ERP"]
    provisioned.run()
    assert provisioned.connector_works()


def test_set_deleted_at_the_pim_is_replaced(provisioned: World) -> None:
    """Nothing can bring it back."""
    provisioned.pim.remove("vp_erp_1")
    provisioned.run()
    current = provisioned.state.current
    assert current is not None
    assert (current.number, current.reason) == (2, Reason.GONE_AT_PIM)
    assert provisioned.connector_works()


def test_lost_path_is_served_again_from_the_held_copy(provisioned: World) -> None:
    """No rotation is needed for that."""
    provisioned.credentials.lose_path(ERP)
    assert provisioned.run().done == (Mend(part=Part.SERVED, reason=Reason.NOT_SERVED, number=1),)
    assert provisioned.connector_works()


def test_path_overwritten_by_an_older_set_serves_the_current_again(provisioned: World) -> None:
    """Somebody rolled the path back."""
    former = provisioned.credentials.reads(ERP)
    assert former is not None
    provisioned.rotate()
    provisioned.credentials.write(ERP, 1, former)
    provisioned.run()
    assert provisioned.credentials.reads(ERP) == provisioned.credentials.copies[ERP, 2]


def test_path_overwritten_by_an_ended_newer_set_serves_the_current_again(provisioned: World) -> None:
    """A slow process served a set that others had abandoned; a store refuses to go back to an older one by itself."""
    provisioned.wire.silence("driver.verify")
    with pytest.raises(Exception, match="no answer"):
        provisioned.rotate()
    dead = provisioned.credentials.copies[ERP, 2]
    declared, provisioned.connector = provisioned.connector, None
    provisioned.run(impatient=True)
    provisioned.connector = declared
    assert [one.stage for one in provisioned.state.generations] == [Stage.CURRENT, Stage.ABANDONED]
    provisioned.credentials.write(ERP, 2, dead)
    provisioned.wire.heal()
    ended = provisioned.run()
    assert ended.done[0] == Mend(part=Part.SERVED, reason=Reason.NOT_SERVED, number=1)
    assert provisioned.connector_works()


def test_lost_copy_and_lost_path_make_a_new_set(provisioned: World) -> None:
    """The next try replaces a set that nobody can serve any more."""
    provisioned.credentials.lose_path(ERP)
    provisioned.credentials.copies.clear()
    end = provisioned.run().end
    assert isinstance(end, Wait)
    assert end.reason is Reason.BACKING_OFF
    provisioned.clock.forward(HOUR)
    provisioned.run()
    current = provisioned.state.current
    assert current is not None
    assert (current.number, current.reason) == (2, Reason.LOST)
    assert provisioned.connector_works()


def test_lost_copy_of_an_issued_set_makes_a_new_one(provisioned: World) -> None:
    """A set that nobody can log in with is abandoned, never served."""
    provisioned.wire.silence("driver.verify")
    with pytest.raises(Exception, match="no answer"):
        provisioned.rotate()
    provisioned.wire.heal()
    provisioned.credentials.copies.pop((ERP, 2))
    provisioned.run(impatient=True)
    provisioned.clock.forward(HOUR)
    provisioned.run()
    assert [one.stage for one in provisioned.state.generations] == [Stage.GRACE, Stage.ABANDONED, Stage.CURRENT]
    assert provisioned.leftovers() == []


def test_lost_copy_of_a_verified_set_makes_a_new_one(provisioned: World) -> None:
    """The same one step later."""
    provisioned.wire.fail("credentials.publish", TakenOver("somebody wrote the path"))
    with pytest.raises(TakenOver):
        provisioned.rotate()
    provisioned.let_holds_expire()
    provisioned.credentials.copies.pop((ERP, 2))
    provisioned.run(impatient=True)
    provisioned.clock.forward(HOUR)
    provisioned.run()
    assert [one.stage for one in provisioned.state.generations] == [Stage.GRACE, Stage.ABANDONED, Stage.CURRENT]


def test_unknown_set_at_the_path_is_a_persons_business(provisioned: World) -> None:
    """Somebody wrote it there; nothing is overwritten before a new set is asked for."""
    unknown = provisioned.pim.add("by_hand").credentials
    provisioned.credentials.write(ERP, 0, unknown)
    end = provisioned.run().end
    assert isinstance(end, Alarm)
    assert (end.reason, end.detail) == (Reason.SERVED_UNKNOWN, "generation 0 at KV version 2")
    assert provisioned.credentials.reads(ERP) == unknown
    provisioned.rotate()
    assert provisioned.connector_works()
    assert provisioned.credentials.reads(ERP) != unknown


def test_access_cut_by_hand_comes_back_with_a_new_set(provisioned: World) -> None:
    """Nothing was revoked; a person is told, and asks for a new set."""
    provisioned.access.entities[ERP].disabled = True
    assert [one.reason for one in provisioned.run().findings] == [Reason.ACCESS_CUT]
    provisioned.rotate()
    assert provisioned.connector_works()


def test_access_that_stays_cut_after_restoring_ends_the_pass(provisioned: World) -> None:
    """A pass does not restore for ever what does not come back."""
    provisioned.revoke()
    provisioned.access.stubborn = True
    with pytest.raises(VaultRefusal, match="still"):
        provisioned.rotate()
    assert provisioned.wire.count("access.restore") == 1


def test_missing_entity_is_found(provisioned: World) -> None:
    """An AppRole connector without its login in Vault is named."""
    assert provisioned.connector is not None
    provisioned.connector = replace(provisioned.connector, logins=(AppRoleAccess(secret_id_ttl=7 * DAY),))
    assert provisioned.run().findings == ()
    provisioned.access.entities.clear()
    assert [one.reason for one in provisioned.run().findings] == [Reason.ACCESS_MISSING]


def test_role_is_not_mended_while_the_pim_is_silent(world: World) -> None:
    """Such a decision would be a bug, and is called one."""
    with pytest.raises(Impossible):
        mends.role(world.tools(), silent(some_facts(a_state(a_generation()))), 0)


def test_proof_without_a_revocation_is_a_bug(world: World) -> None:
    """Likewise."""
    with pytest.raises(Impossible):
        mends.proof(world.tools(), some_facts(a_state(a_generation())), 0)


def test_death_while_a_path_is_mended_is_mended_by_the_next_pass(provisioned: World) -> None:
    """There is no recovery code."""
    provisioned.credentials.lose_path(ERP)

    def die() -> None:
        raise Death

    provisioned.wire.at("credentials.publish", die, when=When.BEFORE)
    with pytest.raises(Death):
        provisioned.run()
    provisioned.let_holds_expire()
    provisioned.run()
    assert provisioned.connector_works()


def test_path_that_is_made_anew_counts_its_versions_from_the_start(provisioned: World) -> None:
    """By the version that they were given, readers are known to use a set."""
    provisioned.rotate()
    provisioned.credentials.lose_path(ERP)
    provisioned.run()
    assert provisioned.state.current is not None
    assert provisioned.state.current.kv_version == 1


def test_set_that_is_known_to_be_dead_is_not_served_again(provisioned: World) -> None:
    """Its path is lost, and so is the set at the PIM; the next one is served."""
    provisioned.credentials.lose_path(ERP)
    provisioned.pim.remove("vp_erp_1")
    provisioned.run()
    assert provisioned.credentials.readable_generations(ERP) == (2,)
    assert provisioned.connector_works()


def test_access_cut_by_a_person_stays_cut_after_a_rotation_by_schedule(provisioned: World) -> None:
    """The new set is there for whoever lets the connector in again."""
    provisioned.access.entities[ERP].disabled = True
    provisioned.clock.forward(31 * DAY)
    passed = provisioned.run()
    assert provisioned.access.entities[ERP].disabled
    assert Reason.ACCESS_CUT in {one.reason for one in passed.findings}
    provisioned.rotate()
    assert provisioned.connector_works()


def test_leaked_set_that_comes_back_goes_again_though_a_try_of_something_else_has_just_failed(
    provisioned: World,
) -> None:
    """Its end waits for nothing that stands back."""
    leaked = provisioned.pim.connections["vp_erp_1"]
    provisioned.revoke(reissue=True)
    provisioned.wire.silence("driver.verify")
    with pytest.raises(PimNoAnswer):
        provisioned.rotate()
    provisioned.wire.heal()
    provisioned.pim.restore(leaked)
    provisioned.run()
    assert not provisioned.pim.accepts(leaked.credentials)
