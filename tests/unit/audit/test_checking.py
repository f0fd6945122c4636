"""Any file that is given: what is one JSON value must be signed, whatever else it says."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.incidents import MemoryAnchors
from tests.fakes.signer import MemorySigner
from vault_pim.audit.chain import BEGIN, ChainFile
from vault_pim.audit.checking import Checks, Outcome, check_file, check_files, with_rotated
from vault_pim.audit.checkpoints import Checked, take
from vault_pim.audit.signing import PublicKey, sign_document
from vault_pim.domain.errors import ConfigurationError, NotAuthentic

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SIGNER = MemorySigner()
KEY = PublicKey.from_pem(SIGNER.public_key())
PROOF = sign_document({"kind": "vault-pim separation", "at": AT.isoformat(), "tag": "x", "verdict": "broken"}, SIGNER)
UNSIGNED = {name: value for name, value in PROOF.items() if name != "signature"} | {"verdict": "proven"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of the file that is checked."""
    return tmp_path / "file"


@pytest.mark.parametrize("indent", [None, 2])
def test_signed_document_is_believed(path: Path, indent: int | None) -> None:
    """However it is laid out."""
    path.write_text(json.dumps(PROOF, indent=indent))
    assert check_file(path, KEY) == Checked(file=None, lines=1, signed=1, document=True)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "forged", [UNSIGNED, UNSIGNED | {"prev": BEGIN}, PROOF | {"prev": BEGIN}, [PROOF], "proven", 1]
)
def test_document_that_is_not_signed_as_it_stands_is_found_out(path: Path, forged: Any, indent: int | None) -> None:
    """Not taken for the only line of a log, nor for lines that a crash tore."""
    path.write_text(json.dumps(forged, indent=indent))
    with pytest.raises(NotAuthentic):
        check_file(path, KEY, ())


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a": NaN}', '{"a": ' * 100_000, "\xff\x00"])
def test_file_that_cannot_be_taken_apart_is_a_finding(path: Path, text: str) -> None:
    """Whoever made it wanted the check to fail."""
    path.write_text(text, encoding="latin-1")
    with pytest.raises(NotAuthentic):
        check_file(path, KEY, ())


def test_checkpoint_alone_is_no_log(path: Path) -> None:
    """It is signed, but tells of lines before it."""
    log = ChainFile(path)
    log.append({"at": AT.isoformat(), "tag": "rotation:asked"})
    take(log, SIGNER, MemoryAnchors(), at=AT, by="daemon", host="one")
    path.write_bytes(path.read_bytes().splitlines()[1])
    with pytest.raises(NotAuthentic, match=r"line 1 of .* is not as it was"):
        check_file(path, KEY, ())
    path.unlink()
    take(log, SIGNER, MemoryAnchors(), at=AT, by="daemon", host="one")
    assert check_file(path, KEY, ()).signed == 1


