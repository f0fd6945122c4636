"""The driver keeps the contract of `PimDriver` with the mechanism `user_and_client`, at every release, by the console
and, where the PIM has one, by the client screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.drivers import sandbox_bench
from tests.contract.pim_driver import PimDriverContract
from tests.contract.pim_driver_account import AccountContract
from tests.contract.pim_driver_faults import ConsoleFaultsContract, FaultsContract
from tests.contract.pim_driver_sets import SetsContract
from tests.contract.sandbox_bench import SandboxBench
from vault_pim.domain.connector import Mechanism
from vault_pim.pim.releases import RELEASES

CONSOLE = [(release.name, "console") for release in RELEASES]
SCREEN = [(release.name, "screen") for release in RELEASES if release.client_screen]


@pytest.fixture
def bench(release: str, way: str, tmp_path: Path) -> Iterator[SandboxBench]:
    """A fresh PIM."""
    with sandbox_bench(release, Mechanism.USER_AND_CLIENT, tmp_path if way == "console" else None) as bench:
        yield bench


@pytest.mark.parametrize(("release", "way"), [*CONSOLE, *SCREEN])
class TestUserAndClient(PimDriverContract, SetsContract, FaultsContract, AccountContract):
    """At every PIM."""


@pytest.mark.parametrize(("release", "way"), CONSOLE)
class TestConsole(ConsoleFaultsContract):
    """At every PIM, by its console."""
