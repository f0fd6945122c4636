"""What `identify` takes for a value out of a text of any form and length."""

import io

import pytest

from vault_pim.cli.identify import CHUNK, _candidates

CONNECTION_PASSWORD = "4f0c2a91b"
CLIENT_SECRET = "5lvy7yu3p3k8k4s0w8o0sk0ccoc8c0s08kcsc4wggwkso4wss0c"
OWN_PASSWORD = "-Zb9_x3yK7Qw-2LmN0pRsTuVwXyZ_aBcDeFgHiJkLm_"


@pytest.mark.parametrize("value", [CONNECTION_PASSWORD, CLIENT_SECRET, OWN_PASSWORD])
@pytest.mark.parametrize(
    "around", ["{}", "secret={}, 3 retries", '{{"password":"{}"}}', "https://u:{}@host/", "a\n{}\n"]
)
def test_value_is_found_in_any_surroundings(value: str, around: str) -> None:
    """Of every mechanism: short hexadecimal, long base 36, random with dashes."""
    assert value in set(_candidates(io.StringIO(around.format(value))))


@pytest.mark.parametrize("value", [CLIENT_SECRET, OWN_PASSWORD])
@pytest.mark.parametrize("cut", [1, 20, 42])
def test_value_that_two_chunks_share_is_found(value: str, cut: int) -> None:
    """However the text is read."""
    text = " " * (CHUNK - cut) + value + " end"
    assert value in set(_candidates(io.StringIO(text)))


def test_value_glued_to_a_name_by_an_underscore_is_found() -> None:
    """As in the name of a file."""
    assert CLIENT_SECRET in set(_candidates(io.StringIO(f"backup_{CLIENT_SECRET}-old")))
