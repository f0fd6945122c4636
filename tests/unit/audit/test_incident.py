"""The record of an incident: every try of every machine, in order, signed; what was changed is not believed."""

import json
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.audit import FakeAudit
from tests.fakes.builders import ERP
from tests.fakes.clock import START, FakeClock
from tests.fakes.incidents import MemoryIncidents
from tests.fakes.signer import MemorySigner
from tests.fakes.wire import Wire
from vault_pim.audit.chain import encode
from vault_pim.audit.incident import Record, read, summary
from vault_pim.audit.incident_log import IncidentLog
from vault_pim.audit.incident_page import UNTIMED, render
from vault_pim.audit.signing import PublicKey, sign_document
from vault_pim.domain.errors import AuditUnavailable, ConfigurationError, NotAuthentic, VaultNoAnswer
from vault_pim.domain.events import Event, Tag

NAME = "20260302T090000Z.prod.erp"
MARKUP = '<script>alert("&")</script>'
DEATH = {"evidence_1": "password grant: 422"}


class Host:
    """One machine: its files, and its way to a Vault that others use, too."""

    def __init__(self, folder: Path, store: MemoryIncidents, signer: MemorySigner, clock: FakeClock) -> None:
        self.audit = FakeAudit(Wire())
        self.store, self.clock, self.folder = store, clock, folder / "incidents"
        self.log = IncidentLog(self.audit, self.folder, store, signer, clock)
        self.me = f"revoke/root@{folder.name}:1"

    def tell(self, tag: Tag, step: str | None = None, number: int | None = None, **detail: str) -> None:
        """Record an event of the incident, a second after the one before."""
        self.clock.forward(timedelta(seconds=1))
        event = Event(at=self.clock.now(), tag=tag, by=self.me, connector=ERP, incident=NAME, detail=detail)
        self.log.record(
            Event(**{**{name: getattr(event, name) for name in event.__slots__}, "step": step, "generation": number})
        )


@pytest.fixture
def signer() -> MemorySigner:
    """The key of the installation."""
    return MemorySigner()


@pytest.fixture
def key(signer: MemorySigner) -> PublicKey:
    """Its public half."""
    return PublicKey.from_pem(signer.public_key())


@pytest.fixture
def store() -> MemoryIncidents:
    """Vault's side."""
    return MemoryIncidents()


@pytest.fixture
def host(tmp_path: Path, store: MemoryIncidents, signer: MemorySigner) -> Callable[[str], Host]:
    """Makes machines that share Vault and the time."""
    clock = FakeClock()
    return lambda name: Host(tmp_path / name, store, signer, clock)


def broken_off_and_finished(one: Host, other: Host) -> None:
    """A revocation that one machine began and another finished."""
    one.tell(Tag.REVOCATION_ASKED, reason=MARKUP)
    one.tell(Tag.STEP_BEGUN, "revoke", 1)
    one.tell(Tag.STEP_FAILED, "revoke", 1, what="the PIM gives no answer")
    other.tell(Tag.STEP_BEGUN, "revoke", 1)
    other.tell(Tag.STEP_DONE, "revoke", 1, **DEATH)
    other.tell(Tag.MEND_DONE, "proof", None, evidence_1="Vault: entity disabled")


def test_record_tells_the_tries_of_every_machine_in_order(host: Callable[[str], Host], key: PublicKey) -> None:
    """Killed on one, finished on another: both runs, and how long it took in all."""
    one, other = host("one"), host("other")
    broken_off_and_finished(one, other)
    record = read(one.log.document(NAME), key)
    assert record == read(other.log.document(NAME), key)
    told = summary(record)
    assert told.runs == (one.me, other.me)
    assert (told.seconds, told.failures, told.asked_by, told.reason) == (5.0, 1, one.me, MARKUP)
    assert told.evidence == ("generation 1: password grant: 422", "Vault: entity disabled")
    assert [entry["at"] for entry in record.entries] == sorted(entry["at"] for entry in record.entries)


def test_proof_told_by_the_next_run_alone_counts(host: Callable[[str], Host], key: PublicKey) -> None:
    """With the time at which it was made; the same line of evidence is told once."""
    one = host("one")
    one.tell(Tag.REVOCATION_ASKED, reason="leaked")
    one.tell(Tag.STEP_DONE, "revoke", 1, **DEATH)
    at = one.clock.now() + timedelta(seconds=1)
    one.clock.forward(timedelta(hours=1))
    one.tell(Tag.REVOCATION_RESUMED, proven_at=at.isoformat(), evidence_1="generation 1: password grant: 422")
    told = summary(read(one.log.document(NAME), key))
    assert (told.seconds, told.evidence) == (2.0, ("generation 1: password grant: 422",))


