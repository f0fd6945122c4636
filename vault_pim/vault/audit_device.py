"""What Vault's own file audit device tells: who was given which value of which path, when, from where, by which login.

Read by `identify`, to find who read a leaked value, and for the evidence that a connector has picked up its new set.
Values stand in the log as keyed hashes; paths, KV versions, entities and addresses in clear (contracts/openbao.md §B,
"Audit"). Reads line by line, also logs that were rotated or compressed. Refuses to take silence for evidence: a line
that cannot be read is counted, and a log that is not there is an error.
"""

import gzip
import json
import zlib
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from io import BufferedReader
from pathlib import Path
from typing import Any

from vault_pim.domain.errors import ConfigurationError
from vault_pim.domain.secret import SecretStr
from vault_pim.reveal import reveal
from vault_pim.vault.session import VaultSession

GZIP = b"\x1f\x8b"
Bytes = BufferedReader | gzip.GzipFile
_ANSWERED = "response"
_HASHING = "sys/audit-hash/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One answered request of Vault's audit log; holds no secret.

    Attributes:
        given: which of the searched texts stand in what Vault answered; none where they were only sent, as by whoever
            wrote them.
        path: as Vault logs it, with the mount, without the namespace: `pim/data/connectors/prod/erp`.
        kv_version: of KV v2, None for anything else.
        entity: id of the identity entity, None for a login that has none, such as a root token.
        role: the AppRole's name, None for other logins.
        accessor: of the token; None where the device keeps it only as a hash (`hmac_accessor`, Vault's default).
        address: whence the request came.
    """

    at: datetime
    given: frozenset[str]
    operation: str
    namespace: str
    path: str
    kv_version: int | None
    entity: str | None
    display_name: str
    role: str | None
    accessor: str | None
    address: str


class AuditTrail:
    """The audit log of one file audit device, with what was rotated away beside it.

    Args:
        path: of the file that the device writes; files beside it whose names begin with its own are older parts.

    Attributes:
        begins_at: time of the oldest entry, once the log was read; None if it has none that can be read.
        unreadable: how many lines were no audit entries, so far.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_up_to: dict[bytes, int] = {}
        self._packed: set[tuple[str, int, float]] = set()
        self.begins_at: datetime | None = None
        self.unreadable = 0

    def accesses(self, *, holding: Collection[str], since: datetime | None = None) -> Iterator[Access]:
        """Every successful request whose log line holds one of these texts, oldest file first.

        Args:
            holding: hashes as `audit_hash` gives them, or paths.
            since: leave out what happened before.

        Raises:
            ConfigurationError: the log is not there or cannot be read.
        """
        yield from self._search([text.encode() for text in holding], since, only_new=False)

    def new_accesses(self, *, holding: Collection[str], since: datetime | None = None) -> Iterator[Access]:
        """The same, of what was added since this was last asked to its end; for whoever follows the log."""
        yield from self._search([text.encode() for text in holding], since, only_new=True)

    def _search(self, needles: list[bytes], since: datetime | None, *, only_new: bool) -> Iterator[Access]:
        for path in self._files(since):
            try:
                yield from self._search_file(path, needles, since, only_new=only_new)
            except (OSError, EOFError, zlib.error) as error:
                raise _unreadable(path, error) from error

    def _search_file(
        self, path: Path, needles: list[bytes], since: datetime | None, *, only_new: bool
    ) -> Iterator[Access]:
        """A file is known by its first line, which stays the same when it is renamed, copied or compressed."""
        with open_text(path) as lines:
            packed = _packed_as(path) if isinstance(lines, gzip.GzipFile) else None
            if only_new and packed in self._packed:
                return
            first = lines.readline()
            if not first.endswith(b"\n"):
                return
            self._note_beginning(first)
            place = sha256(first).digest()
            read = self._read_up_to.get(place, 0) if only_new else 0
            lines.seek(read)
            for line in lines:
                if not line.endswith(b"\n"):
                    break  # it is being written
                if any(needle in line for needle in needles):
                    access = self._access(line, needles)
                    if access is not None and (since is None or access.at >= since):
                        yield access
                read += len(line)
                if only_new:
                    self._read_up_to[place] = read
            if only_new and packed is not None:
                self._packed.add(packed)

    def _note_beginning(self, first: bytes) -> None:
        with suppress(ValueError, KeyError, TypeError):
            at = _instant(str(json.loads(first[first.index(b"{") :])["time"]))
            self.begins_at = min(at, self.begins_at or at)

    def _files(self, since: datetime | None) -> list[Path]:
        """Oldest first; without those that were last written before."""
        try:
            found = [(path.stat().st_mtime, path) for path in self._path.parent.glob(f"{self._path.name}*")]
        except OSError:
            found = []
        if self._path not in {path for _, path in found}:
            raise ConfigurationError(
                f"Vault's audit log {self._path} is not there",
                advice="Name the file that Vault's audit device writes, or a copy of it, with --audit-log.",
            )
        oldest = since.timestamp() if since else 0.0
        return [path for written, path in sorted(found) if written >= oldest and path.is_file()]

    def _access(self, line: bytes, needles: list[bytes]) -> Access | None:
        try:
            entry = json.loads(line[line.index(b"{") :])  # a device may be told to put a prefix before it
            done = entry["type"] == _ANSWERED and not entry.get("error")
            return _access_of(entry, needles) if done else None
        except (ValueError, KeyError, TypeError, AttributeError):
            self.unreadable += 1
            return None


def audit_hash(session: VaultSession, device: str, value: SecretStr) -> str:
    """How a value stands in the log of an audit device. Devices belong to the root namespace, and so must the login.

    Args:
        device: its name, e.g. `main`.

    Raises:
        VaultRefusal: there is no such device, or this login may not ask.
    """
    reply = session.request("POST", f"{_HASHING}{device}", {"input": reveal(value, to="vault")})
    return str(reply.data["hash"])


def open_text(path: Path) -> Bytes:
    """A file's bytes, unpacked if it was compressed with gzip.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        packed = file.read(len(GZIP)) == GZIP
    return gzip.open(path, "rb") if packed else path.open("rb")


def _unreadable(path: Path, error: Exception) -> ConfigurationError:
    why = (error.strerror if isinstance(error, OSError) else None) or "it is compressed, and not whole"
    return ConfigurationError(
        f"Vault's audit log {path} cannot be read", why=why, advice="Let this account read it, or give it a copy."
    )


def _packed_as(path: Path) -> tuple[str, int, float]:
    status = path.stat()
    return path.name, status.st_size, status.st_mtime


def _access_of(entry: dict[str, Any], needles: list[bytes]) -> Access | None:
    request, auth, response = entry["request"], entry.get("auth") or {}, entry.get("response") or {}
    data = response.get("data") or {}
    path = str(request["path"])
    if path.startswith(_HASHING):
        return None  # somebody asking for the hash, as we do
    accessor = str(auth.get("accessor") or "")
    metadata = data.get("metadata")
    kv_version = metadata.get("version") if isinstance(metadata, dict) else None
    answered = json.dumps(data).encode()
    return Access(
        at=_instant(str(entry["time"])),
        given=frozenset(needle.decode() for needle in needles if needle in answered),
        operation=str(request["operation"]),
        namespace=str((request.get("namespace") or {}).get("path") or ""),
        path=path,
        kv_version=kv_version if isinstance(kv_version, int) else None,
        entity=auth.get("entity_id") or None,
        display_name=str(auth.get("display_name") or ""),
        role=(auth.get("metadata") or {}).get("role_name"),
        accessor=accessor if accessor and not accessor.startswith("hmac-") else None,
        address=str(request.get("remote_address") or ""),
    )


def _instant(text: str) -> datetime:
    """RFC 3339 with nanoseconds; Python takes six digits of a second, and 3.11 on takes `Z`."""
    return datetime.fromisoformat(text).astimezone(UTC)
