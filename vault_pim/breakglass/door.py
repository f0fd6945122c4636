"""The driver for a PIM of a bundle: as `assembly` builds one, without Vault and without configuration."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from vault_pim.breakglass.bundle import BundledPim
from vault_pim.domain.secret import SecretStr
from vault_pim.pim.console import Console
from vault_pim.pim.driver import Driver
from vault_pim.ports import Clock


class OneRefusal:
    """The `LoginLedger` of one process: a password that the PIM refused is not offered again; five refusals lock the
    account (contracts/akeneo/observed.md §1 item 16)."""

    def __init__(self) -> None:
        self._refused = False

    def allowed(self, pim: str, password: SecretStr, now: datetime) -> bool:
        """Whether a login may be tried."""
        del pim, password, now
        return not self._refused

    def refused(self, pim: str, password: SecretStr, now: datetime) -> None:
        """Remember it."""
        del pim, password, now
        self._refused = True

    def accepted(self, pim: str) -> None:
        """Forget it."""
        del pim
        self._refused = False


@contextmanager
def driver(name: str, pim: BundledPim, clock: Clock) -> Iterator[Driver]:
    """A driver; logged out at the end."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem", encoding="ascii") as authorities:
        authorities.write(pim.ca_cert or "")
        authorities.flush()
        opened = Driver(
            pim=name,
            url=pim.url,
            username=pim.username,
            password=lambda: pim.password,
            release=pim.release,
            console=None if pim.console is None else Console(name, list(pim.console)),
            ledger=OneRefusal(),
            clock=clock,
            ca_cert=Path(authorities.name) if pim.ca_cert else None,
        )
        try:
            yield opened
        finally:
            opened.close()
