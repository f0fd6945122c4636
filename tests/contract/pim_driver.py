"""What every `PimDriver` must do, whatever its mechanism: real ones and the fake of the engine's tests alike.

A subclass brings the fixture `bench`.
"""

from dataclasses import replace

import pytest

from tests.contract.bench import BARE, PERMISSIONS, ROLE, WIDER, Bench, connector, in_place, issued, planned, stop_at
from vault_pim.domain.errors import NoFreeSlot, NotOurs, PimRefusal, TakenOver, UnknownPermission
from vault_pim.domain.facts import Presence
from vault_pim.domain.outcomes import Alive, Dead, Refused, Verified
from vault_pim.ports import PimDriver


class PimDriverContract:
    """The contract, as far as the port itself goes."""

    @pytest.fixture
    def driver(self, bench: Bench) -> PimDriver:
        """A driver whose role is made."""
        driver = bench.driver()
        driver.put_role(ROLE, PERMISSIONS)
        return driver

    # ---- life

    def test_issued_set_opens_its_own_door_and_no_other(self, driver: PimDriver) -> None:
        """What is issued works, may do what is declared, and may not do what is not."""
        outcome = driver.verify(driver.issue(connector(), planned()), PERMISSIONS)
        assert isinstance(outcome, Verified)
        assert outcome.forbidden is not None
        assert outcome.access_token_lifetime == 3600

    def test_set_has_its_role_alone(self, bench: Bench, driver: PimDriver) -> None:
        """The default role, which may do everything, is gone when the set is given out."""
        credentials = driver.issue(connector(), planned())
        assert bench.roles_of(credentials) == (ROLE,)
        assert bench.privileges(ROLE) == PERMISSIONS

    @pytest.mark.parametrize("held", [WIDER, BARE])
    def test_set_with_other_rights_than_declared_is_refused(self, driver: PimDriver, held: frozenset[str]) -> None:
        """More is as wrong as less."""
        driver.put_role(ROLE, held)
        assert isinstance(driver.verify(driver.issue(connector(), planned()), PERMISSIONS), Refused)

    def test_living_set_is_not_proven_dead(self, driver: PimDriver) -> None:
        """Nor does the attempt to prove it do any harm."""
        credentials = driver.issue(connector(), planned())
        assert isinstance(driver.prove_dead(credentials, driver.take_tokens(credentials)), Alive)
        assert isinstance(driver.verify(credentials, PERMISSIONS), Verified)

    def test_dead_set_gives_no_tokens(self, driver: PimDriver) -> None:
        """There is nothing to take, and that is no error."""
        credentials = driver.issue(connector(), planned())
        driver.delete(planned())
        assert driver.take_tokens(credentials) is None
        assert isinstance(driver.prove_dead(credentials, None), Dead)
        assert isinstance(driver.verify(credentials, PERMISSIONS), Refused)

    def test_missing_role_is_refused_before_anything_is_made(self, bench: Bench) -> None:
        """A set without its role would have all rights."""
        driver, before = bench.driver(), bench.state()
        with pytest.raises(PimRefusal, match="no role"):
            driver.issue(connector(), planned())
        assert bench.state() == before

    def test_two_generations_work_side_by_side_and_die_apart(self, driver: PimDriver) -> None:
        """The successor works before the former set is deleted, and after."""
        first, second = planned(1), planned(2)
        old, new = driver.issue(connector(), first), driver.issue(connector(), second)
        for credentials in old, new:
            assert isinstance(driver.verify(credentials, PERMISSIONS), Verified)
        tokens = driver.take_tokens(old)
        driver.delete(issued(1, old))
        assert isinstance(driver.prove_dead(old, tokens), Dead)
        assert isinstance(driver.verify(new, PERMISSIONS), Verified)

    def test_deleting_twice_is_deleting_once(self, bench: Bench, driver: PimDriver) -> None:
        """A delete that was done already is done, and clients and users are as before."""
        before = bench.left_over()
        generation = issued(1, driver.issue(connector(), planned()))
        driver.delete(generation)
        driver.delete(generation)
        assert bench.left_over() == before
        assert driver.survey().sightings == ()

    def test_deleting_what_never_was_does_nothing(self, bench: Bench, driver: PimDriver) -> None:
        """A generation that was only planned may be deleted."""
        before = bench.state()
        driver.delete(planned(7))
        assert bench.state() == before

    def test_issuing_again_replaces_what_lost_its_secret(self, bench: Bench, driver: PimDriver) -> None:
        """A second issue under the same label kills the first, and leaves one set."""
        lost = driver.issue(connector(), planned())
        rows, tokens = bench.left_over(), driver.take_tokens(lost)
        again = driver.issue(connector(), planned())
        assert bench.left_over() == rows
        assert isinstance(driver.prove_dead(lost, tokens), Dead)
        assert isinstance(driver.verify(again, PERMISSIONS), Verified)

    # ---- ours and others'

    def test_survey_shows_every_set_with_its_marker(self, driver: PimDriver) -> None:
        """Ours carry our marker, a stranger's label is shown with whatever stands beside it."""
        driver.issue(connector(), planned(1))
        driver.issue(connector(), planned(2, marker="somebody-else"))
        seen = {one.label: one.description for one in driver.survey().sightings}
        assert seen.keys() == {"vp_erp_1", "vp_erp_2"}
        assert "marker1" in seen["vp_erp_1"]
        assert "marker2" not in seen["vp_erp_2"]

    def test_label_taken_by_a_stranger_is_left_alone(self, bench: Bench, driver: PimDriver) -> None:
        """Neither issue nor delete touches what we did not make."""
        stranger = driver.issue(connector(), planned(marker="somebody-else"))
        before = bench.state()
        with pytest.raises(NotOurs):
            driver.issue(connector(), planned())
        with pytest.raises(NotOurs):
            driver.delete(planned())
        with pytest.raises(NotOurs):
            driver.delete(planned(client_id="9_another"))
        assert bench.state() == before
        assert isinstance(driver.verify(stranger, PERMISSIONS), Verified)

    def test_set_known_by_its_client_id_is_ours_without_a_marker(self, driver: PimDriver) -> None:
        """Somebody may have renamed it; the client id cannot be changed."""
        made = planned(marker="marker-before-a-rename")
        credentials = driver.issue(connector(), made)
        driver.delete(issued(1, credentials))
        assert driver.survey().sightings == ()

    # ---- roles

    def test_role_is_absent_then_as_declared(self, bench: Bench) -> None:
        """A role is made with exactly what is declared."""
        driver = bench.driver()
        assert driver.role(ROLE, PERMISSIONS) is Presence.ABSENT
        driver.put_role(ROLE, PERMISSIONS)
        assert driver.role(ROLE, PERMISSIONS) is Presence.AS_DECLARED
        assert ROLE in driver.survey().roles

    @pytest.mark.parametrize("drifted", [WIDER, frozenset(("pim_api_locale_list",))])
    def test_drifted_role_is_brought_back(self, bench: Bench, driver: PimDriver, drifted: frozenset[str]) -> None:
        """Additions, those of the user interface too, are taken away; what was taken away is given back."""
        driver.put_role(ROLE, drifted)
        assert driver.role(ROLE, PERMISSIONS) is Presence.DIFFERS
        driver.put_role(ROLE, PERMISSIONS)
        assert driver.role(ROLE, PERMISSIONS) is Presence.AS_DECLARED
        assert bench.privileges(ROLE) == PERMISSIONS

    def test_unknown_permission_writes_nothing(self, bench: Bench, driver: PimDriver) -> None:
        """The PIM would answer 500 and leave a broken role behind, so it is not even asked."""
        before = bench.state()
        for name in ("Another", ROLE):
            with pytest.raises(UnknownPermission):
                driver.put_role(name, PERMISSIONS | {"pim_api_nonsense"})
        assert bench.state() == before
        assert driver.role(ROLE, PERMISSIONS) is Presence.AS_DECLARED


