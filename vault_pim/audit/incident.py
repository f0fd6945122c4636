"""The record of one incident: what each machine wrote about it, put together, signed, and read back.

Every machine writes a chained file of its own (incident_log.py); the record holds all of them, line by line, so that it
tells of every try, wherever that was. Pure: no file and no Vault is touched here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vault_pim.audit.chain import Line, check, encode, name_of
from vault_pim.audit.ports import Signer
from vault_pim.audit.signing import PublicKey, check_document, sign_document
from vault_pim.domain.errors import ConfigurationError, NotAuthentic
from vault_pim.domain.events import Tag
from vault_pim.domain.generation import Step
from vault_pim.domain.outcomes import Part

SCHEMA = 1
SCHEMA_FIELD = "incident_schema"
PROVEN_AT = "proven_at"
"""Detail of an entry that tells of a proof from before."""
TORN_AS = "latin-1"  # any bytes are a text of it

Entry = Mapping[str, Any]
"""What one line says, as in the audit log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that is known of an incident.

    Attributes:
        parts: the lines of each machine's file, by the name of the file; a torn line is a text.
    """

    incident: str
    parts: Mapping[str, tuple[Entry | str, ...]]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every entry of every machine, in the order in which they happened."""
        timed = []
        for lines in self.parts.values():
            latest = ""
            for line in lines:
                if not isinstance(line, str):
                    latest = max(latest, str(line["at"]))  # a clock that was set back does not change the order
                    timed.append((latest, line))
        return tuple(line for _, line in sorted(timed, key=lambda pair: pair[0]))

    def with_part(self, lines: Sequence[Line]) -> "Record":
        """The record with a file as it is now.

        Raises:
            NotAuthentic: it lacks what it had when it was last put in, or a line of it is no entry.
        """
        if not lines:
            return self
        name = name_of(lines[0].raw)
        part = tuple(line.raw.decode(TORN_AS) if line.fields is None else line.fields for line in lines)
        before = self.parts.get(name, ())
        if part[: len(before)] != before:
            raise NotAuthentic(
                f"the file of incident {self.incident} on this machine was changed",
                why="it does not begin with what the record holds of it",
            )
        for line in lines:
            if line.fields is not None and not _is_entry(line.fields):
                raise NotAuthentic(
                    f"the file of incident {self.incident} on this machine was changed",
                    why=f"line {line.number} does not say who did what, and when",
                )
        return Record(incident=self.incident, parts={**self.parts, name: part})

    def signed(self, signer: Signer, at: datetime) -> dict[str, Any]:
        """The record as a document to be kept."""
        parts = [{"file": name, "lines": list(lines)} for name, lines in self.parts.items()]
        document = {SCHEMA_FIELD: SCHEMA, "incident": self.incident, "signed_at": at.isoformat(), "parts": parts}
        return sign_document(document, signer)


