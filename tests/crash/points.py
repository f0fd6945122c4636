"""Names of points: which request of which step, with everything that differs from run to run taken out."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

BETWEEN = "look"
"""The name of what is done between two steps: log in, load, look around, save, log out."""
_TEMPLATES = (
    (re.compile(r"^/v1/"), ""),
    (re.compile(r"\d{8}T[\d.]+Z"), "{instant}"),
    (re.compile(r"\?.*$"), "?"),
    (re.compile(r"vp_[a-z_]+_\d+"), "{label}"),
    (re.compile(r"(sandbox|vault-pim\.sandbox)[/.](erp|shop|dam)"), "{connector}"),
    (re.compile(r"(?<=/audit/)[0-9a-f]{16}$"), "{file}"),
    (re.compile(r"(?<=/fingerprints/)[^.]+"), "{value}"),
    (re.compile(r"(?<=/)\d+(?=/|\?|$)"), "{n}"),
)


CONSOLE = "/_sandbox/console"


def request_name(side: str, method: str, target: str, body: bytes = b"") -> str:
    """`Vault POST pim-state/data/connectors/{connector}`, or `PIM console pim:oauth-server:list-clients`."""
    if target == CONSOLE:
        return f"{side} console {json.loads(body)['arguments'][0]}"
    for pattern, template in _TEMPLATES:
        target = pattern.sub(template, target)
    return f"{side} {method} {target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A request of a run: the n-th of that name, from 0. How many others came before it does not matter: two runs of
    the same program differ in that."""

    name: str
    nth: int = 0


def points(names: Iterable[str]) -> tuple[Point, ...]:
    """The points of a run whose requests had these names, in that order."""
    met: Counter[str] = Counter()
    found = []
    for name in names:
        found.append(Point(name=name, nth=met[name]))
        met[name] += 1
    return tuple(found)


class StepInHand:
    """The step the program is at, as its own audit log tells: the last event that was begun and not ended."""

    def __init__(self, audit: Path) -> None:
        self._audit = audit
        self._from = 0

    def begin(self) -> None:
        """Another process begins; what those before it left open is not its step."""
        self._from = self._audit.stat().st_size if self._audit.exists() else 0

    def name(self) -> str:
        """`issue`, `mend role`, or `look` between two steps."""
        if not self._audit.exists():
            return BETWEEN
        ended = 0
        for line in reversed(self._audit.read_bytes()[self._from :].splitlines()):
            event = json.loads(line)
            if not event["tag"].endswith(":begun"):
                ended += event["tag"].endswith((":done", ":failed"))
            elif ended:
                ended -= 1
            else:
                return f"mend {event['step']}" if event["tag"].startswith("surroundings:") else str(event["step"])
        return BETWEEN
