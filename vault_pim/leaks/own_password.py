"""The form of the passwords that we choose: a prefix, random letters and digits, and a checksum.

Made by `pim/passwords.py`; known to secret scanners by the rules in config/scanning/, which repeat this form. So a
scanner finds one anywhere without a key, and tells it from a text that only looks like one.
"""

import re
import zlib
from typing import Final

from vault_pim.leaks.shapes import Alphabet, Shape

PREFIX: Final = "vpim_"
RANDOM_CHARACTERS: Final = 32
"""190 bits. With prefix and checksum 43 characters: a token request, user name included, may have no more than 300
bytes (contracts/akeneo/by-release.md §4.1)."""
CHECKSUM_CHARACTERS: Final = 6
DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SHAPE: Final = Shape(Alphabet.URL_SAFE, 43, 43)
PATTERN: Final = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{RANDOM_CHARACTERS + CHECKSUM_CHARACTERS}}}")


def own_password(random: str) -> str:
    """The password of these random characters.

    Args:
        random: `RANDOM_CHARACTERS` letters and digits.
    """
    return PREFIX + random + _checksum(PREFIX + random)


def is_own_password(text: str) -> bool:
    """Whether a text is a password that vault-pim made, of this installation or another."""
    body = text[:-CHECKSUM_CHARACTERS]
    return PATTERN.fullmatch(text) is not None and _checksum(body) == text[-CHECKSUM_CHARACTERS:]


def _checksum(text: str) -> str:
    """CRC-32 in base 62, six digits."""
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(CHECKSUM_CHARACTERS):
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    return digits