@pytest.mark.parametrize("again", [Tag.REVOCATION_RESUMED, Tag.REVOCATION_ASKED])
def test_incident_that_is_asked_for_again_is_open_until_it_is_proven_again(
    host: Callable[[str], Host], key: PublicKey, again: Tag
) -> None:
    """What was issued since the first proof is not dead by that."""
    one, other = host("one"), host("other")
    broken_off_and_finished(one, other)
    one.tell(again, reason="again")
    assert summary(read(one.log.document(NAME), key)).proven_at is None
    other.tell(Tag.MEND_DONE, "proof", None)
    assert summary(read(one.log.document(NAME), key)).seconds == 7.0


def test_proof_of_a_machine_whose_clock_is_behind_has_no_length(host: Callable[[str], Host], key: PublicKey) -> None:
    """It stands, but was not made before it was asked for."""
    one, slow = host("one"), host("slow")
    one.tell(Tag.REVOCATION_ASKED, reason="leaked")
    slow.clock.forward(timedelta(seconds=-25))
    slow.tell(Tag.MEND_DONE, "proof", None)
    document = one.log.document(NAME)
    told = summary(read(document, key))
    assert (told.proven_at, told.seconds) == (slow.clock.now(), None)
    assert UNTIMED in render(read(document, key), told, document)


def test_record_of_torn_lines_alone_is_said_to_tell_nothing(host: Callable[[str], Host]) -> None:
    """The disk was full from the beginning."""
    one = host("one")
    one.folder.mkdir(parents=True)
    one.log.file(NAME).path.write_bytes(b'{"at": "20')
    with pytest.raises(ConfigurationError, match=f"nothing can be read of incident {NAME}"):
        summary(one.log.local(NAME).record)


def test_incident_that_is_not_proven_has_no_length(host: Callable[[str], Host], key: PublicKey) -> None:
    """It is still under way."""
    one = host("one")
    one.tell(Tag.REVOCATION_ASKED, reason="leaked")
    told = summary(read(one.log.document(NAME), key))
    assert (told.seconds, told.proven_at, told.renewed_at) == (None, None, None)


def test_entries_go_to_the_audit_log_too_and_others_to_that_alone(host: Callable[[str], Host]) -> None:
    """A rotation makes no incident."""
    one = host("one")
    one.tell(Tag.REVOCATION_ASKED)
    one.log.record(Event(at=START, tag=Tag.ROTATION_ASKED, by=one.me, connector=ERP))
    assert one.audit.tags == [Tag.REVOCATION_ASKED, Tag.ROTATION_ASKED]
    assert one.log.names() == (NAME,)
    assert len(list(one.log.file(NAME).lines())) == 1


def test_incident_is_recorded_where_the_audit_log_is_full(host: Callable[[str], Host], key: PublicKey) -> None:
    """What the engine does about the audit log is its own matter."""
    one = host("one")
    one.audit.full = True
    with pytest.raises(AuditUnavailable):
        one.tell(Tag.REVOCATION_ASKED)
    assert len(read(one.log.document(NAME), key).entries) == 1


def test_what_a_silent_vault_did_not_take_is_put_in_later(
    host: Callable[[str], Host], store: MemoryIncidents, key: PublicKey, caplog: pytest.LogCaptureFixture
) -> None:
    """Kept on the machine meanwhile, said once, and Vault is not asked at each entry."""
    one = host("one")
    one.tell(Tag.REVOCATION_ASKED)
    store.silent = True
    with caplog.at_level(logging.WARNING):
        for number in range(4):
            one.tell(Tag.STEP_DONE, "revoke", number)
    assert caplog.text.count("kept on this machine") == 1
    assert one.log.names() == (NAME,)
    assert len(one.log.local(NAME).record.entries) == 5
    with pytest.raises(VaultNoAnswer):
        one.log.document(NAME)
    store.silent = False
    one.clock.forward(timedelta(minutes=1))
    one.tell(Tag.STEP_DONE, "revoke", 1)
    assert len(read(host("other").log.document(NAME), key).entries) == 6


def test_beginning_of_a_step_is_told_to_vault_with_its_outcome(
    host: Callable[[str], Host], store: MemoryIncidents, key: PublicKey
) -> None:
    """Half as many writes; until then the file on this machine has it."""
    one = host("one")
    one.tell(Tag.REVOCATION_ASKED)
    one.tell(Tag.STEP_BEGUN, "revoke", 1)
    assert (len(store.texts[NAME]), len(one.log.local(NAME).record.entries)) == (1, 2)
    one.tell(Tag.STEP_DONE, "revoke", 1)
    assert len(read(host("other").log.document(NAME), key).entries) == 3


