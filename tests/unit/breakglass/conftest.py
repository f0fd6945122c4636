"""A bundle of one connector with two live sets, at a PIM in memory."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.canary import CANARY
from tests.fakes.builders import ERP, a_generation
from tests.fakes.clock import START, FakeClock
from tests.fakes.pim import FakeDriver, FakePim
from tests.fakes.signer import MemorySigner
from tests.fakes.wire import Wire
from vault_pim.audit.chain import ChainFile
from vault_pim.breakglass.bundle import Bundle, BundledPim, BundledSet
from vault_pim.breakglass.cut import Cut, Cutter
from vault_pim.domain.secret import SecretStr

SIGNER = MemorySigner()


def a_bundle(**given: object) -> Bundle:
    """Generations 1 and 2 of the ERP."""
    pim = BundledPim(
        url="https://pim.example.com",
        release="7.0",
        username="us",
        password=SecretStr(CANARY),
        console=None,
        ca_cert=None,
    )
    fields = ("number", "label", "marker", "mechanism", "client_id", "username")
    sets = [BundledSet(**{name: getattr(a_generation(number), name) for name in fields}) for number in (1, 2)]
    usual: dict[str, object] = {
        "installation": "0123456789abcdef",
        "made_at": START - timedelta(days=1),
        "made_by": "breakglass/root@host:1",
        "vault": "https://vault.example.com",
        "pims": {"prod": pim},
        "connectors": {str(ERP): tuple(sets)},
    }
    return Bundle.model_validate(usual | given)


@dataclass
class Emergency:
    """A PIM with generations 1 and 2, and a journal."""

    folder: Path
    pim: FakePim = field(default_factory=FakePim)
    wire: Wire = field(default_factory=Wire)
    clock: FakeClock = field(default_factory=FakeClock)
    bundle: Bundle = field(default_factory=a_bundle)

    def __post_init__(self) -> None:
        self.journal = ChainFile(self.folder / "journal.jsonl")
        for number in (1, 2):
            self.add(number)

    def add(self, number: int, **given: str) -> None:
        """A set at the PIM, under its label."""
        generation = a_generation(number)
        connection = self.pim.add(generation.label, f"ERP #{number} {generation.marker}", **given)
        connection.credentials = replace(connection.credentials, client_id=generation.client_id or "")

    def cut(self, *, newer: bool = False) -> Cut:
        """One run, a minute after the one before."""
        self.clock.forward(timedelta(minutes=1))
        driver = FakeDriver(self.pim, self.wire)
        cutter = Cutter(self.bundle, ERP, driver, self.journal, clock=self.clock, me="revoke/root@laptop:1")
        return cutter.run("leaked", newer=newer)


@pytest.fixture
def emergency(tmp_path: Path) -> Emergency:
    """Before anything was done."""
    return Emergency(tmp_path)
