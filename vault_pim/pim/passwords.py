"""Passwords that we choose, for API users of our own.

Used by `driver`. Also says, for `doctor`, why the passwords that a PIM makes for its connections are the weaker choice,
and what to do about it.
"""

import secrets
from math import log2
from typing import Final

from vault_pim.domain.connector import Mechanism
from vault_pim.domain.secret import SecretStr
from vault_pim.leaks.own_password import DIGITS, RANDOM_CHARACTERS, own_password

PASSWORD_BITS: Final = int(RANDOM_CHARACTERS * log2(len(DIGITS)))
"""What is left to guess of a password of ours; its prefix and its checksum are no secret."""

WEAKNESS: Final = (
    "passwords of connections are weak: the PIM makes them from the time of day, about 17 bits for whoever knows the "
    "minute, and nobody can choose better ones"
)
"""contracts/akeneo/observed.md §1 item 9."""


def new_password() -> SecretStr:
    """A new random password, in the form by which scanners know it (docs/how-to/secret-scanning.md)."""
    return SecretStr(own_password("".join(secrets.choice(DIGITS) for _ in range(RANDOM_CHARACTERS))))


def better_mechanism(pim: str, mechanism: Mechanism, *, console: bool) -> str | None:
    """What to do about weak passwords at a PIM, for people; None where they are ours already.

    Args:
        pim: its name in the configuration.
        mechanism: the one in use there.
        console: whether vault-pim has its console.
    """
    if mechanism is Mechanism.USER_AND_CLIENT:
        return None
    if console:
        return f"Set pims.{pim}.mechanism to user_and_client: its passwords are ours, of {PASSWORD_BITS} random bits."
    return f"If there is a way to the console of PIM {pim}, give it and set mechanism to user_and_client."
