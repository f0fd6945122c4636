"""KV v2 with check-and-set. Knows Vault's texts for it, which nothing else does (contracts/openbao.md §B, "KV v2").

Called by the stores of this room and by `client`. Refuses to write without check-and-set, and to delete a key with
data wholly: its KV version would start at 1 again, and could not fence off whoever comes late.
"""

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vault_pim.domain.errors import Impossible, TakenOver, VaultNoAnswer
from vault_pim.vault.session import BadRequest, Reply, VaultSession

CAS_LOST = "check-and-set parameter did not match the current version"
NOT_READY = ("Upgrading from non-versioned to versioned data", "Waiting for the primary to upgrade")
"""What a mount says in its first moments, up to one second; nothing was done then."""
READY_TRIES = 60
READY_PAUSE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One KV version of a path as read.

    Attributes:
        data: None where nothing was ever written (`kv_version` 0), or where this version is deleted or destroyed.
        server_now: Vault's clock when it answered.
    """

    data: Mapping[str, Any] | None = field(repr=False)
    kv_version: int
    server_now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What Vault tells about a path without its data.

    Attributes:
        custom: custom metadata.
        newest: the newest KV version, readable or not; 0 where data was never written.
        readable: KV versions that a reader still gets.
        recoverable: KV versions that are deleted but not destroyed.
    """

    custom: Mapping[str, str]
    newest: int
    readable: tuple[int, ...]
    recoverable: tuple[int, ...]


class KeyValue:
    """One KV v2 mount.

    Args:
        mount: its path, e.g. `pim`.
    """

    def __init__(self, session: VaultSession, mount: str) -> None:
        self._session = session
        self._mount = mount

    def read(self, path: str, kv_version: int | None = None) -> Entry:
        """Read the newest KV version, or the one asked for."""
        query = {"version": str(kv_version)} if kv_version else None
        reply = self._request("GET", f"data/{path}", query=query)
        metadata = reply.data.get("metadata") or {}
        return Entry(
            data=reply.data.get("data"),
            kv_version=int(metadata.get("version", 0)),
            server_now=reply.server_now,
        )

    def write(self, path: str, data: Mapping[str, Any], *, cas: int) -> int:
        """Write a new KV version if the newest is still `cas` (0: nothing was ever written).

        A reply that was lost is not the end: if the next KV version holds what we sent, the write was ours.

        Returns:
            Its number.

        Raises:
            TakenOver: the newest KV version is another one, and not this write.
            VaultNoAnswer: whether it was written is not known.
        """
        try:
            reply = self._request("POST", f"data/{path}", {"data": dict(data), "options": {"cas": cas}})
        except BadRequest as error:
            if not error.says(CAS_LOST):
                raise
            raise TakenOver(f"{self._mount}/{path} was written by somebody else, after KV version {cas}") from error
        except VaultNoAnswer:
            newest = self.read(path)
            if newest.kv_version != cas + 1 or newest.data != data:
                raise
            return newest.kv_version
        return int(reply.data["version"])

    def metadata(self, path: str) -> Metadata | None:
        """The metadata of a path, None where nothing was ever written."""
        reply = self._request("GET", f"metadata/{path}")
        if not reply.found:
            return None
        states = {int(number): state for number, state in reply.data["versions"].items()}
        present = sorted(number for number, state in states.items() if not state["destroyed"])
        return Metadata(
            custom=reply.data.get("custom_metadata") or {},
            newest=int(reply.data["current_version"]),
            readable=tuple(number for number in present if not states[number]["deletion_time"]),
            recoverable=tuple(number for number in present if states[number]["deletion_time"]),
        )

    def patch_custom_metadata(self, path: str, values: Mapping[str, str | None]) -> None:
        """Set these keys of the custom metadata, remove those that are None, leave all others."""
        self._request("PATCH", f"metadata/{path}", {"custom_metadata": dict(values)}, merge_patch=True)

    def note(self, path: str, values: Mapping[str, str]) -> None:
        """Keep custom metadata at a path that holds no data; what was noted there before is replaced."""
        self._request("POST", f"metadata/{path}", {"custom_metadata": dict(values)})

    def drop_note(self, path: str) -> None:
        """Drop what was noted at a path that holds no data; done already is fine."""
        self._request("DELETE", f"metadata/{path}")

    def destroy(self, path: str, kv_versions: tuple[int, ...]) -> None:
        """Destroy the data of KV versions beyond recovery; done already is fine."""
        self._request("POST", f"destroy/{path}", {"versions": list(kv_versions)})

    def names(self, folder: str) -> tuple[str, ...]:
        """What lies in a folder; folders in it end with `/`."""
        return tuple(sorted(self._request("LIST", f"metadata/{folder}").data.get("keys", ())))

    def settings(self) -> Mapping[str, Any]:
        """The settings of the mount."""
        return self._request("GET", "config").data

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Change settings of the mount."""
        self._request("POST", "config", dict(settings))

    def _request(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        merge_patch: bool = False,
        query: dict[str, str] | None = None,
    ) -> Reply:
        for tries_left in itertools.count(READY_TRIES - 1, -1):
            try:
                return self._session.request(
                    method, f"{self._mount}/{path}", body, merge_patch=merge_patch, query=query
                )
            except BadRequest as error:
                if not tries_left or not error.says(*NOT_READY):
                    raise
            time.sleep(READY_PAUSE)  # noqa: TID251 - the first moment in a mount's life
        raise Impossible("counting ended")
