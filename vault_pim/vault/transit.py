"""Seals the keys of this installation with a key of Vault's Transit engine, which never leaves it.

Used by `keys` where the configuration names such a key, and by `setup`, which makes it and seals keys that lay open.
A copy of the state mount, or a right to read it, is then not enough to compute a fingerprint or to sign.
"""

import base64

from vault_pim.domain.errors import VaultRefusal
from vault_pim.domain.secret import SecretStr
from vault_pim.reveal import reveal
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import Layout, transit_path
from vault_pim.vault.session import VaultSession

SEALED, OPEN = "sealed", "key"
"""The field of a key's entry in the state mount: as Transit gave it, or in clear."""


class TransitSeal:
    """Seals and opens keys.

    Args:
        key: mount and name of the Transit key, as `transit/vault-pim`; None leaves new keys open.
    """

    def __init__(self, session: VaultSession, key: str | None) -> None:
        self._session = session
        self._key = key

    @classmethod
    def of(cls, session: VaultSession, layout: Layout) -> "TransitSeal":
        """That of a layout."""
        return cls(session, layout.transit_key)

    def entry(self, secret: SecretStr) -> dict[str, str]:
        """What to keep of a key."""
        if self._key is None:
            return {OPEN: reveal(secret, to="vault")}
        body = {"plaintext": base64.b64encode(reveal(secret, to="vault").encode()).decode()}
        reply = self._session.request("POST", transit_path(self._key, "encrypt"), body)
        return {SEALED: str(reply.data["ciphertext"])}

    def key_of(self, entry: dict[str, str]) -> SecretStr:
        """The key of an entry, open or sealed.

        Raises:
            VaultRefusal: it is sealed, and this configuration does not say by which Transit key.
        """
        if OPEN in entry:
            return SecretStr(entry[OPEN])
        if self._key is None:
            raise VaultRefusal(
                "the keys of this installation are sealed by Transit",
                advice="Set vault.transit_key as it was set before.",
            )
        reply = self._session.request("POST", transit_path(self._key, "decrypt"), {"ciphertext": entry[SEALED]})
        return SecretStr(base64.b64decode(reply.data["plaintext"]).decode())

    def seal_open_one(self, kv: KeyValue, path: str) -> None:
        """Seal a key that lies open, and destroy the open KV versions; with an administrator's rights."""
        entry = kv.read(path)
        if entry.data is None or OPEN not in entry.data:
            return
        sealed = kv.write(path, self.entry(SecretStr(entry.data[OPEN])), cas=entry.kv_version)
        kv.destroy(path, tuple(range(1, sealed)))
