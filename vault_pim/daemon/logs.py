"""What the daemon says on stderr: one line each, JSON for machines, `key=value` after the sentence on a terminal.

Set up by `process.py`. Writes the fields it knows and no others, and no traceback: an exception's own text could hold
anything. Other libraries are heard from WARNING on.
"""

import json
import logging
from datetime import UTC, datetime
from typing import TextIO

from vault_pim.domain.wording import clean

FIELDS = ("connector", "pim", "generation", "step", "outcome", "reason", "why", "advice", "tries", "address")
OURS = "vault_pim"


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"at": _at(record).isoformat(), "level": record.levelname.lower(), "message": record.getMessage()}
        return json.dumps(line | {"logger": record.name} | _known(record), ensure_ascii=False)


class HumanLines(logging.Formatter):
    """Time, level, sentence, and what else is known; control characters written out."""

    def format(self, record: logging.LogRecord) -> str:
        known = " ".join(f"{key}={json.dumps(text) if ' ' in text else text}" for key, text in _known(record).items())
        return clean(f"{_at(record):%H:%M:%S} {record.levelname.lower():<7} {record.getMessage()}  {known}".rstrip())


def configure(stream: TextIO, *, verbosity: int) -> None:
    """Say what the daemon does on that stream; with `verbosity` from 1 on, also what it is about to do."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(HumanLines() if stream.isatty() else JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger(OURS).setLevel(logging.DEBUG if verbosity else logging.INFO)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a wake that takes long is not worth a line each minute


def _at(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _known(record: logging.LogRecord) -> dict[str, str]:
    found = {field: getattr(record, field, None) for field in FIELDS}
    return {field: str(value) for field, value in found.items() if value not in (None, "")}
