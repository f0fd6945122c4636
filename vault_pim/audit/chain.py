"""A file of JSON lines that only grows, each line with the hash of the line before it: what is changed later, shows.

Several processes may append to one file. Used for the audit log and for the records of incidents. Writes durably or
says so; never takes a line out. The chain tells what was changed or taken out before the last line; where the last
line belongs is told by a checkpoint (checkpoints.py).
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from vault_pim.audit.ports import Signer
from vault_pim.audit.signing import sign_document
from vault_pim.domain.errors import AuditUnavailable, ConfigurationError, NotAuthentic

PREVIOUS = "prev"
"""The member that holds the hash of the line before."""
BEGIN = "0" * 64
"""In place of that hash where there is no line before."""
NAME_DIGITS = 16
BLOCK = 4096


def digest(lines: Sequence[bytes]) -> str:
    """The hash of a line without its end, and of the torn ones after it: SHA-256, hexadecimal; see `BEGIN`."""
    return sha256(b"\n".join(lines)).hexdigest() if lines else BEGIN


def name_of(first_line: bytes) -> str:
    """What tells a file from others, wherever it is moved: from its first line."""
    return digest([first_line])[:NAME_DIGITS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that was read.

    Attributes:
        number: of the line in its file, from 1.
        end: bytes from the beginning of the file to its end, line end included.
        fields: None where it was torn by a full disk or a crash; the next whole line vouches for it.
        link: what the next line names as `prev`.
    """

    number: int
    raw: bytes
    end: int
    fields: Mapping[str, Any] | None
    link: str


class ChainFile:
    """One chained file of mode 0600; reopened for each line, so that it may be moved away at any time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, fields: Mapping[str, Any], signer: Signer | None = None) -> Mapping[str, Any]:
        """Append a line and wait until it is on the disk.

        Args:
            signer: signs the line, and with it all lines before; adds where they end. Must have its key at hand, since
                nobody else can write meanwhile.

        Returns:
            What the line holds.

        Raises:
            AuditUnavailable: it could not be written.
        """
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                # Excludes threads as well as processes, and is let go before the long wait.
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                last, ended = _last_lines(descriptor)
                chained = {**fields, PREVIOUS: digest(last)}
                if signer is not None:
                    size = os.fstat(descriptor).st_size + (not ended)
                    chained = sign_document({"file": _name(descriptor), "size": size} | chained, signer)
                text = (b"" if ended else b"\n") + encode(chained) + b"\n"
                written = os.write(descriptor, text)
                fcntl.flock(descriptor, fcntl.LOCK_UN)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise AuditUnavailable(f"{self.path} cannot be written", why=error.strerror or "") from error
        if written != len(text):
            raise AuditUnavailable(f"{self.path} took only part of a line", why="the disk may be full")
        return chained

    def lines(self) -> Iterator[Line]:
        """Every line that is there now, checked; see `check`. A line that is being written is not seen in part.

        Raises:
            ConfigurationError: the file cannot be read.
            NotAuthentic: a line does not continue the one before it.
        """
        try:
            with self.path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                size = os.fstat(file.fileno()).st_size
                fcntl.flock(file, fcntl.LOCK_UN)
                yield from check(_up_to(size, file), what=str(self.path))
        except OSError as error:
            raise ConfigurationError(
                f"{self.path} cannot be read", why=error.strerror or "", advice="Name a file that is there."
            ) from error


def encode(fields: Mapping[str, Any]) -> bytes:
    """The text of a line, without its end."""
    # A lone surrogate (a reason typed in another encoding) becomes its JSON escape.
    return json.dumps(fields, ensure_ascii=False).encode(errors="backslashreplace")


def check(raw_lines: Iterable[bytes], *, what: str) -> Iterator[Line]:
    """See that each line continues the one before it; a line is given once that is seen.

    Args:
        raw_lines: with or without their ends.
        what: names the file in errors.

    Raises:
        NotAuthentic: names the first bad line.
    """
    link, numbered = BEGIN, _read(raw_lines)
    for line in numbered:
        if line.fields is not None and line.fields.get(PREVIOUS) != link:
            raise _broken(what, line, next(numbered, None))
        link = line.link
        yield line


def _up_to(size: int, file: BinaryIO) -> Iterator[bytes]:
    while size > 0 and (text := file.readline(size)):
        size -= len(text)
        yield text


def _read(raw_lines: Iterable[bytes]) -> Iterator[Line]:
    end = 0
    last: tuple[bytes, ...] = ()
    for number, text in enumerate(raw_lines, 1):
        raw = text.removesuffix(b"\n")
        fields = _parse(raw)
        last = (raw,) if fields is not None else (*last, raw)
        end += len(raw) + 1
        yield Line(number=number, raw=raw, end=end, fields=fields, link=digest(last))


def _parse(raw: bytes) -> dict[str, Any] | None:
    """The fields of a whole line, None for a torn one."""
    try:
        fields = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _broken(what: str, line: Line, after: Line | None) -> NotAuthentic:
    """Which line is bad, where one does not continue the one before it: the next one knows."""
    if line.fields is not None and PREVIOUS not in line.fields:
        return NotAuthentic(
            f"line {line.number} of {what} carries no hash of the line before it",
            why="something other than this release of vault-pim wrote it",
            advice="If an older release wrote the beginning of the file, move the file away; else find out who did.",
        )
    number = line.number
    if after is not None and after.fields is not None and after.fields.get(PREVIOUS) == line.link:
        number -= 1  # this line is as it was written
    if number == 0:
        return NotAuthentic(f"line 1 of {what} is not the first that was written", why="lines before it were taken out")
    return NotAuthentic(
        f"line {number} of {what} is not as it was written",
        why="it was changed, or lines beside it were taken out or put in: the hashes from line to line do not match",
    )


def _name(descriptor: int) -> str:
    """See `name_of`."""
    text, length = b"", BLOCK
    while b"\n" not in text and len(text) < (size := os.fstat(descriptor).st_size):
        text = os.pread(descriptor, min(length, size), 0)
        length *= 4
    return name_of(text.partition(b"\n")[0])


def _last_lines(descriptor: int) -> tuple[list[bytes], bool]:
    """The last whole line with the torn ones after it, and whether the file ends with the end of a line."""
    size = os.fstat(descriptor).st_size
    length = BLOCK
    while True:
        start = max(0, size - length)
        block = os.pread(descriptor, size - start, start)
        ended = not block or block.endswith(b"\n")
        lines = block.split(b"\n")
        if ended:
            lines.pop()
        # The first line of a block is only part of one, unless the file begins there.
        for index in range(len(lines) - 1, 0 if start else -1, -1):
            if _parse(lines[index]) is not None:
                return lines[index:], ended
        if start == 0:
            return lines, ended
        length *= 4
