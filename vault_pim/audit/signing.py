"""Signed documents: how a JSON object is signed, and how anybody with the public key checks it, without Vault.

The signature covers the canonical text of the document: JSON with sorted keys, no white space between its parts, UTF-8,
without the member `signature`. Used by the incident record, the audit log's checkpoints and the proofs. Refuses to
take a public key from the document itself, which would prove nothing.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from vault_pim.audit.ports import Signer
from vault_pim.domain.errors import ConfigurationError, NotAuthentic
from vault_pim.domain.signature import ALGORITHM, Signature, key_id

FIELD = "signature"


class PublicKey:
    """The public key of one installation.

    Attributes:
        id: names the key and its installation.
    """

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        self.id = key_id(key.public_bytes_raw())

    @classmethod
    def from_pem(cls, pem: str) -> "PublicKey":
        """Read what `vault-pim audit key` prints.

        Raises:
            ConfigurationError: it is no such key.
        """
        try:
            key = load_pem_public_key(pem.encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise _no_key() from error
        if not isinstance(key, Ed25519PublicKey):
            raise _no_key()
        return cls(key)

    @classmethod
    def from_file(cls, path: Path) -> "PublicKey":
        """Read it from a file.

        Raises:
            ConfigurationError: the file cannot be read, or holds no such key.
        """
        try:
            return cls.from_pem(path.read_text(encoding="ascii", errors="replace"))
        except OSError as error:
            raise ConfigurationError(
                f"{path} cannot be read", why=error.strerror or "", advice="Name the file with the public key."
            ) from error

    def check(self, message: bytes, signature: Signature, *, what: str) -> None:
        """See that this key signed these bytes.

        Args:
            what: what was signed, for the error.

        Raises:
            NotAuthentic: it did not.
        """
        if signature.key_id != self.id:
            raise NotAuthentic(
                f"{what} was signed by another installation",
                why=f"by key {signature.key_id}; this is key {self.id}",
                advice="Check it with the public key of the installation that made it.",
            )
        if signature.algorithm != ALGORITHM:
            raise NotAuthentic(f"{what} is signed by an algorithm that is not {ALGORITHM}")
        try:
            self._key.verify(base64.b64decode(signature.value, validate=True), message)
        except (InvalidSignature, ValueError) as error:  # ValueError: it is no base64
            raise NotAuthentic(f"{what} was changed after it was signed", why="its signature does not hold") from error


def canonical(document: Mapping[str, Any]) -> bytes:
    """The bytes that a signature covers.

    Raises:
        ValueError: a number in it is not finite.
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode(errors="backslashreplace")


def sign_document(document: Mapping[str, Any], signer: Signer) -> dict[str, Any]:
    """The document with its signature; one that it had is replaced.

    Args:
        document: JSON values only.
    """
    unsigned = {key: value for key, value in document.items() if key != FIELD}
    return unsigned | {FIELD: asdict(signer.sign(canonical(unsigned)))}


def check_document(document: Mapping[str, Any], key: PublicKey, *, what: str) -> None:
    """See that a document is as it was signed.

    Raises:
        NotAuthentic: it is not signed, was changed, or was signed by another installation.
    """
    unsigned = {key: value for key, value in document.items() if key != FIELD}
    try:
        message = canonical(unsigned)
    except (ValueError, RecursionError) as error:
        raise NotAuthentic(f"{what} is nothing that was ever signed", why="its text has no canonical form") from error
    key.check(message, signature_of(document, what=what), what=what)


def signature_of(document: Mapping[str, Any], *, what: str) -> Signature:
    """The signature a document carries.

    Raises:
        NotAuthentic: it carries none.
    """
    match document.get(FIELD):
        case {"algorithm": str(algorithm), "key_id": str(id_), "value": str(value)}:
            return Signature(algorithm=algorithm, key_id=id_, value=value)
        case _:
            raise NotAuthentic(f"{what} is not signed", why=f"it has no member `{FIELD}` of the known shape")


def _no_key() -> ConfigurationError:
    return ConfigurationError(
        "this is not the public key of a vault-pim installation",
        why="an Ed25519 public key in PEM is expected",
        advice="Print the key with `vault-pim audit key`.",
    )
