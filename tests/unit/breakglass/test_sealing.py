"""Encrypted bundles: opened by those they are for, by nobody else, and not when a byte was changed."""

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.canary import CANARY
from tests.fakes.age import cheap
from vault_pim.breakglass.sealing import by_passphrase, open_by, open_with, seal_for, seal_with
from vault_pim.domain.errors import ConfigurationError
from vault_pim.domain.secret import SecretStr

TEXT = f"a bundle with {CANARY}".encode()
IDENTITY, OTHER = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
SEALED = seal_for(TEXT, [str(OTHER.to_public()), str(IDENTITY.to_public())])
PASSPHRASE = SecretStr(f"{CANARY} horse battery")


def secret(identity: pyrage.x25519.Identity) -> SecretStr:
    """A file as `age-keygen` writes it."""
    return SecretStr(f"# created: today\n# public key: {identity.to_public()}\n{identity}\n")


def open_anyhow(sealed: bytes) -> bytes:
    """As whoever holds the identity and knows the passphrase."""
    return open_with(sealed, PASSPHRASE) if by_passphrase(sealed) else open_by(sealed, secret(IDENTITY))


def test_bundle_opens_for_each_of_its_recipients() -> None:
    """And shows nothing of itself before."""
    assert open_by(SEALED, secret(IDENTITY)) == open_by(SEALED, secret(OTHER)) == TEXT
    assert CANARY.encode() not in SEALED
    assert not by_passphrase(SEALED)


def test_bundle_for_others_is_told_from_a_damaged_one() -> None:
    """With another advice."""
    with pytest.raises(ConfigurationError, match="not made for that identity"):
        open_by(SEALED, secret(pyrage.x25519.Identity.generate()))
    with pytest.raises(ConfigurationError, match="holds no age identity"):
        open_by(SEALED, SecretStr(f"AGE-SECRET-KEY-{CANARY}"))


@settings(deadline=None)  # a machine that is busy fails no test
@given(place=st.integers(0, len(SEALED) - 1), mask=st.integers(1, 255))
def test_no_byte_can_be_changed(place: int, mask: int) -> None:
    """Wherever it is: never another text, always an error of ours."""
    changed = SEALED[:place] + bytes([SEALED[place] ^ mask]) + SEALED[place + 1 :]
    with pytest.raises(ConfigurationError):
        open_anyhow(changed)


def test_passphrase_opens_it_and_a_wrong_one_does_not() -> None:
    """A damaged file is told from a wrong passphrase, where that can be told."""
    sealed = cheap(TEXT, f"{CANARY} horse battery")
    assert by_passphrase(sealed)
    assert open_with(sealed, PASSPHRASE) == TEXT
    with pytest.raises(ConfigurationError, match="the passphrase does not open"):
        open_with(sealed, SecretStr("something else"))
    with pytest.raises(ConfigurationError, match="damaged"):
        open_with(sealed[:-1], PASSPHRASE)


@pytest.mark.parametrize("word", ["", "short", "eleven char"])
def test_short_passphrase_is_refused(word: str) -> None:
    """Whoever gets the file can guess as long as he likes."""
    with pytest.raises(ConfigurationError, match="less than 12 characters"):
        seal_with(TEXT, SecretStr(word))


@pytest.mark.parametrize("recipient", ["", "age1", "erp-team@example.com", f"AGE-SECRET-KEY-1{CANARY}"])
def test_recipient_that_is_no_key_is_refused(recipient: str) -> None:
    """By number: it may be a secret, given by mistake."""
    with pytest.raises(ConfigurationError, match="recipient number 2 is not the public key") as refused:
        seal_for(TEXT, [str(IDENTITY.to_public()), recipient])
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("content", [b"", b"{}", b"-----BEGIN AGE ENCRYPTED FILE-----"])
def test_file_of_something_else_is_told(content: bytes) -> None:
    """It is not called damaged."""
    with pytest.raises(ConfigurationError, match="not a break-glass bundle"):
        by_passphrase(content)
