"""A key of this installation: made once, kept in the state mount, never replaced.

Used by `fingerprints` and `signing`. Refuses to make a second key where the first was deleted: what was made with the
first would be worthless without a word.
"""

import threading
from collections.abc import Callable

from vault_pim.domain.errors import TakenOver, VaultRefusal
from vault_pim.domain.secret import SecretStr
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.transit import TransitSeal


class OnceMadeKey:
    """A key that is read or made at first use, and remembered.

    Args:
        kv: the state mount.
        path: where the key lies.
        what: what people call it, such as `fingerprint key`.
        make: gives a new key as text.
        seal: how it is kept.
    """

    def __init__(self, kv: KeyValue, path: str, *, what: str, make: Callable[[], SecretStr], seal: TransitSeal) -> None:
        self._kv = kv
        self._seal = seal
        self._path = path
        self._what = what
        self._make_one = make
        self._key: SecretStr | None = None
        self._lock = threading.Lock()

    def load(self) -> SecretStr:
        """The key; the same in every process.

        Raises:
            VaultRefusal: it was deleted.
        """
        with self._lock:
            if self._key is None:
                self._key = self._read() or self._make()
            return self._key

    def _read(self) -> SecretStr | None:
        entry = self._kv.read(self._path)
        if entry.data is not None:
            return self._seal.key_of(dict(entry.data))
        if entry.kv_version:
            raise VaultRefusal(
                f"the {self._what} was deleted",
                advice=f"Undelete {self._path}: all that was made with it depends on it.",
            )
        return None

    def _make(self) -> SecretStr:
        key = self._make_one()
        try:
            self._kv.write(self._path, self._seal.entry(key), cas=0)
        except (TakenOver, VaultRefusal):
            # another process made it in this moment; a second write is then lost, or not even allowed
            made = self._read()
            if made is None:
                raise
            return made
        return key
