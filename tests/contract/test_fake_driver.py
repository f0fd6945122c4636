"""The fake of the engine's tests keeps the contract of `PimDriver`, so that they try what drivers really do."""

from typing import Any

import pytest

from tests.contract.bench import WIDER
from tests.contract.pim_driver import InPlaceContract, PimDriverContract, SlotsContract
from tests.fakes.pim import OFFERED, FakeDriver, FakePim
from tests.fakes.wire import Wire
from vault_pim.domain.credentials import CredentialSet


class FakeBench:
    """The fake PIM."""

    def __init__(self) -> None:
        self.pim = FakePim(offered=OFFERED | WIDER)

    def driver(self, **changes: Any) -> FakeDriver:
        """A driver on a wire of its own."""
        return FakeDriver(self.pim, Wire(), **changes)

    def state(self) -> object:
        """Connections and roles."""
        return sorted(self.pim.connections), dict(self.pim.roles)

    def left_over(self) -> object:
        """A fake makes its sets in one go: nothing beside the connections themselves."""
        return len(self.pim.connections)

    def privileges(self, role: str) -> frozenset[str]:
        """All that a role grants."""
        return self.pim.roles[role]

    def roles_of(self, credentials: CredentialSet) -> tuple[str, ...]:
        """A fake's set has one role."""
        found = self.pim.login(credentials)
        assert found is not None
        return (found.role,)


class TestFakeDriver(PimDriverContract, SlotsContract, InPlaceContract):
    """The fake."""

    @pytest.fixture
    def bench(self) -> FakeBench:
        """A fresh PIM."""
        return FakeBench()
