"""A signer whose key lies in memory, for tests that need no Vault."""

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from vault_pim.domain.signature import Signature, key_id


class MemorySigner:
    """The `Signer` of tests; every one is another installation."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    def sign(self, message: bytes) -> Signature:
        """With a real signature."""
        public = self._key.public_key().public_bytes_raw()
        return Signature(key_id=key_id(public), value=base64.b64encode(self._key.sign(message)).decode())

    def public_key(self) -> str:
        """As PEM."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
