"""An age file under a passphrase, by the letter of age-encryption.org/v1, whose key is cheap to derive.

What the product writes takes a second or two to open, on purpose.
"""

import hmac
import os
from base64 import b64encode
from hashlib import scrypt, sha256

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

WORK = 1


def cheap(text: bytes, passphrase: str) -> bytes:
    """The text, encrypted with that passphrase."""
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    wrap = scrypt(passphrase.encode(), salt=b"age-encryption.org/v1/scrypt" + salt, n=1 << WORK, r=8, p=1, dklen=32)
    body = ChaCha20Poly1305(wrap).encrypt(bytes(12), file_key, None)
    header = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n---" % (_text(salt), WORK, _text(body))
    mac = hmac.new(_derived(file_key, b"", b"header"), header, sha256).digest()
    last_chunk = bytes(11) + b"\x01"
    payload = ChaCha20Poly1305(_derived(file_key, nonce, b"payload")).encrypt(last_chunk, text, None)
    return header + b" " + _text(mac) + b"\n" + nonce + payload


def _derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(key)


def _text(data: bytes) -> bytes:
    return b64encode(data).rstrip(b"=")
