"""What the values that were issued look like: of which characters, how long. By this they are searched for in a text.

The index of issued values is ordered by shape, so that a search knows which shapes there are and looks for no others:
what a PIM calls a secret may look different after its next upgrade. Says nothing about a value but its shape.
"""

import re
import string
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

HEX_DIGITS: Final = string.digits + "abcdef"
BASE36: Final = string.digits + string.ascii_lowercase
BASE62: Final = string.digits + string.ascii_letters


class Alphabet(StrEnum):
    """The characters of a value; the smallest alphabet that has them all, in this order."""

    DIGITS = "d"
    HEX = "h"
    BASE36 = "l"
    URL_SAFE = "u"
    ANY = "x"


CHARACTERS: Final = {
    Alphabet.DIGITS: frozenset(string.digits),
    Alphabet.HEX: frozenset(HEX_DIGITS),
    Alphabet.BASE36: frozenset(BASE36),
    Alphabet.URL_SAFE: frozenset(BASE62 + "-_"),
}
_OF_HEX: Final = frozenset(b"MNOYZ")
"""How each group of four begins in the base64 of hexadecimal digits."""
_NAME: Final = re.compile(r"([dhlux])(\d+)(?:-(\d+))?")


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """Characters and length; written `h9`, or `l46-52` where only a range of lengths is known."""

    alphabet: Alphabet
    shortest: int
    longest: int

    @classmethod
    def of(cls, value: str) -> Self:
        """The shape of a value."""
        used = set(value)
        alphabet = next((one for one, characters in CHARACTERS.items() if used <= characters), Alphabet.ANY)
        return cls(alphabet, len(value), len(value))

    @classmethod
    def parse(cls, name: str) -> Self | None:
        """The shape of that name, None if it is the name of none."""
        read = _NAME.fullmatch(name)
        return read and cls(Alphabet(read[1]), int(read[2]), int(read[3] or read[2]))

    def covers(self, other: "Shape") -> bool:
        """Whether a value of the other shape may be meant by this one."""
        return self.alphabet is other.alphabet and self.shortest <= other.shortest and other.longest <= self.longest

    def __str__(self) -> str:
        return f"{self.alphabet}{self.shortest}" + (f"-{self.longest}" if self.longest > self.shortest else "")


TOKEN: Final = Shape(Alphabet.URL_SAFE, 86, 86)
"""An access or refresh token of any PIM: base64 of 64 hexadecimal digits (contracts/akeneo/recordings, 05-token)."""


def looks_like_token(text: bytes) -> bool:
    """Whether a text of the shape `TOKEN` may be one."""
    begins = text[::4]
    return len(text) == TOKEN.longest and sum(one in _OF_HEX for one in begins) * 4 >= len(begins) * 3
