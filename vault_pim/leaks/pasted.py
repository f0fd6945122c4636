"""A text that may be one value alone, pasted as it was found. Called by `identify`, which looks such a one up whole."""

from vault_pim.leaks.scan import Readable

LONGEST_PASTED = 4096


class Pasted:
    """A source that remembers what it gave as long as that is no longer than a value alone may be."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._begin = b""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes."""
        chunk = self._source.read(size)
        if len(self._begin) <= LONGEST_PASTED:
            self._begin += chunk[: LONGEST_PASTED + 1]
        return chunk

    @property
    def text(self) -> bytes:
        """The whole text where it is one value alone; a value may hold characters that no other rule knows."""
        text = self._begin.strip()
        return b"" if len(self._begin) > LONGEST_PASTED or b"\n" in text else text
