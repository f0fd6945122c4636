"""A connector whose declaration changed, or that was taken out of the configuration."""

from dataclasses import replace

import pytest

from tests.fakes.builders import DAY, ERP, a_connector
from tests.fakes.wire import Death, When
from tests.fakes.world import World
from vault_pim.domain.connector import OVERALL_ACCESS, Mechanism
from vault_pim.domain.generation import Stage
from vault_pim.domain.outcomes import Alarm, Do, Mend, Part, Wait
from vault_pim.domain.reasons import Reason


def die_after_writing_the_path(world: World) -> None:
    """A rotation wrote the successor to the path and died before its state was saved."""

    def die() -> None:
        raise Death

    world.wire.at("credentials.publish", die, when=When.AFTER)
    with pytest.raises(Death):
        world.rotate()
    world.let_holds_expire()


def test_connector_taken_out_keeps_its_set(provisioned: World) -> None:
    """Only a person ends it; the pass says that it lives on."""
    provisioned.connector = None
    provisioned.clock.forward(60 * DAY)
    ran = provisioned.run()
    assert ran.end == Wait(until=None, reason=Reason.NOT_CONFIGURED)
    assert [one.reason for one in ran.findings] == [Reason.NOT_CONFIGURED]
    assert provisioned.connector_works()


def test_former_set_of_a_connector_taken_out_is_still_retired(provisioned: World) -> None:
    """Grace does not last for ever because a connector left the configuration."""
    provisioned.rotate()
    provisioned.connector = None
    provisioned.clock.forward(DAY)
    provisioned.run()
    assert provisioned.pim.labels == {"vp_erp_2"}
    assert provisioned.connector_works()


def test_lost_path_of_a_connector_taken_out_waits_for_a_person(provisioned: World) -> None:
    """Nothing says how its path should be written."""
    provisioned.connector = None
    provisioned.credentials.lose_path(ERP)
    assert provisioned.run().end == Wait(until=None, reason=Reason.NOT_CONFIGURED)


def test_pending_set_of_a_connector_taken_out_is_abandoned(provisioned: World) -> None:
    """Nobody wants it any more."""
    provisioned.wire.silence("driver.verify")
    with pytest.raises(Exception, match="no answer"):
        provisioned.rotate()
    provisioned.connector = None
    provisioned.run(impatient=True)
    assert provisioned.state.generations[1].stage is Stage.ABANDONED
    assert provisioned.leftovers() == []
    assert provisioned.connector_works()


def test_set_already_read_is_not_abandoned_when_its_connector_is_taken_out(provisioned: World) -> None:
    """It stands at the path, whatever the state says."""
    die_after_writing_the_path(provisioned)
    read, declared = provisioned.credentials.reads(ERP), provisioned.connector
    provisioned.connector = None
    provisioned.run()
    assert provisioned.credentials.reads(ERP) == read
    assert provisioned.connector_works()
    provisioned.connector = declared
    provisioned.run()
    assert [one.stage for one in provisioned.state.generations] == [Stage.GRACE, Stage.CURRENT]


def test_set_already_read_is_published_before_a_new_label_counts(provisioned: World) -> None:
    """Its successor gets the new label; no reader is left with a dead set on the way."""
    die_after_writing_the_path(provisioned)
    assert provisioned.connector is not None
    provisioned.connector = replace(provisioned.connector, label="ERP new")
    provisioned.run()
    stages = [(one.stage, one.role) for one in provisioned.state.generations]
    assert stages == [(Stage.GRACE, "ERP"), (Stage.GRACE, "ERP"), (Stage.CURRENT, "ERP new")]


def test_new_label_gets_a_set_with_its_own_role(provisioned: World) -> None:
    """The old role stays for the former set."""
    provisioned.connector = a_connector(label="ERP new")
    provisioned.run()
    assert provisioned.state.current is not None
    assert (provisioned.state.current.number, provisioned.state.current.reason) == (2, Reason.LABEL_CHANGED)
    assert set(provisioned.pim.roles) == {"ERP", "ERP new"}
    assert provisioned.connector_works()


def test_pending_set_of_the_old_label_is_abandoned(provisioned: World) -> None:
    """It would have the wrong role."""
    provisioned.wire.silence("driver.verify")
    with pytest.raises(Exception, match="no answer"):
        provisioned.rotate()
    provisioned.wire.heal()
    provisioned.connector = a_connector(label="ERP new")
    provisioned.run(impatient=True)
    stages = [(one.stage, one.role) for one in provisioned.state.generations]
    assert stages == [(Stage.GRACE, "ERP"), (Stage.ABANDONED, "ERP"), (Stage.CURRENT, "ERP new")]


def test_role_of_the_new_label_that_people_use_is_not_touched(provisioned: World) -> None:
    """A role we did not make may be anybody's."""
    provisioned.pim.roles["Editors"] = provisioned.pim.offered
    provisioned.connector = a_connector(label="Editors")
    end = provisioned.run().end
    assert isinstance(end, Alarm)
    assert (end.reason, end.detail) == (Reason.ROLE_TAKEN, "Editors")
    assert provisioned.pim.roles["Editors"] == provisioned.pim.offered


def test_new_mechanism_gets_a_new_set(provisioned: World) -> None:
    """The former one goes into its grace."""
    provisioned.mechanism = Mechanism.USER_AND_CLIENT
    provisioned.run()
    current = provisioned.state.current
    assert current is not None
    assert (current.mechanism, current.reason) == (Mechanism.USER_AND_CLIENT, Reason.MECHANISM_CHANGED)


def test_pending_set_of_the_old_mechanism_is_abandoned(provisioned: World) -> None:
    """The other mechanism begins anew."""
    provisioned.wire.silence("driver.verify")
    with pytest.raises(Exception, match="no answer"):
        provisioned.rotate()
    provisioned.wire.heal()
    provisioned.mechanism = Mechanism.USER_AND_CLIENT
    ran = provisioned.run(impatient=True)
    first = ran.done[0]
    assert isinstance(first, Do)
    assert (first.number, first.reason) == (2, Reason.MECHANISM_CHANGED)


def test_changed_permissions_are_brought_to_the_role(provisioned: World) -> None:
    """The served set gets them without a rotation."""
    fewer = frozenset({OVERALL_ACCESS})
    provisioned.connector = a_connector(permissions=fewer)
    assert provisioned.run().done == (Mend(part=Part.ROLE, reason=Reason.ROLE_DIFFERS),)
    assert provisioned.pim.roles["ERP"] == fewer
    assert provisioned.connector_works()


def test_permission_the_pim_does_not_offer_is_an_alarm(provisioned: World) -> None:
    """A person corrects the configuration; nothing is tried again and again."""
    provisioned.connector = a_connector(permissions=frozenset({OVERALL_ACCESS, "pim_api_no_such"}))
    end = provisioned.run().end
    assert isinstance(end, Alarm)
    assert (end.reason, end.detail) == (Reason.UNKNOWN_PERMISSION, "pim_api_no_such")
    assert provisioned.wire.count("driver.put_role") == 1
    assert provisioned.connector_works()
