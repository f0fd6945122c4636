"""Finds, in a stream of bytes of any length and kind, everything that may be a value of a shape that was issued.

Called by `identify`. Works on stretches that overlap, so that memory stays constant and no value is lost where two of
them meet. What it finds are candidates: only their fingerprints tell whether they were issued.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from vault_pim.leaks.shapes import CHARACTERS, Alphabet, Shape
from vault_pim.leaks.views import views
from vault_pim.leaks.workers import in_parallel

STRETCH: Final = 1 << 20
OVERLAP: Final = 1 << 13
"""Longer than any value in any encoding that is undone: 51 characters, each as `\\u00xx`, twice in base64."""
SHORT: Final = 24
ALONE: Final = 32 << 20


class Readable(Protocol):
    """A source of bytes."""

    def read(self, size: int, /) -> bytes:
        """At most so many; none at the end."""
        ...


class Scanner:
    """Searches for values of some shapes: whole runs of the characters of an alphabet, of a length that was issued.

    Args:
        shapes: those that were issued.
    """

    def __init__(self, shapes: Iterable[Shape]) -> None:
        lengths: dict[Alphabet, set[int]] = {}
        for shape in shapes:
            if shape.alphabet in CHARACTERS:
                lengths.setdefault(shape.alphabet, set()).update(range(shape.shortest, shape.longest + 1))
        long = {alphabet: found - _SHORT for alphabet, found in lengths.items() if found - _SHORT}
        self._long = [(re.compile(_class(alphabet) + b"+"), found) for alphabet, found in long.items()]
        self._needle = b"w" * min((length for found in long.values() for length in found), default=0)
        self._short = [
            (_table(alphabet), re.compile(b" " + b"w" * length + b"(?= )"), _smaller(alphabet))
            for alphabet, found in lengths.items()
            for length in sorted(found & _SHORT)
        ]
        self._short_lengths = tuple(sorted({length for found in lengths.values() for length in found & _SHORT}))

    def stretches(
        self, source: Readable, *, processes: int = 1, alone: int = ALONE
    ) -> Iterator[tuple[int, set[bytes]]]:
        """Search a source to its end.

        Args:
            processes: how many to search in, if the source is long.
            alone: up to how many bytes it is not worth to begin others.

        Yields:
            For each stretch how many bytes were read, and the candidates in it; one may come twice.
        """
        stretches = _stretches(source)
        for size, text in stretches:
            yield size, self.candidates(text)
            alone -= size
            if alone < 0 and processes > 1:
                yield from in_parallel(stretches, self.candidates, processes)

    def candidates(self, text: bytes) -> set[bytes]:
        """Everything in a stretch that has one of the shapes, in any way of writing it."""
        found: set[bytes] = set()
        for view in views(text, short=self._short_lengths):
            for table, pattern, smaller in self._short:
                runs = (view[match.start() + 1 : match.end()] for match in pattern.finditer(view.translate(table)))
                found.update(run for run in runs if run.strip(smaller))  # it has characters beyond a smaller alphabet
            if self._needle:
                found.update(self._long_ones(view))
        return found

    def _long_ones(self, text: bytes) -> Iterator[bytes]:
        """Long values are rare, and their alphabets lie in one another: the largest is searched, the others in that."""
        runs, end = text.translate(_LARGEST), 0
        while (start := runs.find(self._needle, end)) >= 0:
            end = runs.find(b" ", start) % (len(text) + 1)  # -1, no end, is the end of the text
            for pattern, lengths in self._long:
                yield from (run for run in pattern.findall(text, start, end) if len(run) in lengths)


def _stretches(source: Readable) -> Iterator[tuple[int, bytes]]:
    """How many bytes were read, and a text that begins with the end of the one before.

    A run that the border may cut is made longer by one digit: a part of a value is not a shorter value.
    """
    rest = b" "
    while chunk := source.read(STRETCH):
        text = b"%b%b0" % (rest, chunk)
        yield len(chunk), text
        rest = b"0" + text[-OVERLAP - 1 : -1]
    yield 0, rest + b" "


def _table(alphabet: Alphabet) -> bytes:
    """For `translate`: `w` for its characters, a space for all others."""
    return bytes(ord("w") if chr(code) in CHARACTERS[alphabet] else ord(" ") for code in range(256))


def _class(alphabet: Alphabet) -> bytes:
    return b"[" + re.escape("".join(sorted(CHARACTERS[alphabet]))).encode() + b"]"


def _smaller(alphabet: Alphabet) -> bytes:
    """The characters of the next smaller alphabet."""
    smaller = ("".join(characters) for characters in CHARACTERS.values() if characters < CHARACTERS[alphabet])
    return max(smaller, key=len, default="").encode()


_SHORT: Final = frozenset(range(SHORT))
_LARGEST: Final = _table(Alphabet.URL_SAFE)
