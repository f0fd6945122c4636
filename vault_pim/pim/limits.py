"""What a PIM itself does not keep apart, in words and figures. Asked by `prove`; reads nothing.

Sources: contracts/akeneo/observed.md §1 items 9 and 16, §3 and §8; by-release.md §3.1, §3.7, §4.4 and §7.
"""

from datetime import timedelta
from typing import Final

from vault_pim.domain.connector import Mechanism
from vault_pim.domain.separation import Limit
from vault_pim.pim.passwords import PASSWORD_BITS
from vault_pim.pim.releases import RELEASES

GUESSES_PER_SECOND: Final = 130
"""Password grants that a PIM on two cores answered, twenty at a time; nothing slows them down or counts them."""
CONNECTION_BITS: Final = 17
"""Of a connection's password, for one who knows the minute in which it was made."""
USERNAME_BITS: Final = 13
"""Of the four digits behind the code in the name of a connection's user, for one who has not seen the name."""
NEVER: Final = 64
"""Bits from which on a time to guess says nothing."""


def limits(release: str, mechanism: Mechanism, offered: frozenset[str]) -> tuple[Limit, ...]:
    """What holds at a PIM of that release for sets of that mechanism.

    Args:
        offered: the privileges that the PIM offers.
    """
    row = next(one for one in RELEASES if one.name == release)
    found = [Limit(what="any client works with any user: who holds one set needs another's password alone to use it")]
    if mechanism is Mechanism.CONNECTIONS:
        guesser = "another connection's password, made by the PIM from the time of day, for one who knows the minute"
        found.append(_guessed(f"{guesser} and its user name", CONNECTION_BITS))
        found.append(_guessed(f"{guesser} and the connection's code alone", CONNECTION_BITS + USERNAME_BITS))
    else:
        found.append(_guessed("another set's password, which is ours", PASSWORD_BITS))
    if mechanism is not Mechanism.CONNECTIONS or not row.reports_foreign_users:
        found.append(Limit(what="the PIM does not report a foreign user behind a client, so nobody watches for it"))
    if open_to_all := row.unprotected & offered:
        names = ", ".join(sorted(open_to_all))
        found.append(Limit(what=f"these permissions forbid nothing at PIM {release}, so every set has them: {names}"))
    return tuple(found)


def _guessed(what: str, bits: int) -> Limit:
    on_average = None if bits >= NEVER else timedelta(seconds=2 ** (bits - 1) / GUESSES_PER_SECOND)
    return Limit(what=what, bits=bits, on_average=on_average)
