"""A signature over a document, and what names the key that made it. Holds no secret."""

from dataclasses import dataclass
from hashlib import sha256

ALGORITHM = "ed25519"
KEY_ID_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a signer answers.

    Attributes:
        key_id: which installation signed: see `key_id`.
        value: the 64 bytes of an Ed25519 signature (RFC 8032), base64.
    """

    key_id: str
    value: str
    algorithm: str = ALGORITHM


def key_id(public_key: bytes) -> str:
    """The name of a public key, which is also the name of the installation that owns it.

    Args:
        public_key: its 32 raw bytes.
    """
    return sha256(public_key).hexdigest()[:KEY_ID_DIGITS]
