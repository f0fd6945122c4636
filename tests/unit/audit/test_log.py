"""The audit file: one line per event, durable, never half a line that spoils the next."""

import json
import os
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.builders import ERP
from vault_pim.audit.chain import PREVIOUS, ChainFile
from vault_pim.audit.log import AuditFile, as_json
from vault_pim.domain.errors import AuditUnavailable
from vault_pim.domain.events import Event, Tag

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
FULL = Event(
    at=AT,
    tag=Tag.STEP_DONE,
    by="daemon",
    connector=ERP,
    generation=2,
    step="issue",
    reason="age",
    detail={"client_id": "1_id"},
)


def lines(path: Path) -> list[dict[str, object]]:
    """All events in a file, without what chains them."""
    written = [json.loads(line) for line in path.read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != PREVIOUS} for line in written]


def test_event_is_one_line_of_json(tmp_path: Path) -> None:
    """With every field it has."""
    AuditFile(tmp_path / "audit.jsonl").record(FULL)
    assert lines(tmp_path / "audit.jsonl") == [
        {
            "at": "2026-03-02T09:00:00+00:00",
            "tag": "generation:step:done",
            "by": "daemon",
            "connector": "prod/erp",
            "generation": 2,
            "step": "issue",
            "reason": "age",
            "detail": {"client_id": "1_id"},
        }
    ]


def test_absent_fields_are_left_out() -> None:
    """What an event does not say is not written."""
    assert as_json(Event(at=AT, tag=Tag.REVOCATION_ASKED, by="cli")) == {
        "at": "2026-03-02T09:00:00+00:00",
        "tag": "revocation:asked",
        "by": "cli",
    }


def test_file_is_ours_alone_and_grows(tmp_path: Path) -> None:
    """Mode 0600; a second writer adds."""
    path = tmp_path / "audit.jsonl"
    AuditFile(path).record(FULL)
    AuditFile(path).record(FULL)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(lines(path)) == 2


def test_file_moved_away_is_begun_anew(tmp_path: Path) -> None:
    """Log rotation needs no signal."""
    path = tmp_path / "audit.jsonl"
    log = AuditFile(path)
    log.record(FULL)
    path.rename(tmp_path / "audit.jsonl.1")
    log.record(FULL)
    assert len(lines(path)) == 1


@pytest.mark.parametrize("reason", ["line\nbreak", 'quo"te', "separator\u2028here", "sûr", "\udce9 not utf-8"])
def test_any_text_a_person_gives_is_recorded(tmp_path: Path, reason: str) -> None:
    """Also one that came over the command line in another encoding; it stays one line."""
    path = tmp_path / "audit.jsonl"
    AuditFile(path).record(Event(at=AT, tag=Tag.REVOCATION_ASKED, by="cli", connector=ERP, detail={"reason": reason}))
    written = path.read_bytes().split(b"\n")
    assert len(written) == 2
    assert json.loads(written[0])["detail"] == {"reason": reason}


def test_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """With the cause, and the foreign error behind it."""
    with pytest.raises(AuditUnavailable) as refused:
        AuditFile(tmp_path / "missing" / "audit.jsonl").record(FULL)
    assert refused.value.why == "No such file or directory"
    assert isinstance(refused.value.__cause__, OSError)


def test_full_disk_is_said_and_spoils_no_later_event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a line stays, for nothing is ever taken out; the next event begins on a line of its own and covers it."""
    path = tmp_path / "audit.jsonl"
    log = AuditFile(path)
    write = os.write

    def half(descriptor: int, data: bytes) -> int:
        return write(descriptor, data[: len(data) // 2])

    with monkeypatch.context() as full:
        full.setattr(os, "write", half)
        with pytest.raises(AuditUnavailable, match="only part"):
            log.record(FULL)
    log.record(FULL)
    torn, whole = path.read_text().splitlines()
    assert json.loads(whole).items() >= as_json(FULL).items()
    assert [line.fields is None for line in ChainFile(path).lines()] == [True, False]
    with pytest.raises(json.JSONDecodeError):
        json.loads(torn)


def test_writers_at_once_do_not_mix_their_lines(tmp_path: Path) -> None:
    """Each with a file handle of its own, as processes have."""
    path = tmp_path / "audit.jsonl"

    def write() -> None:
        log = AuditFile(path)
        for _ in range(25):
            log.record(FULL)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lines(path) == [as_json(FULL)] * 100
    assert len(list(ChainFile(path).lines())) == 100
