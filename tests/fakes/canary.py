"""A marker that stands in every secret of a test, and a look-out for it."""

import logging
import traceback
from collections.abc import Iterator

import pytest

CANARY = "c0ffee"


def assert_no_canary(text: str) -> None:
    """No secret has come into the text."""
    assert CANARY not in text, "a secret shows"


def everything_of(error: BaseException | None) -> str:
    """All that an exception and those behind it could tell a log: text, repr, arguments, attributes."""
    told = []
    while error is not None:
        told += ["".join(traceback.format_exception(error)), repr(error), repr(error.args), repr(vars(error))]
        request = getattr(error, "request", None)
        told += [repr(vars(request))] if request is not None else []
        error = error.__cause__ or error.__context__
    return "\n".join(told)


@pytest.fixture(autouse=True)
def no_canary_told(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Fails a test in which a secret shows in a log, at any level, or on the terminal."""
    caplog.set_level(logging.DEBUG)
    yield
    assert_no_canary(caplog.text)
    printed = capfd.readouterr()
    assert_no_canary(printed.out + printed.err)
