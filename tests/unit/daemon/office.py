"""A whole daemon in this process: a service over a town, with a configuration that tests change."""

import time
from collections.abc import Callable

from tests.unit.daemon.town import Town, settings
from vault_pim.assembly import Installation
from vault_pim.daemon.service import Service
from vault_pim.domain.errors import ConfigurationError
from vault_pim.settings import Settings


class Office:
    """A service whose configuration can be changed under it.

    Attributes:
        configured: what the next load gives; an error is raised instead.
        built: every installation so far.
    """

    def __init__(self, town: Town) -> None:
        self.town = town
        self.configured: Settings | ConfigurationError = settings(*town.connectors)
        self.built: list[Installation] = []
        self.seconds = 0.0
        self.service = Service(self._load, build=self._build, monotonic=lambda: self.seconds)

    def _load(self) -> Settings:
        if isinstance(self.configured, ConfigurationError):
            raise self.configured
        return self.configured

    def _build(self, configured: Settings) -> Installation:
        self.built.append(self.town.installation(configured=configured))
        return self.built[-1]


def until(what: Callable[[], object]) -> float:
    """Wait until something is true; gives the seconds it took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < 10, "it did not come true"
        time.sleep(0.005)  # noqa: TID251 - waiting for threads
    return time.monotonic() - began
