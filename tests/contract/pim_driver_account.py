"""How a driver of a real PIM treats its own account, and the secrets it handles: tried on the sandbox PIM."""

import logging
from datetime import timedelta

import pytest

from tests.canary import CANARY, canary_secret
from tests.contract.bench import PERMISSIONS, ROLE, WIDER, connector, planned
from tests.contract.sandbox_bench import ACCOUNT, SandboxBench
from tests.fakes.exceptions import everything_of
from vault_pim.domain.errors import LoginRefused, PimNoAnswer, PimRefusal
from vault_pim.domain.secret import SecretStr
from vault_pim.ports import PimDriver
from vault_pim.sandbox.faults import Fault, Kind


class AccountContract:
    """One login, kept; a wrong password offered once; a lock respected; nothing secret told."""

    def test_one_login_serves_many_calls(self, bench: SandboxBench, driver: PimDriver) -> None:
        """The session is kept."""
        driver.issue(connector(), planned())
        driver.delete(planned())
        driver.survey()
        assert bench.logins() == 1

    def test_wrong_password_is_offered_once(self, bench: SandboxBench) -> None:
        """Not again by this driver, nor by another that shares its ledger."""
        wrong = SecretStr(canary_secret())
        for _ in range(3):
            driver = bench.driver(password=lambda: wrong)
            for _ in range(3):
                with pytest.raises(LoginRefused):
                    driver.survey()
        assert bench.logins() == 1

    def test_no_more_than_two_wrong_passwords_are_offered(self, bench: SandboxBench) -> None:
        """Changing the password file to ever other wrong ones does not lock the account."""
        for attempt in range(6):
            with pytest.raises(LoginRefused):
                bench.driver(password=lambda attempt=attempt: SecretStr(f"{CANARY}-wrong-{attempt}")).survey()
        assert bench.logins() == 2
        bench.pim.clock.advance(timedelta(minutes=11))
        bench.driver().survey()

    def test_corrected_password_is_taken_without_a_restart(self, bench: SandboxBench) -> None:
        """The password is asked for anew for each login; a success wipes out what was refused before."""
        wrong = SecretStr(canary_secret())
        passwords = [wrong, bench.password]
        driver = bench.driver(password=lambda: passwords.pop(0) if len(passwords) > 1 else passwords[0])
        with pytest.raises(LoginRefused):
            driver.survey()
        driver.survey()
        assert bench.ledger.allowed("prod", wrong, bench.pim.clock.now())

    def test_unknown_account_is_refused(self, bench: SandboxBench) -> None:
        """The PIM answers 401 for a user it does not know; that is no expired session."""
        driver = bench.driver(username="nobody")
        for _ in range(3):
            with pytest.raises(LoginRefused, match="nobody"):
                driver.survey()
        assert bench.logins() == 1

    def test_locked_account_is_not_provoked(self, bench: SandboxBench) -> None:
        """A lock says nothing about the password: wait for its end, then log in with the same one."""
        account = bench.pim.world.user_by_login(ACCOUNT)
        assert account is not None
        account.failures, account.first_failure = 5, bench.pim.clock.now()
        driver = bench.driver()
        if bench.traits.login.lock_counts == "nothing":  # PIM 4.0 and older: nothing locks
            driver.survey()
            return
        for _ in range(3):
            with pytest.raises(LoginRefused, match="let 'vault-pim-admin' in") as refused:
                driver.survey()
            assert "locked" in refused.value.why
        assert bench.logins() == 1
        bench.pim.clock.advance(timedelta(minutes=6))
        driver.survey()
        assert bench.logins() == 2

    def test_no_secret_shows(self, bench: SandboxBench, driver: PimDriver, caplog: pytest.LogCaptureFixture) -> None:
        """Not in what is given back, nor in what is raised, however deep one looks, nor in any library's log."""
        caplog.set_level(logging.DEBUG)
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
            bench.driver(password=lambda: SecretStr(canary_secret())).survey()
        told.append(everything_of(refused.value))
        assert caplog.records
        assert CANARY not in "\n".join([*told, caplog.text])
