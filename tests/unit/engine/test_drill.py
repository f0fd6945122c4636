"""A drill shows that the set worked before and that nothing of it does after; whatever is left alive is said."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.builders import ERP, PERMISSIONS, a_connector
from tests.fakes.pim import FakeDriver
from tests.fakes.world import World
from vault_pim.domain.access import AppRoleAccess
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import Impossible, Intercepted, NotAllowed, NotProven, VaultPimError
from vault_pim.domain.events import Tag
from vault_pim.domain.outcomes import Wait
from vault_pim.domain.reasons import Reason
from vault_pim.engine.drill import Witness, aftermath, record_drill, time_to_revoke, witness

DRILL = a_connector(logins=(AppRoleAccess(secret_id_ttl=timedelta(days=7)),), drill=True)


class NoTokens(FakeDriver):
    """Of a PIM that verifies a set and then grants nothing."""

    def take_tokens(self, credentials: CredentialSet) -> None:
        """Refused."""


def served() -> World:
    """The drill connector with a set that was asked for."""
    world = World(connector=DRILL)
    world.rotate()
    return world


def revoked(world: World) -> Witness:
    """The set was seen to work, and then revoked."""
    seen = witness(world.tools(), DRILL)
    world.revoke()
    return seen


def test_connector_for_drills_gets_no_set_unasked_and_keeps_none_for_long() -> None:
    """Neither at first, nor after a drill, nor by age."""
    world = World(connector=DRILL)
    assert world.run().end == Wait(until=None, reason=Reason.FOR_DRILLS)
    world.rotate()
    number = world.state.next_number
    world.clock.forward(DRILL.policy.max_age)
    passed = world.run()
    assert passed.end == Wait(until=None, reason=Reason.FOR_DRILLS)
    assert Reason.DRILL_BROKEN_OFF in [finding.reason for finding in passed.findings]
    world.revoke()
    assert world.run().end == Wait(until=None, reason=Reason.CUT_OFF)
    assert world.run().findings == ()
    assert world.state.next_number == number


def test_whole_drill_leaves_nothing_and_is_recorded() -> None:
    """The evidence, the time, one line in the audit log."""
    world = served()
    seen = revoked(world)
    evidence = aftermath(world.tools(), DRILL, seen)
    assert evidence[-1] == "PIM and Vault: nothing of it is left"
    assert world.leftovers() == []
    record_drill(world.tools(), DRILL, time_to_revoke(world.state))
    event = world.audit.events[-1]
    assert (event.tag, event.connector) == (Tag.DRILL_DONE, ERP)
    assert event.detail == {"time_to_revoke_seconds": "0.000"}


def test_drill_may_be_repeated() -> None:
    """Each with a generation of its own; the role is the same one."""
    world = served()
    first = revoked(world)
    world.rotate()
    second = revoked(world)
    aftermath(world.tools(), DRILL, second)
    assert (first.number, second.number) == (1, 2)
    assert list(world.pim.roles) == ["ERP"]


def test_nothing_served_is_no_drill() -> None:
    """There would be nothing to revoke."""
    with pytest.raises(NotProven, match="no set is served"):
        witness(World(connector=DRILL).tools(), DRILL)


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda world: world.pim.roles.update(ERP=PERMISSIONS | {"more"}), "other things than declared"),
        (lambda world: world.pim.remove("vp_erp_1"), "login refused"),
        (lambda world: setattr(world.access.entities[ERP], "disabled", True), "logging in as it failed"),
    ],
)
def test_set_that_does_not_work_before_shows_nothing_by_its_end(harm: Callable[[World], None], why: str) -> None:
    """The drill is not begun."""
    world = served()
    harm(world)
    with pytest.raises(NotProven) as told:
        witness(world.tools(), DRILL)
    assert why in told.value.why


def test_login_that_does_not_read_its_path_shows_nothing_either() -> None:
    """It may be the identity of another."""
    world = served()
    world.access.astray = True
    with pytest.raises(NotProven) as told:
        witness(world.tools(), DRILL)
    assert "refuses its login" in told.value.why


def test_set_that_gives_no_tokens_shows_nothing_either() -> None:
    """Someone deleted it between two looks."""
    world = served()
    with pytest.raises(NotProven) as told:
        witness(replace(world.tools(), driver=NoTokens(world.pim, world.wire)), DRILL)
    assert told.value.why == "no tokens are granted"


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda world, _: setattr(world.access.entities[ERP], "tokens", 1), "Vault tokens of it live"),
        (lambda world, _: setattr(world.access.entities[ERP], "disabled", False), "Vault lets its login in"),
        (lambda world, _: world.pim.add("vp_erp_1"), "its label stands at the PIM"),
        (lambda world, seen: world.credentials.write(ERP, 1, seen.credentials), "a KV version gives the set"),
        (lambda world, seen: world.credentials.copies.update({(ERP, 1): seen.credentials}), "a copy of it is held"),
    ],
)
def test_whatever_is_left_alive_is_said(harm: Callable[[World, Witness], None], why: str) -> None:
    """A drill that does not end clean has failed."""
    world = served()
    seen = revoked(world)
    harm(world, seen)
    with pytest.raises(NotProven) as told:
        aftermath(world.tools(), DRILL, seen)
    assert told.value.why == why


@pytest.mark.parametrize("error", [Intercepted("opened before us"), NotAllowed("no right to ask")])
def test_other_refusal_than_that_of_the_login_is_no_evidence(error: VaultPimError) -> None:
    """Somebody who opened the secret-id first may be logged in by now."""
    world = served()
    seen = revoked(world)
    world.wire.fail("access.reach", error)
    with pytest.raises(type(error)):
        aftermath(world.tools(), DRILL, seen)


def test_set_that_still_logs_in_is_said() -> None:
    """By the tokens and the password that were taken before."""
    world = served()
    seen = witness(world.tools(), DRILL)
    with pytest.raises(NotProven) as told:
        aftermath(world.tools(), DRILL, seen)
    assert "password grant: accepted" in told.value.why


def test_time_of_a_revocation_that_is_not_proven_is_a_bug() -> None:
    """Nobody asks for it before."""
    with pytest.raises(Impossible):
        time_to_revoke(served().state)
