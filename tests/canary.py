"""The canary: a marker that stands in every secret the tests make, so that a secret that gets out is seen.

The check is in tests/conftest.py. Hexadecimal, so that it fits into every kind of secret a PIM makes.
"""

import secrets
import string

CANARY = "cafed00d"


def canary_secret(length: int = 24, alphabet: str = string.ascii_lowercase + string.digits) -> str:
    """A random secret of that length over that alphabet, with the canary in it.

    Raises:
        ValueError: the canary is longer, or cannot be written in that alphabet.
    """
    rest = length - len(CANARY)
    if rest < 0 or not set(CANARY) <= set(alphabet):
        raise ValueError("the canary does not fit")
    return CANARY + "".join(secrets.choice(alphabet) for _ in range(rest))
