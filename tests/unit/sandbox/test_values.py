"""Generated values have the shapes of a PIM, with and without a marker."""

import re
from collections.abc import Callable

import pytest

from vault_pim.sandbox.akeneo.clock import MovableClock
from vault_pim.sandbox.akeneo.values import Mint, masked_csrf_token, plain_csrf_token

SHAPES: dict[str, tuple[Callable[[Mint], str], str]] = {
    "random id": (Mint.random_id, r"[a-z0-9]{44,50}"),
    "client secret": (Mint.client_secret, r"[a-z0-9]{44,50}"),
    "token": (Mint.token, r"[A-Za-z0-9]{86}"),
    "connection password": (Mint.connection_password, r"[0-9a-f]{9}"),
    "digits of a user name": (Mint.username_digits, r"\d{4}"),
}


@pytest.mark.parametrize("marker", ["", "c0ffee"])
@pytest.mark.parametrize("name", SHAPES)
def test_value_keeps_its_shape(name: str, marker: str) -> None:
    """The shape is the same with a marker and without."""
    make, shape = SHAPES[name]
    mint = Mint(MovableClock(), marker)
    for _ in range(200):
        assert re.fullmatch(shape, make(mint))


@pytest.mark.parametrize("make", [Mint.client_secret, Mint.token, Mint.connection_password, Mint.session_id])
def test_hexadecimal_marker_stands_in_every_secret_value(make: Callable[[Mint], str]) -> None:
    """Six hexadecimal digits fit even into a connection's password."""
    assert "c0ffee" in make(Mint(MovableClock(), "c0ffee"))


def test_marker_that_does_not_fit_is_left_out() -> None:
    """The shape is worth more than the marker."""
    assert "canary" not in Mint(MovableClock(), "canary").connection_password()


def test_connection_password_is_the_shuffled_time() -> None:
    """Its digits are those of the second of its creation, and one more."""
    clock = MovableClock()
    before, after = (f"{int(clock.now().timestamp()) + later:08x}" for later in (0, 1))
    digits = sorted(Mint(clock).connection_password())
    assert any(not set(second) - set(digits) for second in (before, after))


def test_csrf_token_looks_different_each_time_and_means_the_same() -> None:
    """Masking is undone by the PIM; a token of another shape means nothing."""
    shown = [masked_csrf_token("some-value") for _ in range(2)]
    assert shown[0] != shown[1]
    assert [plain_csrf_token(one) for one in shown] == ["some-value", "some-value"]
    assert plain_csrf_token("bad") == plain_csrf_token("a.!.b") == ""
