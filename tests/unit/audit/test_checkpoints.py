"""Checkpoints: an audit log that was cut off, made anew or written by another installation is found out."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.incidents import MemoryAnchors
from tests.fakes.signer import MemorySigner
from vault_pim.audit.chain import ChainFile
from vault_pim.audit.checkpoints import KEY_FILE, Checked, take, verify
from vault_pim.audit.signing import PublicKey
from vault_pim.domain.errors import NotAuthentic

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SIGNER = MemorySigner()
KEY = PublicKey.from_pem(SIGNER.public_key())
ASKED = {"at": AT.isoformat(), "tag": "rotation:asked"}


class Log:
    """An audit log of five lines with a checkpoint after the fourth and sixth, and one line after that."""

    def __init__(self, folder: Path) -> None:
        self.file = ChainFile(folder / "audit.jsonl")
        self.anchors = MemoryAnchors()
        for count in (4, 1):
            for number in range(count):
                self.file.append(ASKED | {"said": f"line {number}"})
            take(self.file, SIGNER, self.anchors, at=AT, by="daemon", host="one")
        self.file.append(ASKED)

    def check(self) -> Checked:
        """As `audit verify` does."""
        return verify(self.file, KEY, self.anchors.all())


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """A log on disk."""
    return Log(tmp_path)


def test_log_as_it_was_written_is_believed(log: Log) -> None:
    """It says how far signatures cover it; a log that another file's checkpoints are known of, too."""
    checked = log.check()
    assert (checked.lines, checked.signed, checked.torn) == (8, 7, ())
    assert checked.file in log.anchors.kept


def test_empty_log_is_believed_if_vault_knows_of_none(tmp_path: Path) -> None:
    """Nothing was recorded yet; without Vault nobody can tell."""
    empty = ChainFile(tmp_path / "audit.jsonl")
    empty.path.touch()
    assert verify(empty, KEY, ()) == Checked(file=None, lines=0, signed=0)
    with pytest.raises(NotAuthentic, match=r"nothing in .* is signed"):
        verify(empty, KEY)


@pytest.mark.parametrize("kept", range(1, 6))
def test_log_that_lacks_its_end_is_found_out(kept: int, log: Log) -> None:
    """Wherever it was cut off before what the last checkpoint covers; the chain alone cannot tell."""
    lines = log.file.path.read_bytes().splitlines(keepends=True)
    log.file.path.write_bytes(b"".join(lines[:kept]))
    with pytest.raises(NotAuthentic, match="lacks lines at its end"):
        log.check()
    if kept == 5:
        assert verify(log.file, KEY).lines == kept
    else:
        with pytest.raises(NotAuthentic, match=r"nothing in .* is signed"):
            verify(log.file, KEY)


def test_end_that_was_written_anew_is_found_out(log: Log) -> None:
    """Cut off, then continued as the program itself would."""
    lines = log.file.path.read_bytes().splitlines(keepends=True)
    log.file.path.write_bytes(b"".join(lines[:3]))
    for _ in range(20):
        log.file.append(ASKED | {"said": "something else"})
    with pytest.raises(NotAuthentic, match="lacks lines at its end, or was made anew"):
        log.check()


def test_log_that_was_chained_anew_is_found_out(log: Log) -> None:
    """Whoever can compute hashes still cannot sign; seen without Vault, too."""
    told = [json.loads(line) for line in log.file.path.read_text().splitlines()]
    log.file.path.unlink()
    for fields in told:
        log.file.append({key: value for key, value in fields.items() if key != "prev"} | {"by": "somebody else"})
    with pytest.raises(NotAuthentic, match=r"line 5 of .* was changed after it was signed"):
        verify(log.file, KEY)


def test_log_of_another_installation_is_told(log: Log) -> None:
    """It is not a changed one."""
    with pytest.raises(NotAuthentic, match="another installation"):
        verify(log.file, PublicKey.from_pem(MemorySigner().public_key()))


def test_changed_checkpoint_in_vault_is_found_out(log: Log) -> None:
    """It would let a log end earlier."""
    (name,) = log.anchors.kept
    log.anchors.kept[name] = {**log.anchors.kept[name], "size": 1}
    with pytest.raises(NotAuthentic, match=r"checkpoint of file .* in Vault was changed"):
        log.check()


def test_torn_lines_are_named(log: Log) -> None:
    """A full disk is no tampering."""
    with log.file.path.open("ab") as end:
        end.write(b'{"torn')
    log.file.append(ASKED)
    take(log.file, SIGNER, log.anchors, at=AT, by="daemon", host="one")
    assert log.check().torn == (9,)


def test_torn_line_at_the_end_is_vouched_for_by_nobody(log: Log) -> None:
    """A crash leaves one, and so may whoever writes the file."""
    with log.file.path.open("ab") as end:
        end.write(b"a\nb")
    assert (log.check().torn, log.check().loose) == ((), (9, 10))


@pytest.mark.parametrize("text", ["root:x:0:0\nbin:x:1:1\n", "<!DOCTYPE html>\n<html>", "\n", '{"tag": \n{"at"'])
def test_file_without_a_whole_line_is_none_of_ours(tmp_path: Path, text: str) -> None:
    """A torn line is only what a crash leaves between whole ones."""
    (tmp_path / "passwd").write_text(text)
    with pytest.raises(NotAuthentic, match="is no file of vault-pim"):
        verify(ChainFile(tmp_path / "passwd"), KEY, ())


def test_chain_that_says_nothing_is_none_of_ours(tmp_path: Path) -> None:
    """Anybody can write hashes."""
    file = ChainFile(tmp_path / "audit.jsonl")
    for _ in range(2):
        file.append({"verdict": "proven"})
    with pytest.raises(NotAuthentic, match="is no file of vault-pim"):
        verify(file, KEY, ())


def test_checkpoint_after_a_torn_line_covers_it(log: Log) -> None:
    """The line it ends is its own."""
    with log.file.path.open("ab") as end:
        end.write(b'{"torn')
    take(log.file, SIGNER, log.anchors, at=AT, by="daemon", host="one")
    assert log.check().signed == 10


def test_log_whose_first_line_is_long_has_a_name(tmp_path: Path) -> None:
    """Longer than what is read at once."""
    file, anchors = ChainFile(tmp_path / "audit.jsonl"), MemoryAnchors()
    file.append(ASKED | {"said": "x" * 50_000})
    take(file, SIGNER, anchors, at=AT, by="daemon", host="one")
    assert verify(file, KEY, anchors.all()).file in anchors.kept


def test_public_key_lies_beside_the_log_and_is_never_replaced(log: Log) -> None:
    """For when Vault is away; whoever compares it sees a change."""
    kept = log.file.path.with_name(KEY_FILE)
    assert PublicKey.from_file(kept).id == KEY.id
    take(log.file, MemorySigner(), MemoryAnchors(), at=AT, by="daemon", host="one")
    assert PublicKey.from_file(kept).id == KEY.id
