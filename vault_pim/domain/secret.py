"""A text that must not be seen.

Read by every room. Our own few lines, because a connector's side loads them too: pydantic's class takes longer to load
than all the rest of that side together. Refuses to be shown, pickled, or written as JSON; `vault_pim.reveal` alone
opens it.
"""

from typing import NoReturn

HIDDEN = "**********"


class Unpicklable:
    """Refuses to be pickled, so that no secret leaves the process by accident."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds secrets and is not pickled")


class SecretStr(Unpicklable):
    """A secret text; shown as asterisks, compared in constant time."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def get_secret_value(self) -> str:
        """The text; for `vault_pim.reveal` alone."""
        return self._text

    def __len__(self) -> int:
        return len(self._text)

    def __repr__(self) -> str:
        return f"SecretStr('{HIDDEN}')"

    def __str__(self) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        from hmac import compare_digest  # noqa: PLC0415 - loads OpenSSL's digests, which most programs here never need

        if not isinstance(other, SecretStr):
            return NotImplemented
        return compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)
