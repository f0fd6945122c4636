"""What a driver of a real PIM must do when it regenerates a connection: what stays, what is lost on the way."""

import pytest

from tests.contract.bench import PERMISSIONS, connector, in_place, planned
from tests.contract.sandbox_bench import SandboxBench
from vault_pim.domain.errors import PimNoAnswer
from vault_pim.domain.outcomes import Verified
from vault_pim.ports import PimDriver
from vault_pim.sandbox.faults import Fault, Kind

CODE = "vp_erp_1"
WRITES = tuple(f"/rest/connections/{CODE}{last}" for last in ("", "/regenerate-secret", "/regenerate-password"))


class RegenerationContract:
    """Tried on the sandbox PIM; the fixtures are those of `PimDriverContract`."""

    def test_regenerated_connection_is_otherwise_as_declared(self, bench: SandboxBench, driver: PimDriver) -> None:
        """Flow type and group are brought to what is declared; whether its use is counted stays as people set it."""
        former = driver.issue(connector(), planned())
        connection = bench.pim.world.connections[CODE]
        connection.flow_type = "other"
        connection.auditable = counted = bench.row.name != "4.0"  # which has no such switch
        new = driver.regenerate(connector(user_group="Redactor"), in_place(former), before_each=lambda: None)
        assert connection.flow_type == "data_source"
        assert connection.auditable is counted
        user = bench.pim.world.user_by_login(new.username)
        assert user is not None
        assert "Redactor" in [group.name for group in user.groups]

    @pytest.mark.parametrize("path", WRITES)
    @pytest.mark.parametrize("kind", ["lose_reply", "refuse", "html_500"])
    def test_silence_is_no_set_and_regenerating_again_gives_one(
        self, bench: SandboxBench, driver: PimDriver, path: str, kind: Kind
    ) -> None:
        """With or without its effect: nobody knows, and the next try makes both anew."""
        former = driver.issue(connector(), planned())
        bench.pim.faults.add(Fault(kind=kind, method="POST", path=path))
        with pytest.raises(PimNoAnswer):
            driver.regenerate(connector(), in_place(former), before_each=lambda: None)
        again = driver.regenerate(connector(), in_place(former), before_each=lambda: None)
        assert isinstance(driver.verify(again, PERMISSIONS), Verified)

    def test_expired_session_is_renewed_between_the_two(self, bench: SandboxBench, driver: PimDriver) -> None:
        """Wherever it ends."""
        former = driver.issue(connector(), planned())
        for path in WRITES:
            bench.pim.faults.add(Fault(kind="expire_session", method="POST", path=path))
        new = driver.regenerate(connector(), in_place(former), before_each=lambda: None)
        assert isinstance(driver.verify(new, PERMISSIONS), Verified)
