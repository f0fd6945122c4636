"""The chain of an audit file: whatever is changed, taken out or put in before its last line, shows."""

import fcntl
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault_pim.audit.chain import BLOCK, PREVIOUS, ChainFile, check, digest, encode
from vault_pim.domain.errors import ConfigurationError, NotAuthentic

LINES = 6
TAGS = ("generation:step:begun", "rotation:asked", "audit:checkpoint", "surroundings:mend:failed")
LETTER = "a line that says {}, in five words or more"


def written(torn: int | None = None) -> list[bytes]:
    """Lines of a file; the line of that number is torn."""
    lines: list[bytes] = []
    last: tuple[bytes, ...] = ()
    for number in range(1, LINES + 1):
        line = encode({"tag": TAGS[number % len(TAGS)], "said": LETTER.format(number), PREVIOUS: digest(last)})
        if number == torn:
            line = line[: len(line) // 2]
            last = (*last, line)
        else:
            last = (line,)
        lines.append(line)
    return lines


TORN = st.none() | st.integers(1, LINES - 1)


@settings(deadline=None)  # a machine that is busy fails no test
@given(torn=TORN)
def test_file_as_it_was_written_is_believed(torn: int | None) -> None:
    """Also one with a line that a full disk has torn."""
    assert len(list(check(written(torn), what="it"))) == LINES


@settings(deadline=None)  # a machine that is busy fails no test
@given(torn=TORN, number=st.integers(1, LINES - 1), data=st.data())
def test_changed_byte_is_found_at_its_line(torn: int | None, number: int, data: st.DataObject) -> None:
    """In every kind of line, and every part of it; only the last line has nobody to vouch for it."""
    lines = written(torn)
    before = lines[number - 1]
    place = data.draw(st.integers(0, len(before) - 1))
    byte = data.draw(st.integers(32, 126).filter(lambda one: one != before[place]))
    lines[number - 1] = before[:place] + bytes([byte]) + before[place + 1 :]
    with pytest.raises(NotAuthentic) as found:
        list(check(lines, what="it"))
    if torn is None and number < LINES - 1:
        assert found.value.what.startswith((f"line {number} of it", f"line {number + 1} of it"))


@pytest.mark.parametrize("number", range(2, LINES - 1))
def test_changed_text_is_named_by_its_line(number: int) -> None:
    """What it says, and that it follows what it follows."""
    said = written()
    said[number - 1] = said[number - 1].replace(b"five", b"nine")
    with pytest.raises(NotAuthentic, match=f"^line {number} of it is not as"):
        list(check(said, what="it"))
    claimed = written()
    claimed[number - 1] = encode(json.loads(claimed[number - 1]) | {PREVIOUS: digest([b"another"])})
    with pytest.raises(NotAuthentic, match=f"^line {number} of it is not as"):
        list(check(claimed, what="it"))


@settings(deadline=None)  # a machine that is busy fails no test
@given(taken=st.sets(st.integers(0, LINES - 2), min_size=1))
def test_lines_taken_out_are_missed(taken: set[int]) -> None:
    """At the beginning and in the middle."""
    left = [line for index, line in enumerate(written()) if index not in taken]
    with pytest.raises(NotAuthentic, match=r"is not (as it was written|the first)"):
        list(check(left, what="it"))


@settings(deadline=None)  # a machine that is busy fails no test
@given(order=st.permutations(range(LINES)).filter(lambda order: order != sorted(order)))
def test_lines_in_another_order_are_not_believed(order: list[int]) -> None:
    """Each stands where it was written."""
    lines = written()
    with pytest.raises(NotAuthentic):
        list(check([lines[index] for index in order], what="it"))


def test_line_put_in_is_not_believed() -> None:
    """Not even one that continues the line before it."""
    lines = written()
    lines.insert(3, encode({"tag": "rotation:asked", PREVIOUS: digest([lines[2]])}))
    with pytest.raises(NotAuthentic, match="line 4"):
        list(check(lines, what="it"))


def test_line_of_something_else_is_told_from_a_changed_one() -> None:
    """An older release wrote no hashes; its file is to be moved away."""
    with pytest.raises(NotAuthentic, match="line 2 of it carries no hash"):
        list(check([written()[0], b'{"tag": "rotation:asked"}'], what="it"))


def test_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """With the cause."""
    with pytest.raises(ConfigurationError, match="cannot be read"):
        list(ChainFile(tmp_path / "none.jsonl").lines())


@pytest.mark.parametrize("length", [1, BLOCK - 200, BLOCK, 3 * BLOCK, 20 * BLOCK])
def test_long_lines_are_chained(tmp_path: Path, length: int) -> None:
    """Longer than what is read at once."""
    file = ChainFile(tmp_path / "audit.jsonl")
    for _ in range(4):
        file.append({"said": "x" * length})
    assert len(list(file.lines())) == 4


@pytest.mark.parametrize(
    "torn", [b"\n", b"{", b'{"said": "x', b'{"a"\n{"b"', b"\0" * 2 * BLOCK, b"[1]\n", b"[" * 100_000]
)
def test_line_after_torn_ones_covers_them_and_the_whole_one_before(tmp_path: Path, torn: bytes) -> None:
    """Nothing stands in the file that no line vouches for."""
    path = tmp_path / "audit.jsonl"
    file = ChainFile(path)
    file.append({"said": "before"})
    with path.open("ab") as end:
        end.write(torn)
    file.append({"said": "after"})
    whole = [line.fields["said"] for line in file.lines() if line.fields]
    assert whole == ["before", "after"]
    text = path.read_bytes()
    for changed in (text.replace(b"before", b"BEFORE"), text.replace(torn, b"x" + torn, 1)):
        with pytest.raises(NotAuthentic):
            list(check(changed.splitlines(keepends=True), what="it"))


def test_file_that_begins_with_a_torn_line_is_chained(tmp_path: Path) -> None:
    """The first write of all was broken off."""
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b'{"sa')
    ChainFile(path).append({"said": "after"})
    assert [line.number for line in ChainFile(path).lines()] == [1, 2]


def test_line_that_is_written_while_the_file_is_read_is_not_seen_in_part(tmp_path: Path) -> None:
    """Neither before the first line is read, nor after."""
    path = tmp_path / "audit.jsonl"
    for number in range(2):
        ChainFile(path).append({"said": number})
    whole = path.read_bytes()
    first, rest = whole[:-10], whole[-10:]
    path.write_bytes(first)
    found: list[bool] = []
    with path.open("ab") as end:
        fcntl.flock(end, fcntl.LOCK_EX)
        reader = threading.Thread(
            target=lambda: found.extend(line.fields is not None for line in ChainFile(path).lines())
        )
        reader.start()
        reader.join(0.1)
        end.write(rest)
    reader.join()
    assert found == [True, True]
    lines = ChainFile(path).lines()
    next(lines)
    with path.open("ab") as end:
        end.write(b'{"said": ')
    assert [line.number for line in lines] == [2]


def test_processes_at_once_make_one_chain(tmp_path: Path) -> None:
    """Daemon and commands share one file."""
    program = (
        "import sys; from pathlib import Path; from vault_pim.audit.chain import ChainFile; "
        "[ChainFile(Path(sys.argv[1])).append({'by': sys.argv[2]}) for _ in range(20)]"
    )
    path = tmp_path / "audit.jsonl"
    command = [sys.executable, "-c", program, str(path)]
    workers = [subprocess.Popen([*command, str(one)], env=os.environ) for one in range(3)]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    assert len(list(ChainFile(path).lines())) == 60
