"""Encrypt a bundle in the format of age (age-encryption.org/v1): with a passphrase, or for the keys of some people.

`age --decrypt` reads what this writes. Says what is wrong with a file that cannot be opened; nothing of it is shown.
"""

from collections.abc import Sequence

import pyrage

from vault_pim.domain.errors import ConfigurationError
from vault_pim.domain.secret import SecretStr
from vault_pim.reveal import reveal

MAGIC = b"age-encryption.org/v1\n"
BY_PASSPHRASE = b"-> scrypt "
SHORTEST = 12
_OTHER = "Name the bundle that `vault-pim breakglass export` wrote."


def seal_for(text: bytes, recipients: Sequence[str]) -> bytes:
    """Encrypt for age keys; whoever holds one of their identities can open it.

    Args:
        recipients: such as `age1...`.

    Raises:
        ConfigurationError: one of them is no such key.
    """
    keys = []
    for number, one in enumerate(recipients, 1):
        try:
            keys.append(pyrage.x25519.Recipient.from_str(one))
        except pyrage.RecipientError:
            # Not repeated and not chained: it may be an identity, given by mistake.
            raise ConfigurationError(
                f"recipient number {number} is not the public key of an age identity",
                advice="Give what `age-keygen` prints as public key: it begins with age1.",
            ) from None
    return bytes(pyrage.encrypt(text, keys))


def seal_with(text: bytes, passphrase: SecretStr) -> bytes:
    """Encrypt with a passphrase.

    Raises:
        ConfigurationError: it is too short to stand against guessing.
    """
    if len(passphrase) < SHORTEST:
        raise ConfigurationError(
            f"the passphrase has less than {SHORTEST} characters",
            advice="Take some random words: whoever gets the file can guess as long as he likes.",
        )
    return bytes(pyrage.passphrase.encrypt(text, reveal(passphrase, to="breakglass")))


def by_passphrase(sealed: bytes) -> bool:
    """Whether a passphrase opens it; else an identity does.

    Raises:
        ConfigurationError: it is nothing that age has encrypted.
    """
    if not sealed.startswith(MAGIC):
        raise ConfigurationError("this file is not a break-glass bundle", why="age has not encrypted it", advice=_OTHER)
    return sealed.removeprefix(MAGIC).startswith(BY_PASSPHRASE)


def open_with(sealed: bytes, passphrase: SecretStr) -> bytes:
    """Decrypt with a passphrase.

    Raises:
        ConfigurationError: the passphrase is wrong, or the file damaged.
    """
    try:
        return bytes(pyrage.passphrase.decrypt(sealed, reveal(passphrase, to="breakglass")))
    except pyrage.DecryptError as error:
        if "Decryption failed" in str(error):
            raise ConfigurationError(
                "the passphrase does not open this bundle", advice="Try again; mind the keyboard layout."
            ) from error
        raise _damaged() from error


def open_by(sealed: bytes, identity: SecretStr) -> bytes:
    """Decrypt with the identity of one of the people it was encrypted for.

    Args:
        identity: what `age-keygen` wrote.

    Raises:
        ConfigurationError: it is no identity, the bundle is for others, or damaged.
    """
    keys = [line for line in reveal(identity, to="breakglass").splitlines() if line and not line.startswith("#")]
    try:
        return bytes(pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(key.strip()) for key in keys]))
    except pyrage.IdentityError:
        # Not chained: its text may repeat the identity.
        raise ConfigurationError(
            "the identity file holds no age identity", advice="Name the file that `age-keygen` wrote."
        ) from None
    except pyrage.DecryptError as error:
        if "No matching keys" in str(error):
            raise ConfigurationError("this bundle was not made for that identity", advice=_OTHER) from error
        raise _damaged() from error


def _damaged() -> ConfigurationError:
    return ConfigurationError(
        "this bundle is damaged or was tampered with",
        why="its encryption does not hold",
        advice="Take another copy of it.",
    )
