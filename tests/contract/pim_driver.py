"""What every `PimDriver` must do, whatever its mechanism. A subclass says which driver, at which release."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from tests.fakes.canary import CANARY, assert_no_canary, everything_of
from tests.fakes.ledger import InMemoryLoginLedger
from vault_pim.domain.connector import Connector, ConnectorId, FlowType, Mechanism
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import LoginRefused, NoFreeSlot, NotOurs, PimNoAnswer, PimRefusal, UnknownPermission
from vault_pim.domain.facts import Presence
from vault_pim.domain.generation import Generation, Stage
from vault_pim.domain.outcomes import Alive, Dead, Refused, Verified
from vault_pim.domain.policy import Period, Policy
from vault_pim.ports import PimDriver
from vault_pim.sandbox.faults import Fault, Kind
from vault_pim.sandbox.pim_server import SandboxPim

ROLE = "ERP"
PERMISSIONS = frozenset(("pim_api_overall_access", "pim_api_channel_list", "pim_api_product_edit"))
WIDER = PERMISSIONS | {"pim_api_locale_list", "pim_user_role_edit"}
LOGIN = "/user/login-check"


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A PIM, and what makes drivers for it."""

    pim: SandboxPim
    ledger: InMemoryLoginLedger
    make: Any

    def driver(self, **changes: Any) -> PimDriver:
        """A driver with its own session."""
        driver: PimDriver = self.make(self.pim, self.ledger, **changes)
        return driver

    def logins(self) -> int:
        """How often a password was offered to the PIM."""
        return sum(method == "POST" and path == LOGIN for method, path, _ in self.pim.requests)

    def writes(self) -> list[tuple[str, str]]:
        """Every request that may have changed something, logins and tokens apart."""
        return [
            (method, path)
            for method, path, _ in self.pim.requests
            if method != "GET" and path not in (LOGIN, "/api/oauth/v1/token")
        ]

    def rows(self) -> tuple[int, int]:
        """How many clients and users there are: what a half-made set leaves behind."""
        return len(self.pim.world.clients), len(self.pim.world.users)


def connector(**changes: Any) -> Connector:
    """A connector as declared."""
    policy = Policy(
        name="default",
        schedule=Period(every=timedelta(days=30)),
        max_age=timedelta(days=45),
        grace=timedelta(hours=24),
        refresh_interval=timedelta(minutes=5),
    )
    declared = Connector(
        id=ConnectorId(pim="prod", name="erp"),
        label=ROLE,
        flow_type=FlowType.DATA_SOURCE,
        permissions=PERMISSIONS,
        user_group=None,
        policy=policy,
        owner=None,
        approle=None,
    )
    return replace(declared, **changes)


