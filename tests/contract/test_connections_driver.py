"""The driver of the mechanism `connections` keeps the contract of `PimDriver`, at every release it knows."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from tests.canary import CANARY
from tests.contract.pim_driver import PimDriverContract
from tests.contract.pim_driver_account import AccountContract
from tests.contract.pim_driver_faults import FaultsContract
from tests.contract.pim_driver_sets import SetsContract
from tests.contract.sandbox_bench import SandboxBench
from tests.fakes.ledger import InMemoryLoginLedger
from vault_pim.pim.driver import ConnectionsDriver
from vault_pim.pim.releases import CONNECTIONS
from vault_pim.sandbox.pim_server import SandboxPim


@pytest.mark.parametrize("release", [release.name for release in CONNECTIONS])
class TestConnectionsDriver(PimDriverContract, SetsContract, FaultsContract, AccountContract):
    """At PIM 7.0 and newer."""

    writes = (
        ("POST", "/user/role/create"),
        ("POST", "/user/role/update/*"),
        ("POST", "/rest/connections"),
        ("POST", "/rest/connections/*"),
        ("DELETE", "/rest/connections/*"),
    )
    reads = (
        ("GET", "/api/rest/v1"),
        ("GET", "/rest/security/"),
        ("GET", "/rest/connections"),
        ("GET", "/rest/user_role/"),
        ("GET", "/user/role/create"),
        ("GET", "/rest/connections/max-limit-reached"),
    )

    @pytest.fixture
    def bench(self, release: str) -> Iterator[SandboxBench]:
        """A fresh PIM."""
        with SandboxPim(release=release, secret_marker=CANARY) as pim:
            yield SandboxBench(pim, connections_driver)


def connections_driver(pim: SandboxPim, ledger: InMemoryLoginLedger, **changes: Any) -> ConnectionsDriver:
    """A driver with its own session."""
    arguments: dict[str, Any] = {
        "pim": "prod",
        "url": pim.url,
        "username": pim.admin_username,
        "password": lambda: SecretStr(pim.admin_password),
        "ledger": ledger,
        "clock": pim.clock,
    }
    return ConnectionsDriver(**(arguments | changes))
