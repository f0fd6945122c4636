"""Keyed fingerprints of secret values, by which a leaked value is found again without anybody storing it.

HMAC-SHA256, 128 bits, under a 256-bit key that is made once and kept in the state mount. The `Fingerprints` of the
engine; `ledger` uses it too.
"""

import hmac
import secrets
from hashlib import sha256

from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.secret import SecretStr
from vault_pim.reveal import reveal
from vault_pim.vault.keys import OnceMadeKey
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import FINGERPRINT_KEY, Layout
from vault_pim.vault.session import VaultSession
from vault_pim.vault.transit import TransitSeal

KEY_BYTES = 32
HEX_DIGITS = 32


class VaultFingerprints:
    """Fingerprints under the key in Vault, which is read or made at first use."""

    def __init__(self, session: VaultSession, layout: Layout) -> None:
        state = KeyValue(session, layout.state_mount)
        seal = TransitSeal.of(session, layout)
        self._key = OnceMadeKey(state, FINGERPRINT_KEY, what="fingerprint key", make=_new_key, seal=seal)

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
        key = bytes.fromhex(reveal(self._key.load(), to="fingerprint"))
        message = f"{purpose}\0{reveal(value, to='fingerprint')}".encode()
        return hmac.new(key, message, sha256).hexdigest()[:HEX_DIGITS]


def _new_key() -> SecretStr:
    return SecretStr(secrets.token_hex(KEY_BYTES))
