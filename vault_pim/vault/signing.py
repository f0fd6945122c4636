"""Signs with the key of this installation, so that a record kept elsewhere can be told from one made up.

Ed25519; the private key is made once and kept in the state mount, beside which nobody but vault-pim can read. The
`Signer` of `audit`. The public key is given away freely; checking needs it alone and no Vault (audit/signing.py).
"""

import base64
import secrets

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from vault_pim.domain.secret import SecretStr
from vault_pim.domain.signature import Signature, key_id
from vault_pim.reveal import reveal
from vault_pim.vault.keys import OnceMadeKey
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import SIGNING_KEY, Layout
from vault_pim.vault.session import VaultSession
from vault_pim.vault.transit import TransitSeal

SEED_BYTES = 32


class VaultSigner:
    """Signs with the key in Vault, which is read or made at first use."""

    def __init__(self, session: VaultSession, layout: Layout) -> None:
        state = KeyValue(session, layout.state_mount)
        seal = TransitSeal.of(session, layout)
        self._key = OnceMadeKey(state, SIGNING_KEY, what="signing key", make=_new_seed, seal=seal)

    def sign(self, message: bytes) -> Signature:
        """Sign these bytes.

        Raises:
            VaultNoAnswer, VaultRefusal: the key cannot be had.
        """
        private = self._private()
        value = base64.b64encode(private.sign(message)).decode()
        return Signature(key_id=key_id(private.public_key().public_bytes_raw()), value=value)

    def public_key(self) -> str:
        """The public key as PEM (SubjectPublicKeyInfo, RFC 8410)."""
        pem = self._private().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem.decode()

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(reveal(self._key.load(), to="signature")))


def _new_seed() -> SecretStr:
    return SecretStr(secrets.token_hex(SEED_BYTES))
