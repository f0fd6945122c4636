"""A real OpenBao cluster on loopback: three nodes on raft, unsealed by themselves, elected as fast as raft allows.

Each node is started and ended by `SandboxBao`, and so by a thread that must live on. Shape: contracts/openbao.md §A.
"""

import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any, Self

from vault_pim.sandbox.openbao import SandboxBao

NODES = 3
READY = 60.0
_STORAGE = re.compile(r'storage "pebbledb" \{[^}]*\}')
_INITIALIZE = re.compile(r'initialize "administrator" \{.*', re.DOTALL)
_RAFT = """storage "raft" {{
  path = "{data}"
  node_id = "node{number}"
  performance_multiplier = 1
  autopilot_reconcile_interval = "1s"
  autopilot_update_interval = "500ms"
{join}
}}"""
_SHARED = (re.compile(r'current_key    = "[0-9a-f]+"'), re.compile(r'file_path      = "[^"]+"'))
"""The seal, and the audit device, must be the same on all nodes."""


class Node(SandboxBao):
    """One node; ready as soon as it is unsealed, leading or not."""

    @property
    def health(self) -> int:
        """200 active, 429 standby, 503 sealed, 501 not initialised, 0 no answer."""
        with suppress(OSError, HTTPException):
            return self._exchange("GET", "sys/health", None, {})[0]
        return 0

    @property
    def running(self) -> bool:
        """Whether its process was started and not ended."""
        return self._process is not None

    @property
    def configuration(self) -> str:
        """Its configuration file."""
        return (self._directory / "server.hcl").read_text()

    def administer(self, method: str, path: str) -> dict[str, Any]:
        """One call as administrator."""
        return self.call(method, path, headers=self._admin_headers())

    def reconfigure(self, text: str) -> None:
        """Write its configuration file."""
        (self._directory / "server.hcl").write_text(text)

    def _wait_until_ready(self, process: object) -> None:
        """A node that joins is ready when the cluster is; see `Cluster`."""


class Cluster:
    """Three nodes that know each other; the first makes the administrator.

    Attributes:
        nodes: in the order of their making.
        url: of the first.
        audit_device, audit_path: as of `SandboxBao`; all nodes write to the same file.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.nodes = [Node(directory / f"node{number}") for number in range(NODES)]
        self.url = self.nodes[0].url
        self.audit_device, self.audit_path = self.nodes[0].audit_device, self.nodes[0].audit_path
        self._lock = threading.Lock()
        shared = [pattern.search(self.nodes[0].configuration)[0] for pattern in _SHARED]  # type: ignore[index]
        for number, node in enumerate(self.nodes):
            data = directory / f"node{number}" / "data"
            join = "\n".join(
                f'  retry_join {{ leader_api_addr = "{one.url}" }}' for one in self.nodes if one is not node
            )
            storage = _RAFT.format(data=data, number=number, join=join if number else "")
            node.reconfigure(_of_a_cluster(node.configuration, storage, shared, initializes=number == 0))

    def __enter__(self) -> Self:
        try:
            self.nodes[0].start()
            self._until(lambda: self.nodes[0].health == 200)
            for node in self.nodes[1:]:
                node.start()
            self._until(lambda: self._whole() and self._voters() == NODES)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.kill()

    def active(self) -> Node | None:
        """The node that leads, None during an election."""
        return next((node for node in self.nodes if node.running and node.health == 200), None)

    def admin_token_file(self) -> Path:
        """As `SandboxBao.admin_token_file`."""
        return self.nodes[0].admin_token_file()

    def wait(self) -> Node:
        """Start every node that is down, and wait until the cluster is whole; gives the leader."""
        for node in self.nodes:
            if not node.running:
                node.start()
        self._until(self._whole)
        leader = self.active()
        return leader if leader is not None else self.wait()

    def _whole(self) -> bool:
        return sorted(node.health for node in self.nodes) == [200, 429, 429]

    def _voters(self) -> int:
        """How many nodes may elect; one that joined becomes a voter after a while."""
        found = self.nodes[0].administer("GET", "sys/storage/raft/configuration")
        return sum(one["voter"] for one in found["data"]["config"]["servers"])

    def _until(self, what: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY
        while not what():
            if time.monotonic() > deadline:
                raise RuntimeError(f"the cluster is not whole: {[node.health for node in self.nodes]}")
            threading.Event().wait(0.02)


def _of_a_cluster(text: str, storage: str, shared: list[str], *, initializes: bool) -> str:
    """Raft in place of a store of its own; one seal and one audit device for all."""
    text = _STORAGE.sub(lambda _: storage, text)
    for pattern, value in zip(_SHARED, shared, strict=True):
        text = text.replace(pattern.findall(text)[0], value)
    return text if initializes else _INITIALIZE.sub("", text)
