"""Our passwords are strong, fit into a token request, and are recommended where they can be had."""

import json
import math
import re

import pytest

from vault_pim.domain.connector import NAME_LENGTH, ConnectorId, Mechanism
from vault_pim.leaks.own_password import RANDOM_CHARACTERS, is_own_password, own_password
from vault_pim.pim.passwords import better_mechanism, new_password


def test_password_is_strong_and_of_plain_letters() -> None:
    """No two are alike; nothing in them has a meaning to a form, a shell or JSON."""
    passwords = {new_password().get_secret_value() for _ in range(1000)}
    assert len(passwords) == 1000
    assert RANDOM_CHARACTERS * math.log2(62) >= 128
    assert all(re.fullmatch(r"vpim_[0-9A-Za-z]{38}", one) and is_own_password(one) for one in passwords)


def test_longest_token_request_fits() -> None:
    """A PIM refuses requests of more than 300 bytes (contracts/akeneo/observed-older.md §8)."""
    label = ConnectorId(pim="prod", name="x" * NAME_LENGTH).label(9_999_999)
    body = {"grant_type": "password", "username": label, "password": new_password().get_secret_value()}
    assert len(json.dumps(body).encode()) <= 300


def test_checksum_tells_a_password_of_ours_from_one_that_looks_like_it() -> None:
    """One wrong character anywhere, and it is not ours; the known example holds the form fast for scanners' rules."""
    password = own_password("0123456789abcdefghijABCDEFGHIJ01")
    assert password == "vpim_0123456789abcdefghijABCDEFGHIJ01" + password[-6:]
    for place, character in enumerate(password):
        assert not is_own_password(password[:place] + ("x" if character != "x" else "y") + password[place + 1 :])


@pytest.mark.parametrize(
    ("mechanism", "console", "word"),
    [(Mechanism.CONNECTIONS, True, "Set pims.prod.mechanism"), (Mechanism.CONNECTIONS, False, "If there is a way")],
)
def test_better_mechanism_is_recommended(mechanism: Mechanism, console: bool, word: str) -> None:
    """At once where the console is there already."""
    advice = better_mechanism("prod", mechanism, console=console)
    assert advice is not None
    assert advice.startswith(word)


def test_nothing_is_recommended_where_it_is_used() -> None:
    """Passwords of our own are as good as they get."""
    assert better_mechanism("prod", Mechanism.USER_AND_CLIENT, console=True) is None