class Machine:
    """A machine with a log of two lines, the second a checkpoint that Vault has, too."""

    def __init__(self, folder: Path) -> None:
        self.anchors = MemoryAnchors()
        self.log = ChainFile(folder / "audit.jsonl")
        self.record()

    def record(self, host: str = "one", at: datetime = AT) -> None:
        """An event, and the checkpoint after it."""
        self.log.append({"at": at.isoformat(), "tag": "rotation:asked", "said": at.isoformat()})
        take(self.log, SIGNER, self.anchors, at=at, by=f"daemon/root@{host}:1", host=host)

    def check(self, *files: Path, host: str = "one") -> Checks:
        """As `audit verify` does."""
        anchors = self.anchors.all()
        return check_files(files or with_rotated(self.log.path, anchors), KEY, anchors, host=host)

    @property
    def found(self) -> Outcome:
        """What is found in the place of the log."""
        return self.check().files[self.log.path]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One whose log is whole."""
    return Machine(tmp_path)


def test_log_that_vault_knows_is_seen(machine: Machine) -> None:
    """By whatever way to it."""
    assert isinstance(machine.found, Checked)
    assert machine.check(machine.log.path.parent / "." / "audit.jsonl").unseen == ()


def emptied(log: ChainFile) -> None:
    """Nothing is left of it."""
    log.path.write_text("")


def missing(log: ChainFile) -> None:
    """It was taken away."""
    log.path.unlink()


def begun_anew(log: ChainFile) -> None:
    """As the program itself would."""
    log.path.unlink()
    log.append({"at": AT.isoformat(), "tag": "rotation:asked", "said": "another"})


def put_back(log: ChainFile) -> None:
    """Another log of this installation, signed as well."""
    (other := log.path.with_name("older")).unlink(missing_ok=True)
    take(ChainFile(other), SIGNER, MemoryAnchors(), at=AT, by="daemon", host="one")
    other.replace(log.path)


def signed_document(log: ChainFile) -> None:
    """Genuine, but no log."""
    log.path.write_text(json.dumps(PROOF))


@pytest.mark.parametrize("how", [signed_document, emptied, missing, begun_anew, put_back])
def test_log_that_another_stands_for_is_found_out(machine: Machine, how: Callable[[ChainFile], None]) -> None:
    """Vault knows what was in its place; on another machine that place is another."""
    how(machine.log)
    assert isinstance(machine.found, NotAuthentic)
    assert [one["host"] for one in machine.check().unseen] == ["one"]
    elsewhere = machine.check(host="two").files[machine.log.path]
    assert isinstance(elsewhere, NotAuthentic) == (how is begun_anew)  # of which nothing is signed


@pytest.mark.parametrize("new", [None, "", "begun"])
def test_log_that_was_rotated_away_is_seen_beside_the_next(machine: Machine, new: str | None) -> None:
    """Whatever the next one holds by now; what else lies there is not looked at."""
    former = machine.log.path.rename(machine.log.path.with_name("audit.jsonl.1"))
    (former.parent / "audit.jsonl.2.gz").write_bytes(b"\x1f\x8b")
    (former.parent / "audit.jsonl.d").mkdir()
    if new is not None:
        machine.log.path.write_text("")
    if new:
        machine.record(at=AT + timedelta(days=1))
    checks = machine.check()
    assert list(checks.files) == [former, machine.log.path]
    assert isinstance(checks.files[machine.log.path], Checked if new is not None else ConfigurationError)
    assert checks.unseen == ()
    alone = machine.check(machine.log.path)
    assert isinstance(alone.files[machine.log.path], Checked if new else NotAuthentic)
    assert len(alone.unseen) == 1


def test_log_of_another_machine_is_named(machine: Machine, tmp_path: Path) -> None:
    """It may be lost; who checks a document asks for none."""
    machine.log = ChainFile(tmp_path / "two.jsonl")
    machine.record(host="two", at=AT + timedelta(days=1))
    assert [(one["host"], one["path"]) for one in machine.check().unseen] == [("one", str(tmp_path / "audit.jsonl"))]
    (tmp_path / "proof").write_text(json.dumps(PROOF))
    assert machine.check(tmp_path / "proof").unseen == ()


def test_checkpoint_of_an_older_release_names_no_place(machine: Machine) -> None:
    """It is read all the same; nothing is missed in its place."""
    for name, one in machine.anchors.kept.items():
        told = {key: value for key, value in one.items() if key not in {"host", "path"}}
        machine.anchors.kept[name] = sign_document(told, SIGNER)
    emptied(machine.log)
    assert isinstance(machine.found, Checked)
    assert (len(machine.check().unseen), machine.check().forged) == (1, ())


def test_checkpoint_that_was_changed_in_vault_is_told(machine: Machine) -> None:
    """It would let a log end earlier, or be elsewhere."""
    for name, one in machine.anchors.kept.items():
        machine.anchors.kept[name] = {**one, "path": "/elsewhere"}
    emptied(machine.log)
    assert machine.check().forged == machine.check().unseen != ()


def test_file_that_cannot_be_read_hides_no_other(machine: Machine, tmp_path: Path) -> None:
    """Each has an outcome of its own."""
    found = machine.check(tmp_path / "none", machine.log.path).files
    assert [type(one) for one in found.values()] == [ConfigurationError, Checked]