def planned(number: int = 1, **changes: Any) -> Generation:
    """A generation as the engine plans it."""
    generation = Generation(
        number=number,
        stage=Stage.PLANNED,
        label=f"vp_erp_{number}",
        marker=f"marker{number}",
        role=ROLE,
        mechanism=Mechanism.CONNECTIONS,
        reason="no-current",
        planned_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return replace(generation, **changes)


def issued(generation: Generation, credentials: CredentialSet) -> Generation:
    """The generation once its client id is recorded."""
    return replace(generation, stage=Stage.ISSUED, client_id=credentials.client_id, username=credentials.username)


class PimDriverContract:
    """The contract. A subclass provides `make` (a callable that builds the driver) and the lists of its requests.

    Attributes:
        writes: method and path of every mutating request of the driver; faults are put on each of them.
        reads: the same for every other request that needs our account.
    """

    writes: tuple[tuple[str, str], ...]
    reads: tuple[tuple[str, str], ...]
    releases: tuple[str, ...]

    @staticmethod
    def make(pim: SandboxPim, ledger: InMemoryLoginLedger, **changes: Any) -> PimDriver:
        """Build the driver."""
        raise NotImplementedError

    @pytest.fixture
    def bench(self, release: str) -> Iterator[Bench]:
        """A fresh PIM."""
        with SandboxPim(release=release, secret_marker=CANARY) as pim:
            yield Bench(pim=pim, ledger=InMemoryLoginLedger(), make=self.make)

    @pytest.fixture
    def driver(self, bench: Bench) -> PimDriver:
        """A driver whose role is made."""
        driver = bench.driver()
        driver.put_role(ROLE, PERMISSIONS)
        return driver

    # ---- the ordinary life of a set

    def test_issued_set_opens_its_own_door_and_no_other(self, bench: Bench, driver: PimDriver) -> None:
        """What is issued works, may do what is declared, and may not do what is not."""
        credentials = driver.issue(connector(), planned())
        outcome = driver.verify(credentials, PERMISSIONS)
        assert isinstance(outcome, Verified)
        assert outcome.allowed.startswith("GET /api/rest/v1/channels")
        assert outcome.forbidden is not None
        assert outcome.forbidden.startswith("GET /api/rest/v1/locales")
        assert outcome.access_token_lifetime == 3600
        assert credentials.base_url == bench.pim.url

    def test_set_has_its_role_alone_before_it_is_given_out(self, bench: Bench, driver: PimDriver) -> None:
        """The default role, which may do everything, is gone from the API user."""
        credentials = driver.issue(connector(), planned())
        user = bench.pim.world.user_by_login(credentials.username)
        assert user is not None
        assert [role.label for role in user.roles] == [ROLE]
        assert user.roles[0].privileges == PERMISSIONS

    def test_declared_user_group_is_joined(self, bench: Bench, driver: PimDriver) -> None:
        """The API user belongs to the connector's group."""
        credentials = driver.issue(connector(user_group="Redactor"), planned())
        user = bench.pim.world.user_by_login(credentials.username)
        assert user is not None
        assert "Redactor" in [group.name for group in user.groups]

    def test_unknown_user_group_is_refused_before_anything_is_made(self, bench: Bench, driver: PimDriver) -> None:
        """A group that is not there is the configuration's fault, and leaves nothing behind."""
        before = bench.writes(), bench.rows()
        with pytest.raises(PimRefusal, match="no user group 'Nobody'"):
            driver.issue(connector(user_group="Nobody"), planned())
        assert (bench.writes(), bench.rows()) == before

    def test_missing_role_is_refused_before_anything_is_made(self, bench: Bench) -> None:
        """A set without its role would have all rights."""
        driver = bench.driver()
        with pytest.raises(PimRefusal, match="no role"):
            driver.issue(connector(), planned())
        assert bench.writes() == []

    def test_two_generations_work_side_by_side_and_die_apart(self, driver: PimDriver) -> None:
        """The successor works before the former set is deleted, and after."""
        first, second = planned(1), planned(2)
        old, new = driver.issue(connector(), first), driver.issue(connector(), second)
        for credentials in old, new:
            assert isinstance(driver.verify(credentials, PERMISSIONS), Verified)
        tokens = driver.take_tokens(old)
        driver.delete(issued(first, old))
        assert isinstance(driver.prove_dead(old, tokens), Dead)
        assert isinstance(driver.verify(new, PERMISSIONS), Verified)

    def test_deleting_twice_is_deleting_once(self, bench: Bench, driver: PimDriver) -> None:
        """A delete that was done already is done, and clients and users are as before."""
        before = bench.rows()
        generation = issued(planned(), driver.issue(connector(), planned()))
        driver.delete(generation)
        driver.delete(generation)
        assert bench.rows() == before
        assert driver.survey().sightings == ()

    def test_deleting_what_never_was_does_nothing(self, bench: Bench, driver: PimDriver) -> None:
        """A generation that was only planned may be deleted."""
        before = bench.writes()
        driver.delete(planned(7))
        assert bench.writes() == before

    def test_issuing_again_replaces_what_lost_its_secret(self, bench: Bench, driver: PimDriver) -> None:
        """A second issue under the same label kills the first, and leaves one set."""
        lost = driver.issue(connector(), planned())
        rows, tokens = bench.rows(), driver.take_tokens(lost)
        again = driver.issue(connector(), planned())
        assert bench.rows() == rows
        assert isinstance(driver.prove_dead(lost, tokens), Dead)
        assert isinstance(driver.verify(again, PERMISSIONS), Verified)

    # ---- verification and proof

    def test_forbidden_call_that_is_let_through_is_refused(self, driver: PimDriver) -> None:
        """A set with more rights than declared does not pass."""
        driver.put_role(ROLE, WIDER)
        outcome = driver.verify(driver.issue(connector(), planned()), PERMISSIONS)
        assert isinstance(outcome, Refused)
        assert outcome.reason.startswith("it has a right that is not declared: GET /api/rest/v1/locales")

    def test_allowed_call_that_is_refused_is_refused(self, driver: PimDriver) -> None:
        """A set with fewer rights than declared does not pass."""
        driver.put_role(ROLE, frozenset(("pim_api_overall_access",)))
        outcome = driver.verify(driver.issue(connector(), planned()), PERMISSIONS)
        assert isinstance(outcome, Refused)
        assert outcome.reason.startswith("it lacks a declared right")

    def test_set_without_any_list_is_verified_by_what_is_open_to_all(self, driver: PimDriver) -> None:
        """Overall access alone lets the system information through, and nothing else."""
        bare = frozenset(("pim_api_overall_access",))
        driver.put_role(ROLE, bare)
        outcome = driver.verify(driver.issue(connector(permissions=bare), planned()), bare)
        assert isinstance(outcome, Verified)
        assert outcome.allowed == "GET /api/rest/v1/system-information"

    def test_set_with_every_right_has_no_forbidden_call(self, driver: PimDriver) -> None:
        """Where nothing is forbidden that may be asked, the verification says so."""
        every = frozenset(name for name in driver.survey().offered if name.startswith("pim_api_"))
        driver.put_role(ROLE, every)
        outcome = driver.verify(driver.issue(connector(permissions=every), planned()), every)
        assert isinstance(outcome, Verified)
        assert outcome.forbidden is None

    def test_set_that_cannot_log_in_is_refused(self, driver: PimDriver) -> None:
        """A wrong half is named, not shown."""
        credentials = driver.issue(connector(), planned())
        wrong = SecretStr(f"{CANARY}-wrong")
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
        driver.put_role(ROLE, frozenset(("pim_api_overall_access",)))
        proof = driver.prove_dead(credentials, tokens)
        assert isinstance(proof, Alive)
        assert "answered 403" in proof.unproven[0]

    def test_disabled_user_is_not_proven_dead(self, bench: Bench, driver: PimDriver) -> None:
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
    def test_silent_pim_proves_nothing(self, bench: Bench, driver: PimDriver, path: str) -> None:
        """A network error is no evidence of death."""
        credentials = driver.issue(connector(), planned())
        tokens = driver.take_tokens(credentials)
        driver.delete(planned())
        bench.pim.faults.add(Fault(kind="refuse", path=path, times=None))
        proof = driver.prove_dead(credentials, tokens)
        assert isinstance(proof, Alive)
        assert all("no answer" in line for line in proof.unproven)

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
        before = bench.writes(), bench.rows()
        with pytest.raises(NotOurs):
            driver.issue(connector(), planned())
        with pytest.raises(NotOurs):
            driver.delete(planned())
        with pytest.raises(NotOurs):
            driver.delete(planned(client_id="9_another"))
        assert (bench.writes(), bench.rows()) == before
        assert isinstance(driver.verify(stranger, PERMISSIONS), Verified)

    def test_set_known_by_its_client_id_is_ours_without_a_marker(self, driver: PimDriver) -> None:
        """Somebody may have renamed it; the client id cannot be changed."""
        made = planned(marker="marker-before-a-rename")
        credentials = driver.issue(connector(), made)
        driver.delete(issued(planned(), credentials))
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
        assert [role.privileges for role in bench.pim.world.roles.values() if role.label == ROLE] == [PERMISSIONS]

    def test_role_with_everything_is_brought_to_the_declared_set(self, bench: Bench, driver: PimDriver) -> None:
        """Every privilege the form offers can be taken away."""
        driver.put_role(ROLE, driver.survey().offered)
        driver.put_role(ROLE, PERMISSIONS)
        assert [role.privileges for role in bench.pim.world.roles.values() if role.label == ROLE] == [PERMISSIONS]

    def test_unknown_permission_writes_nothing(self, bench: Bench, driver: PimDriver) -> None:
        """The PIM would answer 500 and leave a broken role behind, so it is not even asked."""
        before = bench.writes()
        for name in ("Another", ROLE):
            with pytest.raises(UnknownPermission, match="pim_api_nonsense"):
                driver.put_role(name, PERMISSIONS | {"pim_api_nonsense"})
        assert bench.writes() == before
        assert driver.role(ROLE, PERMISSIONS) is Presence.AS_DECLARED

    @pytest.mark.parametrize("name", ["Administrator", "user"])
    def test_roles_the_pim_lives_on_are_left_alone(self, bench: Bench, driver: PimDriver, name: str) -> None:
        """A connector named like the PIM's own role must not take its rights away."""
        before = bench.writes()
        with pytest.raises(NotOurs):
            driver.put_role(name, PERMISSIONS)
        assert bench.writes() == before

    def test_role_the_pim_does_not_take_is_reported(self, driver: PimDriver) -> None:
        """A refused form is a 200 like an accepted one: `E R P` and `E_R_P` fold to one name."""
        driver.put_role("E R P", PERMISSIONS)
        with pytest.raises(PimRefusal, match="did not take role 'E_R_P'"):
            driver.put_role("E_R_P", PERMISSIONS)

    # ---- slots

    def test_no_free_slot_is_said_before_anything_is_made(self, bench: Bench, driver: PimDriver) -> None:
        """The survey says it, and issue refuses; one deleted, and it goes on."""
        for number in range(1, 51):
            driver.issue(connector(), planned(number))
        before = bench.writes(), bench.rows()
        assert driver.survey().free_slots == 0
        with pytest.raises(NoFreeSlot):
            driver.issue(connector(), planned(51))
        assert (bench.writes(), bench.rows()) == before
        driver.delete(planned(50))
        assert driver.survey().free_slots == 1
        driver.issue(connector(), planned(51))

    def test_lost_set_is_replaced_without_a_free_slot(self, driver: PimDriver) -> None:
        """Replacing what is there needs no further slot."""
        for number in range(1, 51):
            driver.issue(connector(), planned(number))
        assert isinstance(driver.verify(driver.issue(connector(), planned(50)), PERMISSIONS), Verified)

    # ---- faults

    def whole_life(self, bench: Bench, *, patience: int) -> None:
        """Everything a driver may do, each step repeated after silence; it must come to the right end.

        Args:
            patience: how many times a step may meet silence.
        """
        driver, rows = bench.driver(), bench.rows()

        def step(act: Any, *arguments: Any) -> Any:
            for _ in range(patience):
                with suppress(PimNoAnswer):
                    return act(*arguments)
            return act(*arguments)

        step(driver.put_role, ROLE, WIDER)
        step(driver.put_role, ROLE, PERMISSIONS)
        step(driver.issue, connector(), planned())
        credentials = step(driver.issue, connector(), planned())
        assert step(driver.role, ROLE, PERMISSIONS) is Presence.AS_DECLARED
        assert isinstance(step(driver.verify, credentials, PERMISSIONS), Verified)
        assert [one.label for one in step(driver.survey).sightings] == ["vp_erp_1"]
        tokens = step(driver.take_tokens, credentials)
        step(driver.delete, issued(planned(), credentials))
        assert isinstance(driver.prove_dead(credentials, tokens), Dead)
        assert bench.rows() == rows
        assert sorted(role.label for role in bench.pim.world.roles.values()) == [
            "Administrator", "Catalog manager", ROLE, "User",
        ]  # fmt: skip

    @pytest.mark.parametrize("kind", ["lose_reply", "refuse", "html_500"])
    def test_silence_on_any_write_is_repaired_by_repeating(self, bench: Bench, kind: Kind) -> None:
        """Lost with or without its effect: the repeat finds out what is true, and nothing is left over."""
        for method, path in (*self.writes, ("POST", LOGIN)):
            bench.pim.faults.add(Fault(kind=kind, method=method, path=path))
        self.whole_life(bench, patience=3)

    def test_each_lost_reply_alone_is_repaired_by_repeating(self, bench: Bench) -> None:
        """The same, one write at a time; a second silence would be a bug."""
        self.one_fault_at_a_time(bench, "lose_reply", self.writes, patience=1)

    def one_fault_at_a_time(
        self, bench: Bench, kind: Kind, requests: tuple[tuple[str, str], ...], *, patience: int
    ) -> None:
        """A whole life with one fault, for each of these requests; the fault must really be met."""
        for method, path in requests:
            bench.pim.world.roles = {row: role for row, role in bench.pim.world.roles.items() if role.label != ROLE}
            fault = Fault(kind=kind, method=method, path=path)
            bench.pim.faults.add(fault)
            self.whole_life(bench, patience=patience)
            assert fault.times == 0, path

    @pytest.mark.parametrize("kind", ["html_500", "half_body"])
    def test_failing_read_is_no_answer(self, bench: Bench, driver: PimDriver, kind: Kind) -> None:
        """An error page, or half an answer, says nothing."""
        for method, path in self.reads:
            fault = Fault(kind=kind, method=method, path=path)
            bench.pim.faults.add(fault)
            with pytest.raises(PimNoAnswer):
                driver.survey()
            assert fault.times == 0, path
            driver.survey()

    @pytest.mark.parametrize("status", [429, 503])
    def test_overloaded_pim_is_no_answer(self, bench: Bench, driver: PimDriver, status: int) -> None:
        """Try again later is no refusal."""
        credentials = driver.issue(connector(), planned())
        bench.pim.faults.add(Fault(kind="status", path="/api/oauth/v1/token", status=status))
        with pytest.raises(PimNoAnswer):
            driver.verify(credentials, PERMISSIONS)

    def test_expired_session_is_renewed_unnoticed(self, bench: Bench) -> None:
        """Wherever the session ends, in the middle of a form too, the driver logs in and goes on."""
        self.one_fault_at_a_time(bench, "expire_session", (*self.writes, *self.reads), patience=0)

    def test_hung_pim_times_out(self, bench: Bench) -> None:
        """Nobody waits for ever."""
        driver = bench.driver(read_timeout=timedelta(seconds=0.2))
        bench.pim.faults.add(Fault(kind="delay", path="/user/login", seconds=30))
        begun = time.monotonic()
        with pytest.raises(PimNoAnswer) as silence:
            driver.role(ROLE, PERMISSIONS)
        assert time.monotonic() - begun < 5
        assert silence.value.why == "no answer in time"

    def test_dead_pim_is_no_answer(self, bench: Bench, driver: PimDriver) -> None:
        """A refused connection says nothing about a set."""
        credentials = driver.issue(connector(), planned())
        bench.pim.stop()
        with pytest.raises(PimNoAnswer):
            driver.survey()
        with pytest.raises(PimNoAnswer):
            driver.verify(credentials, PERMISSIONS)

    # ---- our own account

    def test_one_login_serves_many_calls(self, bench: Bench) -> None:
        """The session is kept."""
        self.whole_life(bench, patience=0)
        assert bench.logins() == 1

    def test_wrong_password_is_offered_once(self, bench: Bench) -> None:
        """Not again by this driver, nor by another that shares its ledger."""
        for _ in range(3):
            driver = bench.driver(password=lambda: SecretStr(f"{CANARY}-wrong"))
            for _ in range(3):
                with pytest.raises(LoginRefused):
                    driver.survey()
        assert bench.logins() == 1

    def test_no_more_than_two_wrong_passwords_are_offered(self, bench: Bench) -> None:
        """Changing the password file to ever other wrong ones does not lock the account."""
        for attempt in range(6):
            with pytest.raises(LoginRefused):
                bench.driver(password=lambda attempt=attempt: SecretStr(f"{CANARY}-wrong-{attempt}")).survey()
        assert bench.logins() == 2
        bench.pim.clock.advance(timedelta(minutes=11))
        bench.driver().survey()

    def test_corrected_password_is_taken_without_a_restart(self, bench: Bench) -> None:
        """The password is asked for anew for each login."""
        passwords = [SecretStr(f"{CANARY}-wrong"), SecretStr(bench.pim.admin_password)]
        driver = bench.driver(password=lambda: passwords.pop(0) if len(passwords) > 1 else passwords[0])
        with pytest.raises(LoginRefused):
            driver.survey()
        driver.survey()

    def test_unknown_account_is_refused(self, bench: Bench) -> None:
        """The PIM answers 401 for a user it does not know; that is no expired session."""
        driver = bench.driver(username="nobody")
        for _ in range(3):
            with pytest.raises(LoginRefused, match="nobody"):
                driver.survey()
        assert bench.logins() == 1

    def test_locked_account_is_not_provoked(self, bench: Bench) -> None:
        """A lock says nothing about the password: wait for its end, then log in with the same one."""
        admin = bench.pim.world.user_by_login(bench.pim.admin_username)
        assert admin is not None
        admin.failures, admin.first_failure = 5, bench.pim.clock.now()
        driver = bench.driver()
        for _ in range(3):
            with pytest.raises(LoginRefused, match="let 'admin' in") as refused:
                driver.survey()
            assert "locked" in refused.value.why
        assert bench.logins() == 1
        bench.pim.clock.advance(timedelta(minutes=6))
        driver.survey()
        assert bench.logins() == 2

    # ---- secrets

    def test_no_secret_shows(self, bench: Bench, driver: PimDriver) -> None:
        """Not in what is given back, nor in what is raised, however deep one looks."""
        credentials = driver.issue(connector(), planned())
        tokens = driver.take_tokens(credentials)
        told = [repr(credentials), repr(tokens), repr(driver), repr(driver.verify(credentials, PERMISSIONS))]
        told.append(repr(driver.prove_dead(credentials, tokens)))
        told.append(repr(driver.survey()))
        kinds: tuple[Kind, ...] = ("refuse", "html_500", "half_body", "lose_reply")
        for kind in kinds:
            bench.pim.faults.add(Fault(kind=kind, method="POST", times=None))
            for act in (
                lambda: driver.verify(credentials, PERMISSIONS),
                lambda: driver.issue(connector(), planned(2)),
                lambda: driver.put_role(ROLE, WIDER),
                lambda: bench.driver().survey(),
            ):
                with pytest.raises((PimNoAnswer, PimRefusal)) as raised:
                    act()
                told.append(everything_of(raised.value))
            bench.pim.faults.clear()
        with pytest.raises(LoginRefused) as refused:
            bench.driver(password=lambda: SecretStr(f"{CANARY}-wrong")).survey()
        told.append(everything_of(refused.value))
        assert_no_canary("\n".join(told))
