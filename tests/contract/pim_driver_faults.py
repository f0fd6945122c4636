"""What a driver of a real PIM must do when something goes wrong between the two: tried on the sandbox PIM."""

import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from tests.contract.bench import PERMISSIONS, ROLE, WIDER, connector, issued, planned
from tests.contract.sandbox_bench import ACCOUNT, LOGIN, Requests, SandboxBench
from vault_pim.domain.errors import PimNoAnswer
from vault_pim.domain.facts import Presence
from vault_pim.domain.outcomes import Dead, Verified
from vault_pim.ports import PimDriver
from vault_pim.sandbox.faults import Fault, Kind

LOGINS_DIFFER = ("1.7", "3.2", "7.0")
"""One release for each way in which a PIM tells that a session has ended."""


class WholeLife:
    """Everything that is done with a set, and with its role."""

    def whole_life(self, bench: SandboxBench, *, patience: int) -> None:
        """Everything a driver may do, each step repeated after silence; it must come to the right end.

        Args:
            patience: how many times a step may meet silence.
        """
        driver, rows = bench.driver(), bench.left_over()

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
        step(driver.delete, issued(1, credentials))
        assert isinstance(driver.prove_dead(credentials, tokens), Dead)
        assert bench.left_over() == rows
        assert sorted(role.label for role in bench.pim.world.roles.values()) == [
            "Administrator", "Catalog manager", ROLE, "User", ACCOUNT,
        ]  # fmt: skip

    def begin_anew(self, bench: SandboxBench) -> None:
        """Forget the role of the last life."""
        bench.pim.world.roles = {row: role for row, role in bench.pim.world.roles.items() if role.label != ROLE}


class FaultsContract(WholeLife):
    """Lost answers, error pages, expired sessions, silence: put on each of the bench's writes and reads."""

    @pytest.mark.parametrize("kind", ["lose_reply", "refuse", "html_500"])
    def test_silence_on_any_write_is_repaired_by_repeating(self, bench: SandboxBench, kind: Kind) -> None:
        """Lost with or without its effect: the repeat finds out what is true, and nothing is left over."""
        for method, path in (*bench.writes, ("POST", LOGIN)):
            bench.pim.faults.add(Fault(kind=kind, method=method, path=path))
        self.whole_life(bench, patience=5)

    def test_each_lost_reply_alone_is_repaired_by_repeating(self, bench: SandboxBench) -> None:
        """The same, one write at a time; a second silence would be a bug."""
        self.one_fault_at_a_time(bench, "lose_reply", bench.writes, patience=1)

    def one_fault_at_a_time(self, bench: SandboxBench, kind: Kind, requests: Requests, *, patience: int) -> None:
        """A whole life with one fault, for each of these requests; the fault must really be met."""
        for method, path in requests:
            self.begin_anew(bench)
            fault = Fault(kind=kind, method=method, path=path)
            bench.pim.faults.add(fault)
            self.whole_life(bench, patience=patience)
            assert fault.times == 0, path

    @pytest.mark.parametrize("kind", ["html_500", "half_body"])
    def test_failing_read_is_no_answer(self, bench: SandboxBench, kind: Kind) -> None:
        """An error page, or half an answer, says nothing; a driver that has just begun reads everything."""
        for method, path in bench.reads:
            driver = bench.driver()
            fault = Fault(kind=kind, method=method, path=path)
            bench.pim.faults.add(fault)
            with pytest.raises(PimNoAnswer):
                driver.survey()
            assert fault.times == 0, path
            driver.survey()

    @pytest.mark.parametrize("status", [429, 503])
    def test_overloaded_pim_is_no_answer(self, bench: SandboxBench, driver: PimDriver, status: int) -> None:
        """Try again later is no refusal."""
        credentials = driver.issue(connector(), planned())
        bench.pim.faults.add(Fault(kind="status", path="/api/oauth/v1/token", status=status))
        with pytest.raises(PimNoAnswer):
            driver.verify(credentials, PERMISSIONS)

    def test_expired_session_is_renewed_unnoticed(self, bench: SandboxBench) -> None:
        """Wherever the session ends, in the middle of a form too, the driver logs in and goes on. At each request where
        the login is of another kind; at the other releases at every third."""
        requests = (*bench.writes, *bench.reads)
        every = 1 if bench.row.name in LOGINS_DIFFER else 3
        self.one_fault_at_a_time(bench, "expire_session", requests[::every], patience=0)

    def test_hung_pim_times_out(self, bench: SandboxBench) -> None:
        """Nobody waits for ever."""
        driver = bench.driver(read_timeout=timedelta(seconds=0.2))
        bench.pim.faults.add(Fault(kind="delay", path="/user/login", seconds=30))
        begun = time.monotonic()
        with pytest.raises(PimNoAnswer) as silence:
            driver.role(ROLE, PERMISSIONS)
        assert time.monotonic() - begun < 5
        assert silence.value.why == "no answer in time"

    def test_dead_pim_is_no_answer(self, bench: SandboxBench, driver: PimDriver) -> None:
        """A refused connection says nothing about a set."""
        credentials = driver.issue(connector(), planned())
        bench.pim.stop()
        with pytest.raises(PimNoAnswer):
            driver.survey()
        with pytest.raises(PimNoAnswer):
            driver.verify(credentials, PERMISSIONS)


class ConsoleFaultsContract(WholeLife):
    """The same for each command of the console, where sets are made with it."""

    @pytest.mark.parametrize("has_its_effect", [True, False])
    def test_each_lost_command_alone_is_repaired_by_repeating(self, bench: SandboxBench, has_its_effect: bool) -> None:
        """With or without its effect; a second silence would be a bug."""
        assert bench.console is not None
        for command in ("list-clients", "create-client", "revoke-client"):
            self.begin_anew(bench)
            bench.console.lose(f"pim:oauth-server:{command}", has_its_effect=has_its_effect)
            self.whole_life(bench, patience=1)
            assert bench.console.lost, command