def read(document: Mapping[str, Any], key: PublicKey) -> Record:
    """The record that a document holds, if it is as it was signed and every part a chain of its own.

    Raises:
        NotAuthentic: it is not.
    """
    what = f"the record of incident {document.get('incident')}"
    check_document(document, key, what=what)
    if document.get(SCHEMA_FIELD) != SCHEMA:
        raise NotAuthentic(f"{what} is of another release", advice="Read it with the vault-pim that wrote it.")
    parts = {}
    for part in document["parts"]:
        raw = [line.encode(TORN_AS) if isinstance(line, str) else encode(line) for line in part["lines"]]
        for _ in check(raw, what=f"part {part['file']} of {what}"):
            pass
        parts[part["file"]] = tuple(part["lines"])
    return Record(incident=document["incident"], parts=parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """An incident in a few facts.

    Attributes:
        runs: every process that worked on it, in order: `<command>/<account>@<host>:<process id>`.
        seconds: from the wish to the proof; None until then, and where the clocks of two machines deny it.
        evidence: what was tried and refused, one line each.
        unproven: what could not be tried, one line each.
    """

    incident: str
    connector: str
    reason: str
    asked_at: datetime
    asked_by: str
    proven_at: datetime | None
    renewed_at: datetime | None
    runs: tuple[str, ...]
    failures: int
    evidence: tuple[str, ...]
    unproven: tuple[str, ...]

    @property
    def seconds(self) -> float | None:
        """From the wish to the proof; see the attributes."""
        if self.proven_at is None or self.proven_at < self.asked_at:
            return None
        return (self.proven_at - self.asked_at).total_seconds()


def summary(record: Record) -> Summary:
    """What the entries come to.

    Raises:
        ConfigurationError: there are none.
    """
    entries = record.entries
    if not entries:
        raise ConfigurationError(
            f"nothing can be read of incident {record.incident}",
            why="no whole line was written about it: a full disk or a crash broke off each",
            advice="Look for it in the audit logs.",
        )
    asked = next((one for one in entries if one["tag"] in ASKED), entries[0])
    details = [(one, key, str(text)) for one in entries for key, text in one.get("detail", {}).items()]
    proven = _proof(entries, asked)
    renewed = next((one for one in entries if one["tag"] == Tag.STEP_DONE and one.get("step") == Step.PUBLISH), None)
    return Summary(
        incident=record.incident,
        connector=asked.get("connector", ""),
        reason=asked.get("detail", {}).get("reason", ""),
        asked_at=datetime.fromisoformat(asked["at"]),
        asked_by=asked["by"],
        proven_at=None
        if proven is None
        else datetime.fromisoformat(proven.get("detail", {}).get(PROVEN_AT, proven["at"])),
        renewed_at=_at(renewed),
        runs=tuple(dict.fromkeys(one["by"] for one in entries)),
        failures=sum(str(one["tag"]).endswith(":failed") for one in entries),
        evidence=_lines(details, "evidence"),
        unproven=_lines(details, "unproven"),
    )


ASKED = (Tag.REVOCATION_ASKED, Tag.BREAKGLASS_ASKED)
WISHES = (*ASKED, Tag.REVOCATION_RESUMED)


def _proof(entries: Iterable[Entry], first: Entry) -> Entry | None:
    """The proof that stands: a later wish that tells of none began anew.

    Not so the first one: its clock may be ahead of that of the machine that proved it.
    """
    proof = None
    for one in entries:
        if is_proof(one):
            proof = one
        elif one["tag"] in WISHES and one is not first:
            proof = None
    return proof


def is_proof(entry: Entry) -> bool:
    """Whether the revocation was proven by this, or was found to be."""
    proven = entry["tag"] == Tag.MEND_DONE and entry.get("step") == Part.PROOF
    return proven or PROVEN_AT in entry.get("detail", {})


def _is_entry(fields: Entry) -> bool:
    """Whether a line says all that a summary is made of."""
    try:
        instants = [datetime.fromisoformat(fields["at"])]
        if PROVEN_AT in (detail := fields.get("detail", {})):
            instants.append(datetime.fromisoformat(detail[PROVEN_AT]))
    except (KeyError, TypeError, ValueError):
        return False
    told = isinstance(fields.get("tag"), str) and isinstance(fields.get("by"), str) and isinstance(detail, dict)
    return told and all(one.tzinfo is not None for one in instants)


def _at(entry: Entry | None) -> datetime | None:
    return None if entry is None else datetime.fromisoformat(entry["at"])


def _lines(details: Iterable[tuple[Entry, str, str]], kind: str) -> tuple[str, ...]:
    """The lines of one kind, each once: a try that is repeated says the same again."""
    return tuple(dict.fromkeys(_about(one) + text for one, key, text in details if key.startswith(kind)))


def _about(entry: Entry) -> str:
    number = entry.get("generation")
    return f"generation {number}: " if number else ""
