"""The driver keeps the contract of `PimDriver` with the mechanism `connections`, at every release that has them."""

from collections.abc import Iterator

import pytest

from tests.contract.drivers import sandbox_bench
from tests.contract.pim_driver import InPlaceContract, PimDriverContract, SlotsContract
from tests.contract.pim_driver_account import AccountContract
from tests.contract.pim_driver_faults import FaultsContract
from tests.contract.pim_driver_in_place import RegenerationContract
from tests.contract.pim_driver_sets import SetsContract
from tests.contract.sandbox_bench import SandboxBench
from vault_pim.domain.connector import Mechanism
from vault_pim.pim.releases import CONNECTIONS


@pytest.mark.parametrize("release", [release.name for release in CONNECTIONS])
class TestConnections(
    PimDriverContract,
    SlotsContract,
    InPlaceContract,
    RegenerationContract,
    SetsContract,
    FaultsContract,
    AccountContract,
):
    """At PIM 4.0 and newer."""

    @pytest.fixture
    def bench(self, release: str) -> Iterator[SandboxBench]:
        """A fresh PIM."""
        with sandbox_bench(release, Mechanism.CONNECTIONS) as bench:
            yield bench
