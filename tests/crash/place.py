"""Where a scenario is played: which PIM and mechanism, how many nodes of OpenBao; what can be done to Vault there."""

import shutil
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.crash.cluster import Cluster
from tests.crash.proxy import Deed
from tests.crash.vault import Vault
from vault_pim.sandbox.openbao import SandboxBao

DOWN_FOR = 0.2
"""Seconds a killed or sealed OpenBao stays so, about as long as a run that goes on without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One kind of world.

    Attributes:
        in_place: the connector is rotated in place, so that it is refused in the middle, and may be.
    """

    name: str
    release: str = "7.0"
    mechanism: str = "connections"
    nodes: int = 1
    in_place: bool = False


CONNECTIONS = Place(name="connections")
USER_AND_CLIENT = Place(name="user and client", release="3.2", mechanism="user_and_client")
RAFT = Place(name="raft", nodes=3)
IN_PLACE = Place(name="in place", in_place=True)
PLACES = (CONNECTIONS, USER_AND_CLIENT, RAFT, IN_PLACE)


class Servers(ABC):
    """OpenBao as a world has it. What is started is started by one thread that lives on, or the kernel would end it."""

    def __init__(self) -> None:
        self._nurse = ThreadPoolExecutor(1, thread_name_prefix="nurse")
        self._coming_back: Future[None] | None = None
        self._requests = count()

    @abstractmethod
    def address(self) -> str:
        """Where the next request goes, as a load balancer has it."""

    @abstractmethod
    def where(self) -> str:
        """The node that knows the truth.

        Raises:
            OSError: there is none just now.
        """

    def harm(self, deed: Deed, vault: Vault) -> None:
        """Do it; what is down comes back by itself, after a while."""
        self._nurse.submit(self._do, deed, vault).result()
        self._coming_back = self._nurse.submit(self._bring_back)

    def recover(self) -> None:
        """Wait until all is well after the last harm; nothing was harmed is fine."""
        coming_back, self._coming_back = self._coming_back, None
        if coming_back is not None:
            coming_back.result()

    def close(self) -> None:
        """End the thread."""
        self._nurse.shutdown()

    def back_up(self, to: Path) -> None:
        """Copy everything that OpenBao has on its disk, as a backup of a night does."""
        raise NotImplementedError(f"{type(self).__name__} has no backups")

    def put_back(self, backup: Path) -> None:
        """End OpenBao and start it with that copy."""
        raise NotImplementedError(f"{type(self).__name__} has no backups")

    @abstractmethod
    def _do(self, deed: Deed, vault: Vault) -> None: ...

    @abstractmethod
    def _bring_back(self) -> None: ...


class OneServer(Servers):
    """A single node."""

    def __init__(self, bao: SandboxBao, data: Path) -> None:
        super().__init__()
        self._bao, self._data = bao, data

    def address(self) -> str:
        return self._bao.url

    def where(self) -> str:
        return self._bao.url

    def back_up(self, to: Path) -> None:
        self._nurse.submit(self._while_down, lambda: shutil.copytree(self._data, to)).result()

    def put_back(self, backup: Path) -> None:
        def copy() -> None:
            shutil.rmtree(self._data)
            shutil.copytree(backup, self._data)

        self._nurse.submit(self._while_down, copy).result()

    def _while_down(self, what: Callable[[], object]) -> None:
        self._bao.stop()
        what()
        self._bao.start()

    def _do(self, deed: Deed, vault: Vault) -> None:
        if deed is Deed.VAULT_SEALED:
            vault.ask("POST", "sys/seal", {})
        else:
            self._bao.kill()

    def _bring_back(self) -> None:
        threading.Event().wait(DOWN_FOR)
        self._bao.restart()


class ThreeServers(Servers):
    """A cluster; requests go to its nodes in turn, those that are down left out."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__()
        self._cluster = cluster

    def address(self) -> str:
        running = [node for node in self._cluster.nodes if node.running]
        return running[next(self._requests) % len(running)].url

    def where(self) -> str:
        active = self._cluster.active()
        if active is None:
            raise ConnectionError("nobody leads")
        return active.url

    def _do(self, deed: Deed, vault: Vault) -> None:
        if deed is Deed.LEADER_STEPS_DOWN:
            vault.ask("PUT", "sys/step-down", {})
        elif active := self._cluster.active():
            active.kill()

    def _bring_back(self) -> None:
        threading.Event().wait(DOWN_FOR)
        self._cluster.wait()


def bao_at(place: Place, directory: Path) -> tuple[SandboxBao | Cluster, Servers]:
    """The OpenBao of that place, and what can be done to it."""
    if place.nodes == 1:
        bao = SandboxBao(directory)
        return bao, OneServer(bao, directory / "data")
    cluster = Cluster(directory)
    return cluster, ThreeServers(cluster)
