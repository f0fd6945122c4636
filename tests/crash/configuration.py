"""What is done to the configuration while daemons run: changed, or the connector taken out of it; then read again."""

import threading
import time
from pathlib import Path

import yaml

from tests.crash.proxy import Deed
from tests.crash.runner import Program

RELOADED = '"configuration reloaded"'
WITHIN = 5.0
"""A daemon that is about to end does not read it again."""


class Configuration:
    """The configuration of a world.

    Attributes:
        daemons: who reads it again.
        changes: what was done to it since the last `recover`.
    """

    def __init__(self, path: Path, output: Path, daemons: list[Program]) -> None:
        self._path, self._output = path, output
        self._usual = path.read_text()
        self.daemons = daemons
        self.changes: tuple[Deed, ...] = ()

    def harm(self, deed: Deed) -> None:
        """Change it, and wait until every daemon says that it has the new one."""
        document = yaml.safe_load(self._usual)
        if deed is Deed.TAKEN_OUT:
            del document["connectors"]["erp"]
        else:
            document["policies"]["default"] |= {"grace": "PT36H", "rotate_every": "P20D"}
            document["connectors"]["erp"]["permissions"].append("pim_api_category_list")
        self._write(yaml.safe_dump(document))
        self.changes = (*self.changes, deed)
        said, deadline = self._reloads() + len(self.daemons), time.monotonic() + WITHIN
        for daemon in self.daemons:
            daemon.reload()
        while self._reloads() < said and time.monotonic() < deadline:
            threading.Event().wait(0.01)

    def recover(self) -> None:
        """Make it what it was."""
        if self.changes:
            self._write(self._usual)
            self.changes = ()

    def _write(self, text: str) -> None:
        """In one step, as whoever changes it under running programs must: half a file is none."""
        new = self._path.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(text)
        new.replace(self._path)

    def _reloads(self) -> int:
        return self._output.read_text().count(RELOADED) if self._output.exists() else 0