def test_pim_that_is_silent_for_minutes_fills_no_record(host: Callable[[str], Host], key: PublicKey) -> None:
    """Each try stands in the audit log; the record has the first."""
    one = host("one")
    for _ in range(20):
        one.tell(Tag.STEP_BEGUN, "revoke", 1)
        one.tell(Tag.STEP_FAILED, "revoke", 1, what="the PIM gives no answer")
    assert len(read(one.log.document(NAME), key).entries) == 2
    assert len(one.audit.events) == 40


def test_record_that_was_changed_in_vault_is_not_signed_again(
    host: Callable[[str], Host], store: MemoryIncidents, caplog: pytest.LogCaptureFixture
) -> None:
    """It is left as it is, and the machine's own file goes on."""
    one = host("one")
    one.tell(Tag.REVOCATION_ASKED, reason="leaked")
    changed = store.texts[NAME][-1].replace("leaked", "a test")
    store.texts[NAME].append(changed)
    one.tell(Tag.STEP_DONE, "revoke", 1)
    assert "was changed after it was signed" in caplog.text
    assert store.texts[NAME][-1] == changed
    with pytest.raises(NotAuthentic):
        one.log.document(NAME)
    assert len(one.log.local(NAME).record.entries) == 2


def test_file_of_a_machine_that_was_made_anew_does_not_replace_what_is_known(host: Callable[[str], Host]) -> None:
    """Nor is it put in beside it unseen: it has the same name only if it begins alike."""
    one = host("one")
    one.tell(Tag.REVOCATION_ASKED, reason="leaked")
    one.tell(Tag.STEP_DONE, "revoke", 1)
    path = one.log.file(NAME).path
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    one.log.file(NAME).append({"at": "2026", "tag": "x", "by": "y"})
    with pytest.raises(NotAuthentic, match="on this machine was changed"):
        one.log.document(NAME)


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"at": "2026", "tag": "x", "by": "y"},
        {"at": "2026-03-02T09:00:00", "tag": "x", "by": "y"},
        {"at": START.isoformat(), "tag": "x", "by": 1},
        {"at": START.isoformat(), "tag": "x", "by": "y", "detail": "proven_at"},
        {"at": START.isoformat(), "tag": "x", "by": "y", "detail": {"proven_at": "yesterday"}},
        {"at": START.isoformat(), "tag": "x", "by": "y", "detail": 1},
    ],
)
def test_line_that_is_no_entry_is_a_finding(host: Callable[[str], Host], line: dict[str, Any]) -> None:
    """Whoever put it there could continue the chain."""
    one = host("one")
    one.tell(Tag.REVOCATION_ASKED, reason="leaked")
    one.log.file(NAME).append(line)
    with pytest.raises(NotAuthentic, match="on this machine was changed"):
        one.log.local(NAME)


def test_machine_that_cannot_write_says_so_and_goes_on(
    host: Callable[[str], Host], caplog: pytest.LogCaptureFixture
) -> None:
    """An incident is never held up by its record."""
    one = host("one")
    one.folder.parent.mkdir()
    one.folder.write_text("in the way")
    one.tell(Tag.REVOCATION_ASKED)
    assert f"the record of incident {NAME} is not complete" in caplog.text


def test_torn_line_stays_in_the_record(host: Callable[[str], Host], key: PublicKey) -> None:
    """Whatever bytes it has."""
    one = host("one")
    one.tell(Tag.REVOCATION_ASKED)
    with one.log.file(NAME).path.open("ab") as end:
        end.write(b'{"torn \xff\xe2')
    one.tell(Tag.STEP_BEGUN, "revoke", 1)
    document = json.loads(json.dumps(one.log.document(NAME)))
    assert len(read(document, key).entries) == 2
    assert [type(line) for line in document["parts"][0]["lines"]] == [dict, str, dict]


def test_clock_that_was_set_back_does_not_turn_the_order_round(key: PublicKey) -> None:
    """Within one machine the order of the lines counts."""
    told = [{"at": at, "tag": "x", "by": "me"} for at in ("2026-03-02T10:00", "2026-03-02T09:00", "2026-03-02T11:00")]
    record = Record(
        incident=NAME, parts={"one": tuple(told), "two": ({"at": "2026-03-02T10:30", "tag": "y", "by": "z"},)}
    )
    assert [entry["at"][11:] for entry in record.entries] == ["10:00", "09:00", "10:30", "11:00"]


def test_record_without_one_of_its_lines_is_not_believed_even_if_signed(
    host: Callable[[str], Host], signer: MemorySigner, key: PublicKey
) -> None:
    """The chain of each machine is checked, too."""
    one = host("one")
    broken_off_and_finished(one, one)
    record = read(one.log.document(NAME), key)
    (name,) = record.parts
    shorter = Record(incident=NAME, parts={name: record.parts[name][1:]})
    with pytest.raises(NotAuthentic, match="line 1 of part"):
        read(shorter.signed(signer, START), key)


