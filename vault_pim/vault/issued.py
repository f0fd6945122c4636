"""The index of every value that was ever issued, by which `identify` finds whose a leaked one is. Holds no value.

Written by `credentials` before a set is held, so that whatever was stored can be found; read by `identify`. An entry's
path says everything: `fingerprints/<shape>/<2 hex digits>/<30 hex digits>.<pim>.<connector>.<generation>.<field>`. So
entries never meet in one document, need no check-and-set, and one LIST answers for all values whose fingerprints begin
alike. They are never changed or removed, long after the state record has forgotten the generation (docs/adr/0012).
"""

from dataclasses import dataclass
from itertools import chain

from vault_pim.domain.connector import ConnectorId, Mechanism
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import TakenOver, VaultRefusal
from vault_pim.domain.generation import Generation
from vault_pim.domain.secret import SecretStr
from vault_pim.domain.state import ConnectorState
from vault_pim.leaks.shapes import Alphabet, Shape
from vault_pim.reveal import reveal
from vault_pim.vault.fingerprints import VaultFingerprints
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import ISSUED, ISSUED_COMPLETE, Layout, issued
from vault_pim.vault.session import VaultSession

SHARD_DIGITS = 2
_SECRETS_OF_PIMS = Shape(Alphabet.BASE36, 46, 52)
_PASSWORDS = {
    Mechanism.CONNECTIONS: Shape(Alphabet.HEX, 9, 9),
    Mechanism.USER_AND_CLIENT: Shape(Alphabet.URL_SAFE, 43, 43),
}
"""What sets looked like that were issued before there was this index (contracts/akeneo/by-release.md §1.2)."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Issued:
    """One value that was issued: to whom, in which generation, as which field of the credential set."""

    connector: ConnectorId
    number: int
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """How the set of an issued value was named at the PIM, None where the index does not know; no secrets."""

    client_id: str | None = None
    username: str | None = None


class IssuedValues:
    """The index; safe to use from many threads and processes."""

    def __init__(self, session: VaultSession, layout: Layout, fingerprints: VaultFingerprints) -> None:
        self._kv = KeyValue(session, layout.state_mount)
        self._fingerprints = fingerprints
        self._shards: dict[tuple[Shape, str], dict[str, list[Issued]]] = {}
        self._shapes: tuple[Shape, ...] | None = None

    def add(self, connector: ConnectorId, number: int, credentials: CredentialSet) -> None:
        """Enter the secret fields of a set; done already is fine."""
        names = Names(client_id=credentials.client_id, username=credentials.username)
        for field, value in (("client_secret", credentials.client_secret), ("password", credentials.password)):
            shape = Shape.of(reveal(value, to="fingerprint"))
            entered = Issued(connector=connector, number=number, field=field)
            self._enter(shape, self._fingerprints.of_value(value), entered, names)

    def add_recorded(self, state: ConnectorState) -> None:
        """Enter what the state record knows: for generations from before there was this index."""
        for generation in state.generations:
            names = Names(client_id=generation.client_id, username=generation.username)
            for field, fingerprint in generation.fingerprints.items():
                entered = Issued(connector=state.connector, number=generation.number, field=field)
                self._enter(_recorded_shape(generation, field), fingerprint, entered, names)

    @property
    def complete(self) -> bool:
        """Whether the state records of the time before the index were entered."""
        return self._kv.read(ISSUED_COMPLETE).data is not None

    def mark_complete(self) -> None:
        """Remember that they were."""
        self._make(ISSUED_COMPLETE, {"complete": "true"})

    def shapes(self) -> tuple[Shape, ...]:
        """What the values look like that were ever issued."""
        if self._shapes is None:
            named = (Shape.parse(name.rstrip("/")) for name in self._kv.names(ISSUED) if name.endswith("/"))
            self._shapes = tuple(shape for shape in named if shape)
        return self._shapes

    def find(self, value: SecretStr) -> tuple[Issued, ...]:
        """To whom this value was issued. A PIM may give one password to two connectors; they are all named."""
        looks = Shape.of(reveal(value, to="fingerprint"))
        known = [shape for shape in self.shapes() if shape.covers(looks)]
        if not known:
            return ()
        fingerprint = self._fingerprints.of_value(value)
        shard, rest = fingerprint[:SHARD_DIGITS], fingerprint[SHARD_DIGITS:]
        return tuple(sorted(set(chain.from_iterable(self._shard(shape, shard).get(rest, ()) for shape in known))))

    def names(self, value: SecretStr, found: Issued) -> Names:
        """How the set that a found value belongs to was named at the PIM."""
        fingerprint = self._fingerprints.of_value(value)
        looks = Shape.of(reveal(value, to="fingerprint"))
        for shape in self.shapes():
            if shape.covers(looks):
                data = self._kv.read(_path(shape, fingerprint, found)).data
                if data is not None:
                    return Names(client_id=data.get("client_id"), username=data.get("username"))
        return Names()

    def _shard(self, shape: Shape, shard: str) -> dict[str, list[Issued]]:
        if (shape, shard) not in self._shards:
            entries: dict[str, list[Issued]] = {}
            for name in self._kv.names(issued(str(shape), shard)):
                rest, pim, connector, number, field = name.split(".")
                one = Issued(connector=ConnectorId(pim=pim, name=connector), number=int(number), field=field)
                entries.setdefault(rest, []).append(one)
            self._shards[shape, shard] = entries
        return self._shards[shape, shard]

    def _enter(self, shape: Shape, fingerprint: str, entered: Issued, names: Names) -> None:
        said = {"client_id": names.client_id, "username": names.username}
        self._make(_path(shape, fingerprint, entered), {key: text for key, text in said.items() if text})

    def _make(self, path: str, data: dict[str, str]) -> None:
        """Make an entry. Where it is there already a second write is lost, or not even allowed."""
        try:
            self._kv.write(path, data, cas=0)
        except (TakenOver, VaultRefusal):
            if self._kv.read(path).data is None:
                raise


def _path(shape: Shape, fingerprint: str, found: Issued) -> str:
    rest = f"{fingerprint[SHARD_DIGITS:]}.{found.connector.pim}.{found.connector.name}.{found.number}.{found.field}"
    return issued(str(shape), fingerprint[:SHARD_DIGITS], rest)


def _recorded_shape(generation: Generation, field: str) -> Shape:
    return _PASSWORDS[generation.mechanism] if field == "password" else _SECRETS_OF_PIMS
