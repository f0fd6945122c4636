"""Passwords that we choose, for API users of our own.

Used by `user_and_client`. Also says why the passwords that a PIM makes for its connections are the weaker choice.
"""

import secrets
from typing import Final

from pydantic import SecretStr

PASSWORD_BYTES: Final = 32
"""256 random bits. As text 43 characters: a PIM takes up to 4096, and a token request, user name included, may have no
more than 300 bytes (contracts/akeneo/by-release.md §4.1)."""

WHY_OWN_USERS: Final = (
    "A PIM makes the passwords of its connections from the time of day: about 17 bits for whoever knows the minute, "
    "and nobody can choose a better one; what protects a connection is its client secret. Where vault-pim has both web "
    "and console, mechanism user_and_client gives each connector a random password of 256 bits."
)
"""For people (contracts/akeneo/observed.md §1 item 9)."""


def new_password() -> SecretStr:
    """A new random password, of letters, digits, dashes and underscores."""
    return SecretStr(secrets.token_urlsafe(PASSWORD_BYTES))
