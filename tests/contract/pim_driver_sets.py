"""What a driver of a real PIM must do with sets and roles, beside the port's contract: tried on the sandbox PIM."""

from dataclasses import replace

import pytest

from tests.canary import canary_secret
from tests.contract.bench import BARE, PERMISSIONS, ROLE, WIDER, connector, issued, planned
from tests.contract.caller import Caller
from tests.contract.sandbox_bench import SandboxBench
from vault_pim.domain.errors import NotOurs, PimRefusal
from vault_pim.domain.outcomes import Alive, Dead, Refused, Verified
from vault_pim.domain.secret import SecretStr
from vault_pim.domain.separation import Knock, SetAtPim
from vault_pim.ports import PimDriver
from vault_pim.sandbox.faults import Fault


class SetsContract:
    """Groups, calls, proofs, roles; the fixtures are those of `PimDriverContract`."""

    def test_declared_user_group_is_joined(self, bench: SandboxBench, driver: PimDriver) -> None:
        """The API user belongs to the connector's group."""
        credentials = driver.issue(connector(user_group="Redactor"), planned())
        user = bench.pim.world.user_by_login(credentials.username)
        assert user is not None
        assert "Redactor" in [group.name for group in user.groups]

    def test_unknown_user_group_is_refused_before_anything_is_made(
        self, bench: SandboxBench, driver: PimDriver
    ) -> None:
        """A group that is not there is the configuration's fault, and leaves nothing behind."""
        before = bench.state()
        with pytest.raises(PimRefusal, match="no user group 'Nobody'"):
            driver.issue(connector(user_group="Nobody"), planned())
        assert bench.state() == before

    def test_overlap_rotation_fails_no_call(self, bench: SandboxBench, driver: PimDriver) -> None:
        """A connector that calls without pause, and takes the successor when it is served, sees no refusal."""
        old = driver.issue(connector(), planned(1))
        with Caller(bench.pim.url, old) as caller:
            new = driver.issue(connector(), planned(2))
            assert isinstance(driver.verify(new, PERMISSIONS), Verified)
            caller.switch(new)
            driver.delete(issued(1, old))
            caller.go_on()
        assert caller.refused == 0
        assert isinstance(driver.prove_dead(old, None), Dead)

    def test_set_that_a_backup_brought_back_is_seen_and_ends_again(
        self, bench: SandboxBench, driver: PimDriver
    ) -> None:
        """An orphan: it is ours by its marker, and its secrets work."""
        world, credentials = bench.pim.world, driver.issue(connector(), planned())
        backup = dict(world.clients), dict(world.users), dict(world.connections)
        driver.delete(issued(1, credentials))
        assert driver.survey().sightings == ()
        world.clients, world.users, world.connections = backup
        [orphan] = driver.survey().sightings
        assert (orphan.label, "marker1" in orphan.description) == ("vp_erp_1", True)
        tokens = driver.take_tokens(credentials)
        assert tokens is not None
        driver.delete(issued(1, credentials))
        assert driver.survey().sightings == ()
        assert isinstance(driver.prove_dead(credentials, tokens), Dead)

    def test_set_without_any_list_is_verified_by_what_is_open_to_all(
        self, bench: SandboxBench, driver: PimDriver
    ) -> None:
        """Overall access alone lets the system information through, or the media files at a PIM without that."""
        driver.put_role(ROLE, BARE)
        outcome = driver.verify(driver.issue(connector(permissions=BARE), planned()), BARE)
        assert isinstance(outcome, Verified)
        assert outcome.allowed == f"GET {bench.row.open_call}"

    def test_set_with_every_right_has_no_forbidden_call(self, driver: PimDriver) -> None:
        """Where nothing is forbidden that may be asked, the verification says so."""
        every = frozenset(name for name in driver.survey().offered if name.startswith("pim_api_"))
        driver.put_role(ROLE, every)
        outcome = driver.verify(driver.issue(connector(permissions=every), planned()), every)
        assert isinstance(outcome, Verified)
        assert outcome.forbidden is None

    def test_set_without_categories_alone_is_verified_at_every_release(self, driver: PimDriver) -> None:
        """Where categories are not protected (observed.md §7) they are no proof of anything, and not asked for."""
        most = frozenset(name for name in driver.survey().offered if name.startswith("pim_api_"))
        most -= {"pim_api_category_list"}
        driver.put_role(ROLE, most)
        assert isinstance(driver.verify(driver.issue(connector(permissions=most), planned()), most), Verified)

    def test_set_that_cannot_log_in_is_refused(self, driver: PimDriver) -> None:
        """A wrong half is named, not shown."""
        credentials = driver.issue(connector(), planned())
        wrong = SecretStr(canary_secret())
        no_password = driver.verify(replace(credentials, password=wrong), PERMISSIONS)
        no_client = driver.verify(replace(credentials, client_secret=wrong), PERMISSIONS)
        assert no_password == Refused(reason="user name and password are refused")
        assert no_client == Refused(reason="client id and client secret are refused")
        assert driver.take_tokens(replace(credentials, password=wrong)) is None

    def test_living_set_is_not_proven_dead(self, driver: PimDriver) -> None:
        """Every way in that is open is named."""
        credentials = driver.issue(connector(), planned())
        proof = driver.prove_dead(credentials, driver.take_tokens(credentials))
        assert isinstance(proof, Alive)
        assert [line.partition(":")[0] for line in proof.unproven] == [
            "GET /api/rest/v1/channels?limit=1 with the old access token",
            "refresh grant",
            "password grant",
        ]

    def test_forbidden_token_is_not_proven_dead(self, driver: PimDriver) -> None:
        """Taking the rights away answers 403, which ends with the next change of the role."""
        credentials = driver.issue(connector(), planned())
        tokens = driver.take_tokens(credentials)
        driver.put_role(ROLE, BARE)
        proof = driver.prove_dead(credentials, tokens)
        assert isinstance(proof, Alive)
        assert "answered 403" in proof.unproven[0]

    def test_disabled_user_is_not_proven_dead(self, bench: SandboxBench, driver: PimDriver) -> None:
        """The 401 of a disabled user ends with the disabling."""
        credentials = driver.issue(connector(), planned())
        tokens = driver.take_tokens(credentials)
        user = bench.pim.world.user_by_login(credentials.username)
        assert user is not None
        user.enabled = False
        proof = driver.prove_dead(credentials, tokens)
        assert isinstance(proof, Alive)
        assert "answered 401" in proof.unproven[0]

    @pytest.mark.parametrize("path", ["/api/rest/v1/channels", "/api/oauth/v1/token"])
    def test_silent_pim_proves_nothing(self, bench: SandboxBench, driver: PimDriver, path: str) -> None:
        """A network error is no evidence of death."""
        credentials = driver.issue(connector(), planned())
        tokens = driver.take_tokens(credentials)
        driver.delete(planned())
        bench.pim.faults.add(Fault(kind="refuse", path=path, times=None))
        proof = driver.prove_dead(credentials, tokens)
        assert isinstance(proof, Alive)
        assert all("no answer" in line for line in proof.unproven)

    def test_role_with_everything_is_brought_to_the_declared_set(self, bench: SandboxBench, driver: PimDriver) -> None:
        """Every privilege the form offers can be taken away."""
        driver.put_role(ROLE, driver.survey().offered)
        driver.put_role(ROLE, PERMISSIONS)
        assert bench.privileges(ROLE) == PERMISSIONS

    @pytest.mark.parametrize("name", ["Administrator", "user"])
    def test_roles_the_pim_lives_on_are_left_alone(self, bench: SandboxBench, driver: PimDriver, name: str) -> None:
        """A connector named like the PIM's own role must not take its rights away."""
        before = bench.state()
        with pytest.raises(NotOurs):
            driver.put_role(name, PERMISSIONS)
        assert bench.state() == before

    def test_role_the_pim_does_not_take_is_reported(self, driver: PimDriver) -> None:
        """A refused form is a 200 like an accepted one: `E R P` and `E_R_P` fold to one name."""
        driver.put_role("E R P", PERMISSIONS)
        with pytest.raises(PimRefusal, match="does not take role 'E_R_P'"):
            driver.put_role("E_R_P", PERMISSIONS)

    def test_set_is_shown_as_it_was_made(self, bench: SandboxBench, driver: PimDriver) -> None:
        """Its client, its user, its role with exactly these permissions, its group; nobody shares the role."""
        made = driver.issue(connector(user_group="Redactor"), planned())
        assert driver.inspect([issued(1, made), issued(2, made)]) == {
            "vp_erp_1": SetAtPim(
                client_id=made.client_id,
                username=made.username,
                roles=frozenset({ROLE}),
                groups=frozenset({"Redactor"}),
                permissions=PERMISSIONS,
                sharing=(),
            )
        }

    def test_others_with_the_same_role_are_named(self, bench: SandboxBench, driver: PimDriver) -> None:
        """Whoever they are; and what was added to the role by hand shows, too."""
        one, other = (driver.issue(connector(), planned(number)) for number in (1, 2))
        driver.put_role(ROLE, WIDER)
        shown = driver.inspect([issued(1, one)])["vp_erp_1"]
        assert (shown.sharing, shown.permissions) == ((other.username,), WIDER)

    def test_set_opens_nothing_of_another_by_its_own_secrets(self, bench: SandboxBench, driver: PimDriver) -> None:
        """Neither the other's user nor the other's client; and no PIM takes the tries for a foreign user's."""
        one, other = (driver.issue(connector(), planned(number)) for number in (1, 2))
        assert driver.opens(one, other) == Knock()
        assert driver.survey().foreign_users == ()
        assert driver.opens(one, replace(other, client_id=one.client_id)) == Knock(opened=("its client",))
        user = bench.pim.world.user_by_login(other.username)
        assert user is not None
        user.set_password(one.password.get_secret_value())
        assert driver.opens(one, other) == Knock(opened=("its user",))
        of_none = driver.opens(replace(one, client_id=f"{one.client_id}x"), other)
        assert of_none == Knock(unsaid=("its user: client id and client secret are refused",))
