"""Keyed fingerprints of secret values, by which a leaked value is found again without anybody storing it.

HMAC-SHA256, 128 bits, under a 256-bit key that is made once and kept in the state mount. The `Fingerprints` of the
engine; `ledger` uses it too. Refuses to replace the key: all fingerprints ever stored depend on it.
"""

import hmac
import secrets
import threading
from hashlib import sha256

from pydantic import SecretStr

from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import TakenOver, VaultRefusal
from vault_pim.reveal import reveal
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import FINGERPRINT_KEY, Layout
from vault_pim.vault.session import VaultSession

KEY_BYTES = 32
HEX_DIGITS = 32


class VaultFingerprints:
    """Fingerprints under the key in Vault, which is read or made at first use."""

    def __init__(self, session: VaultSession, layout: Layout) -> None:
        self._kv = KeyValue(session, layout.state_mount)
        self._key: SecretStr | None = None
        self._lock = threading.Lock()

    def of(self, credentials: CredentialSet) -> dict[str, str]:
        """Fingerprint by secret field."""
        return {
            "client_secret": self.of_value(credentials.client_secret),
            "password": self.of_value(credentials.password),
        }

    def of_value(self, value: SecretStr, purpose: str = "credential") -> str:
        """Fingerprint of any text, such as one that was found where it should not be.

        Args:
            purpose: fingerprints of one value for two purposes cannot be told to be of one value.
        """
        key = bytes.fromhex(reveal(self._load(), to="fingerprint"))
        message = f"{purpose}\0{reveal(value, to='fingerprint')}".encode()
        return hmac.new(key, message, sha256).hexdigest()[:HEX_DIGITS]

    def _load(self) -> SecretStr:
        with self._lock:
            if self._key is None:
                self._key = self._read() or self._make()
            return self._key

    def _read(self) -> SecretStr | None:
        entry = self._kv.read(FINGERPRINT_KEY)
        if entry.data is not None:
            return SecretStr(entry.data["key"])
        if entry.kv_version:
            raise VaultRefusal(
                "the fingerprint key was deleted", advice="Undelete it: every fingerprint depends on it."
            )
        return None

    def _make(self) -> SecretStr:
        key = SecretStr(secrets.token_hex(KEY_BYTES))
        try:
            self._kv.write(FINGERPRINT_KEY, {"key": reveal(key, to="vault")}, cas=0)
        except (TakenOver, VaultRefusal):
            # another process made it in this moment; a second write is then lost, or not even allowed
            made = self._read()
            if made is None:
                raise
            return made
        return key