def test_record_of_a_later_release_is_refused_by_name(signer: MemorySigner, key: PublicKey) -> None:
    """What is not known is not guessed."""
    document = Record(incident=NAME, parts={}).signed(signer, START)
    later = {**document, "incident_schema": 2}
    with pytest.raises(NotAuthentic, match="another release"):
        read(sign_document(later, signer), key)


def change(document: dict[str, Any], line: int) -> dict[str, Any]:
    """A copy with one line of the first part changed."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    copy["parts"][0]["lines"][line]["by"] = "nobody"
    return copy


def test_no_line_can_be_changed(host: Callable[[str], Host], key: PublicKey) -> None:
    """Of any kind."""
    one = host("one")
    broken_off_and_finished(one, one)
    document = one.log.document(NAME)
    for line in range(6):
        with pytest.raises(NotAuthentic):
            read(change(document, line), key)


def test_page_is_whole_and_safe(host: Callable[[str], Host], key: PublicKey) -> None:
    """No script, nothing loaded, everything escaped; the signed record is in it, as it was signed."""
    one, other = host("one"), host("other")
    broken_off_and_finished(one, other)
    document = one.log.document(NAME)
    record = read(document, key)
    page = render(record, summary(record), document)
    assert MARKUP not in page
    assert "&lt;script&gt;" in page
    loading = r"<script|<link|<img|src=|href=|@import|url\(|https?://(?!www\.w3\.org/2000/svg)"
    assert re.search(loading, page) is None
    assert page.count('<path class="failed"') == 1
    assert page.count('<path class="proof"') == 1
    carried = page.partition("<pre>")[2].partition("</pre>")[0]
    assert read(json.loads(unescape(carried)), key) == record


def test_page_of_an_incident_under_way_says_what_is_missing(host: Callable[[str], Host], key: PublicKey) -> None:
    """One entry, no proof; a break-glass cut says what it could not try."""
    one = host("one")
    one.tell(Tag.REVOCATION_ASKED, reason="leaked")
    one.tell(Tag.BREAKGLASS_CUT, None, 1, evidence_1="deleted", unproven_1="no copy to try")
    document = one.log.document(NAME)
    record = read(document, key)
    page = render(record, summary(record), document)
    assert "not proven" in page
    assert "generation 1: no copy to try" in page


def test_lines_written_again_are_the_same_bytes(host: Callable[[str], Host]) -> None:
    """What the record holds as JSON is chained as it was written."""
    one = host("one")
    one.tell(Tag.REVOCATION_ASKED, reason="s\u00fbr \u2028 \udce9 \U0001f600")
    for line in one.log.file(NAME).lines():
        assert line.fields is not None
        assert encode(line.fields) == line.raw


def test_whoever_looks_signs_nothing_and_is_told_what_is_not_signed(
    host: Callable[[str], Host], store: MemoryIncidents, key: PublicKey
) -> None:
    """Whoever can write the file could have put a line there."""
    one = host("one")
    one.tell(Tag.REVOCATION_ASKED, reason="leaked")
    assert one.log.look(NAME).unsigned == ()
    put_there = {"at": START.isoformat(), "tag": Tag.MEND_DONE, "by": "nobody", "step": "proof"}
    one.log.file(NAME).append(put_there)
    looked = one.log.look(NAME)
    assert (looked.unsigned, len(looked.record.entries)) == ((2,), 2)
    assert one.log.local(NAME).unsigned == (1, 2)
    assert len(store.texts[NAME]) == 1
    one.log.document(NAME)
    assert (one.log.look(NAME).unsigned, len(store.texts[NAME])) == ((), 2)


def test_file_that_is_named_like_no_incident_is_none(host: Callable[[str], Host], store: MemoryIncidents) -> None:
    """In the folder and in Vault."""
    one = host("one")
    one.tell(Tag.REVOCATION_ASKED, reason="leaked")
    (one.folder / "notes.jsonl").touch()
    store.texts["notes"] = ["{}"]
    assert one.log.names() == (NAME,)


def test_machine_tells_when_the_last_revocation_of_a_connector_was_asked_for(host: Callable[[str], Host]) -> None:
    """By the names of its files; those of others, and what people put there, tell nothing."""
    here, nowhere = host("a"), host("b")
    here.tell(Tag.REVOCATION_ASKED)
    for name in ("20260302T101500250Z.prod.erp", "20260303T000000000Z.prod.erp-2", "notes.prod.erp"):
        (here.folder / f"{name}.jsonl").touch()
    assert here.log.revoked_at(ERP) == datetime(2026, 3, 2, 10, 15, 0, 250_000, tzinfo=UTC)
    assert nowhere.log.revoked_at(ERP) is None