class SlotsContract:
    """The contract where the PIM has a limit; the fixtures are those of `PimDriverContract`."""

    def test_no_free_slot_is_said_before_anything_is_made(self, bench: Bench, driver: PimDriver) -> None:
        """The survey says it, and issue refuses; one deleted, and it goes on."""
        for number in range(1, 51):
            driver.issue(connector(), planned(number))
        before = bench.state()
        assert driver.survey().free_slots == 0
        with pytest.raises(NoFreeSlot):
            driver.issue(connector(), planned(51))
        assert bench.state() == before
        driver.delete(planned(50))
        assert driver.survey().free_slots == 1
        driver.issue(connector(), planned(51))

    def test_lost_set_is_replaced_without_a_free_slot(self, driver: PimDriver) -> None:
        """Replacing what is there needs no further slot."""
        for number in range(1, 51):
            driver.issue(connector(), planned(number))
        assert isinstance(driver.verify(driver.issue(connector(), planned(50)), PERMISSIONS), Verified)


class InPlaceContract:
    """The contract where the PIM has connections; the fixtures are those of `PimDriverContract`."""

    def test_regenerated_set_works_and_the_former_is_dead_with_its_tokens(
        self, bench: Bench, driver: PimDriver
    ) -> None:
        """Same label, same client id, same user; another secret and another password, each asked for."""
        former = driver.issue(connector(), planned())
        tokens, rows = driver.take_tokens(former), bench.left_over()
        asked: list[None] = []
        new = driver.regenerate(connector(), in_place(former), before_each=lambda: asked.append(None))
        assert len(asked) == 2
        assert (new.client_id, new.username) == (former.client_id, former.username)
        assert isinstance(driver.verify(new, PERMISSIONS), Verified)
        assert isinstance(driver.prove_dead(former, tokens), Dead)
        for half in (
            replace(new, client_secret=former.client_secret),
            replace(new, password=former.password),
        ):
            assert isinstance(driver.prove_dead(half, None), Dead)
        assert bench.left_over() == rows
        seen = driver.survey().sightings
        assert [one.label for one in seen] == ["vp_erp_1"]
        assert "marker1" in seen[0].description

    def test_regeneration_that_may_not_begin_kills_nothing(self, driver: PimDriver) -> None:
        """Whoever has lost the connector stops before the first request that kills."""
        former = driver.issue(connector(), planned())
        with pytest.raises(TakenOver):
            driver.regenerate(connector(), in_place(former), before_each=stop_at(1))
        assert isinstance(driver.verify(former, PERMISSIONS), Verified)

    def test_half_regenerated_set_is_dead_and_the_next_try_gives_a_whole_one(self, driver: PimDriver) -> None:
        """Between the two nobody has a set that works; both are made anew then."""
        former = driver.issue(connector(), planned())
        tokens = driver.take_tokens(former)
        with pytest.raises(TakenOver):
            driver.regenerate(connector(), in_place(former), before_each=stop_at(2))
        assert isinstance(driver.prove_dead(former, tokens), Dead)
        again = driver.regenerate(connector(), in_place(former, 3), before_each=lambda: None)
        assert isinstance(driver.verify(again, PERMISSIONS), Verified)

    def test_connection_of_another_client_is_not_regenerated(self, bench: Bench, driver: PimDriver) -> None:
        """Somebody deleted ours and made one of the same code."""
        theirs = driver.issue(connector(), planned())
        before = bench.state()
        with pytest.raises(NotOurs):
            driver.regenerate(connector(), in_place(replace(theirs, client_id="9_ours")), before_each=lambda: None)
        assert bench.state() == before
        assert isinstance(driver.verify(theirs, PERMISSIONS), Verified)

    def test_connection_that_is_gone_is_not_regenerated(self, bench: Bench, driver: PimDriver) -> None:
        """Nothing is made in its stead."""
        former = driver.issue(connector(), planned())
        driver.delete(planned())
        rows = bench.left_over()
        with pytest.raises(PimRefusal, match="gone"):
            driver.regenerate(connector(), in_place(former), before_each=lambda: None)
        assert bench.left_over() == rows

    def test_regenerated_connection_gets_the_declared_role(self, bench: Bench, driver: PimDriver) -> None:
        """A connector may have been given another label since."""
        former = driver.issue(connector(), planned())
        driver.put_role("ERP 2", BARE)
        new = driver.regenerate(connector(), in_place(former, role="ERP 2"), before_each=lambda: None)
        assert bench.roles_of(new) == ("ERP 2",)
        with pytest.raises(PimRefusal, match="no role"):
            driver.regenerate(connector(), in_place(former, role="Nobody"), before_each=lambda: None)
