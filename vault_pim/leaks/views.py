"""The ways in which a value may be written in a text, undone for a whole stretch of bytes at a time.

Called by `scan`. Each view is made by a few passes in C over the stretch, since a log of a gigabyte is searched in
seconds; so they are tolerant rather than exact: what is no value becomes garbage, and what is one comes out whole.
Undoes URL encoding, escapes of JSON and other languages, quoted-printable, UTF-16, and base64, also several at once.
"""

import binascii
import re
from collections.abc import Iterator
from typing import Final

from vault_pim.leaks.shapes import BASE62

DEPTH: Final = 4
"""How often views are made of views: JSON in a form in JSON, and the like."""
SHORTEST_BASE64: Final = 20
"""A run without `+` and `/`, which encoded values of ours never have: theirs is the text of letters and digits."""

_TO_QUOTED: Final = bytes.maketrans(b"%=+", b"=  ")
_SPACES: Final = (b"\\n", b"\\r", b"\\t")
_LETTERS: Final = bytes(ord("w") if chr(code) in BASE62 else ord(" ") for code in range(256))
_BASE64: Final = re.compile(rb"(?:[A-Za-z0-9+/]{60,76}\r?\n)*[A-Za-z0-9+/_-]*")
"""A run of base64 from its beginning on, in one line, or in lines of a mail or a key file."""
_CHARACTERS: Final = frozenset((BASE62 + "+/_-").encode())
_FILL: Final = (b"ICAg", b"kkgICAg", b"kgICAg", b"gICAg")
"""Completes a run to whole groups of four, by how many characters it has too many, and sets it apart by spaces."""
_PLAIN: Final = bytes.maketrans(b"-_", b"+/")


def views(text: bytes, *, short: tuple[int, ...] = (), depth: int = DEPTH) -> Iterator[bytes]:
    """The text itself, and what it says where it is written in another way.

    Args:
        short: lengths of short values whose base64 may stand alone.
    """
    yield text
    if not depth:
        return
    for view in _unwritten(text):
        yield from views(view, short=short, depth=depth - 1)
    if runs := list(_base64_runs(text, short)):
        yield from views(
            b" " + binascii.a2b_base64(b"".join(runs).translate(_PLAIN)), short=short, depth=min(depth - 1, 1)
        )


def _unwritten(text: bytes) -> Iterator[bytes]:
    if b"\0" in text:
        yield text.translate(None, b"\0")
        return
    url, escapes = b"%" in text, b"\\" in text
    if url or escapes:
        lines = text.split(b"\n")
        yield _unescaped(b"\n".join([one for one in lines if (url and b"%" in one) or (escapes and b"\\" in one)]))
    if b"=3D" in text:
        yield binascii.a2b_qp(text)


def _unescaped(text: bytes) -> bytes:
    """`%3D`, `\\u003d`, `\\x3d` and `\\/` undone: all brought to the form of quoted-printable, which C can decode."""
    text = text.translate(_TO_QUOTED)
    if b"\\" in text:
        text = text.replace(b"\\u00", b"=").replace(b"\\x", b"=")
        for space in _SPACES:
            text = text.replace(space, b" ")
        text = text.translate(None, b"\\")
    return binascii.a2b_qp(text)


def _base64_runs(text: bytes, short: tuple[int, ...]) -> Iterator[bytes]:
    """Everything in it that may be base64 of a text, in whole groups, with spaces between."""
    letters = text.translate(_LETTERS)
    alone = {(length * 4 + 2) // 3 for length in short}
    needle, end, floor = b"w" * min({SHORTEST_BASE64, *alone}), 0, 0
    while (start := letters.find(needle, end)) >= 0:
        end = letters.find(b" ", start) % (len(text) + 1)  # -1, no end, is the end of the text
        length, run = end - start, text[start:end]
        if (length < SHORTEST_BASE64 and length not in alone) or run.islower() or run.isdigit():
            continue  # a word, or a hash
        yield run + _FILL[length & 3]
        while start > floor and text[start - 1] in _CHARACTERS:
            start -= 1
        whole = _BASE64.match(text, start)
        if whole and whole.end() - start > length:  # it is a part of a longer one, whose groups may begin elsewhere
            end, run = whole.end(), whole[0].translate(None, b"\r\n")
            for cut in range(4 if start <= 1 else 1):  # where the stretch begins within it, so may its first group
                yield run[cut:] + _FILL[(len(run) - cut) & 3]
        floor = end
