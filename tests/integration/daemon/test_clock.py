"""The real service, on a real OpenBao and a sandbox PIM, when the clock of its machine jumps and Vault's does not."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.integration.daemon.conftest import Station, until
from vault_pim.assembly import Installation
from vault_pim.daemon.service import Service, install
from vault_pim.domain.generation import Stage
from vault_pim.settings import Settings

SOME_WAKES = 2.5
"""Seconds; it wakes every second."""
NAMES = ("north/dam", "north/erp")


class Wrong:
    """This machine's clock, so much off."""

    def __init__(self) -> None:
        self.off = timedelta(0)

    def now(self) -> datetime:
        """The present, as this machine believes."""
        return datetime.now(UTC) + self.off  # noqa: TID251 - the clock of this test


def test_clock_that_jumps_ahead_and_back_moves_each_connector_once(station: Callable[..., Station]) -> None:
    """Forty days ahead every connector is rotated once; put right, each set is still served, and none made anew."""
    one, clock = station(), Wrong()
    pim = one.add_pim("north", "dam", "erp")
    one.write()

    def build(settings: Settings) -> Installation:
        installation = install(settings)
        installation.clock = clock
        return installation

    def made() -> int:
        return sum(method == "POST" and path == "/rest/connections" for method, path, _ in pim.requests)

    service = Service(lambda: Settings.load(one.config), build=build)
    service.start()
    try:
        until(lambda: all(one.generation(name) == 1 for name in NAMES), within=60)
        clock.off = timedelta(days=40)
        until(lambda: all(one.generation(name) == 2 for name in NAMES), within=60)
        clock.off = timedelta(0)
        time.sleep(SOME_WAKES)  # noqa: TID251 - for nothing to happen
        assert [one.generation(name) for name in NAMES] == [2, 2]
        assert all(one.works(name) for name in NAMES)
        assert made() == 2 * len(NAMES)
        assert {one.state(name).generations[0].stage for name in NAMES} == {Stage.GRACE}
    finally:
        service.stop()
