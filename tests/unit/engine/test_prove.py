"""What is gathered of a served set, and of whom there is nothing to gather."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.builders import ERP, SHOP, a_connector
from tests.fakes.world import World
from vault_pim.domain.access import AppRoleAccess
from vault_pim.domain.connector import Connector
from vault_pim.domain.errors import Intercepted, NotSetUp
from vault_pim.domain.outcomes import Refused, Verified
from vault_pim.domain.separation import Knock, Reach, Untried, Verdict
from vault_pim.engine.prove import Subject, gather, subject

APPROLE = a_connector(logins=(AppRoleAccess(secret_id_ttl=timedelta(days=7)),))


def served(world: World) -> Subject:
    """The ERP with its served set."""
    found = subject(world.tools(), world.state, APPROLE)
    assert isinstance(found, Subject)
    return found


def test_nothing_is_served_yet() -> None:
    """There is no set to prove anything of."""
    assert subject(World().tools(), World().state, APPROLE) == Untried(why="no credential set is served yet")


def test_connector_that_is_cut_off_is_said_to_be() -> None:
    """Its set is proven dead by the revocation."""
    world = World(connector=APPROLE)
    world.run()
    world.revoke()
    assert subject(world.tools(), world.state, APPROLE) == Untried(why="it was revoked and is cut off")


def test_lost_copy_leaves_it_unproven() -> None:
    """The set is served and cannot be tried."""
    world = World(connector=APPROLE)
    world.run()
    world.credentials.copies.clear()
    why = "the stored copy of generation 1 is lost"
    assert subject(world.tools(), world.state, APPROLE) == Untried(why=why, verdict=Verdict.UNPROVEN)


@pytest.mark.parametrize(
    ("connector", "why"),
    [(None, "it is not in the configuration any more"), (replace(APPROLE, drill=True), "it is there for drills")],
)
def test_connector_that_is_not_tried_is_unproven_while_a_set_of_it_lives(connector: Connector | None, why: str) -> None:
    """Else there is nothing to prove of it."""
    world = World(connector=APPROLE)
    assert subject(world.tools(), world.state, connector) == Untried(why=why)
    world.run()
    alive = Untried(why=f"{why}, and has a live set", verdict=Verdict.UNPROVEN)
    assert subject(world.tools(), world.state, connector) == alive


def test_everything_is_gathered_of_a_served_set() -> None:
    """At the PIM, at the neighbour's door, and in Vault."""
    world = World(connector=APPROLE)
    world.run()
    tools, one = world.tools(), served(world)
    other = world.pim.add("vp_shop_1").credentials
    shop = replace(one, connector=a_connector(id=SHOP), credentials=other)
    seen = gather(tools, one, shown=tools.driver.inspect([one.generation]), neighbour=shop, others={SHOP: (1,)})
    assert (seen.neighbour, seen.knock) == (SHOP, Knock())
    assert isinstance(seen.login, Verified)
    assert seen.reach == Reach(own=True, opened=(), refused=frozenset({SHOP}), tried=1)
    assert seen.at_pim is not None
    assert seen.at_pim.client_id == one.generation.client_id
    assert seen.fingerprints == one.generation.fingerprints
    same = replace(shop, credentials=replace(other, password=one.credentials.password))
    assert gather(tools, one, shown={}, neighbour=same, others={}).knock == Knock(opened=("its user",))


def test_path_that_gives_another_set_is_seen() -> None:
    """By what it gives, not by what was held; or that it gives none."""
    world = World(connector=APPROLE)
    world.run()
    seen = gather(world.tools(), served(world), shown={}, neighbour=None, others={})
    assert (seen.given, seen.differing) == (seen.fingerprints, ())
    other = world.pim.add("vp_shop_1").credentials
    world.credentials.write(ERP, 1, other)
    seen = gather(world.tools(), served(world), shown={}, neighbour=None, others={})
    assert seen.given == world.tools().fingerprints.of(other)
    assert seen.differing == ("client_id", "client_secret", "username", "password")
    world.credentials.lose_path(ERP)
    seen = gather(world.tools(), served(world), shown={}, neighbour=None, others={})
    assert (seen.given, seen.differing) == (None, ())


def test_refusal_of_anything_but_the_login_leaves_open_what_it_opens() -> None:
    """It stops no other connector; a secret-id that somebody else opened stops everything."""
    world = World(connector=APPROLE)
    world.run()
    one = served(world)
    world.wire.fail("access.reach", NotSetUp("no role"), times=1)
    seen = gather(world.tools(), one, shown={}, neighbour=None, others={})
    assert seen.reach == Refused(reason="what its login opens cannot be asked: no role")
    world.wire.fail("access.reach", Intercepted("opened before us"), times=1)
    with pytest.raises(Intercepted):
        gather(world.tools(), one, shown={}, neighbour=None, others={})


def test_former_set_in_its_grace_may_have_the_same_role() -> None:
    """It is the connector's own; nobody else may."""
    world = World(connector=APPROLE)
    world.run()
    world.rotate()
    tools, one = world.tools(), served(world)
    shown = tools.driver.inspect([one.generation])
    assert shown[one.generation.label].sharing != ()
    own = gather(tools, one, shown=shown, neighbour=None, others={}).at_pim
    assert own is not None
    assert own.sharing == ()
    world.pim.add("vp_shop_1", role="ERP")
    strange = gather(tools, one, shown=tools.driver.inspect([one.generation]), neighbour=None, others={}).at_pim
    assert strange is not None
    assert len(strange.sharing) == 1


def test_set_that_is_gone_at_the_pim_and_a_login_that_cannot_be_tried_are_told() -> None:
    """As they are; the judging is another's."""
    world = World()
    world.run()
    tools, found = world.tools(), subject(world.tools(), world.state, a_connector())
    assert isinstance(found, Subject)
    assert found.id == ERP
    world.pim.remove("vp_erp_1")
    seen = gather(tools, found, shown=tools.driver.inspect([found.generation]), neighbour=None, others={})
    assert (seen.at_pim, seen.neighbour) == (None, None)
    assert isinstance(seen.login, Refused)
    assert isinstance(seen.reach, Refused)
