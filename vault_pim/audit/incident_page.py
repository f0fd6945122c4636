"""An incident as one HTML document that can be kept, read without a network, and printed.

Made by `vault-pim incident export`. Loads nothing and runs no script; every value is escaped. What proves it genuine is
the signed JSON, which it carries whole at its end.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

from vault_pim.audit.html import bullets
from vault_pim.audit.html import document as frame
from vault_pim.audit.html import facts as facts_table
from vault_pim.audit.incident import Entry, Record, Summary
from vault_pim.audit.timeline import timeline

TITLES = {
    "revocation:asked": "revocation asked for",
    "revocation:resumed": "revocation asked for again",
    "rotation:asked": "a new set asked for",
    "breakglass:asked": "break-glass: cut at the PIM asked for, without Vault",
    "breakglass:begun": "break-glass: deletion at the PIM begun",
    "breakglass:cut": "break-glass: deleted at the PIM",
    "breakglass:failed": "break-glass: failed",
}
UNTIMED = "how long it took cannot be told: the clocks of the machines differ"
BEGUN, DONE, FAILED = ":begun", ":done", ":failed"


def title(entry: Entry) -> str:
    """What happened, in a few words."""
    tag = str(entry["tag"])
    number = entry.get("generation")
    if tag in TITLES:
        return TITLES[tag] + (f", generation {number}" if number else "")
    subject, _, outcome = tag.rpartition(":")
    doing = str(entry.get("step", ""))
    if subject.startswith("surroundings"):
        doing = f"mend {doing}"
    if number is not None:
        doing = f"{doing} generation {number}"
    return f"{doing}: {outcome}"


def render(record: Record, facts: Summary, document: Mapping[str, Any]) -> str:
    """The page.

    Args:
        document: the signed record, carried along.
    """
    signature = document["signature"]
    rows = {
        "Connector": facts.connector,
        "Reason": facts.reason,
        "Asked for": f"{_instant(facts.asked_at)} by {facts.asked_by}",
        "Proof": _proof(facts),
        "New set served": _instant(facts.renewed_at) if facts.renewed_at else "not in this incident",
        "Worked on by": ", ".join(facts.runs),
        "Failed tries": str(facts.failures),
        "Signed": f"{document['signed_at']}, {signature['algorithm']}, key {signature['key_id']}",
    }
    return frame(
        f"Incident {facts.incident}",
        f"""{facts_table(rows)}
{timeline(record, facts)}
<h2>Evidence</h2>
{bullets(facts.evidence, "Nothing is proven yet.")}
{f"<h2>Not proven</h2>{bullets(facts.unproven, '')}" if facts.unproven else ""}
<h2>Every step</h2>
<table class="steps">
<tr><th>Time (UTC)</th><th>What</th><th>By</th><th>Answer</th></tr>
{"".join(map(_row, record.entries))}
</table>
<h2>The signed record</h2>
<p>Save the text below as a file, then run <code>vault-pim audit verify FILE --key KEY</code> with the public key of the
installation. This page itself proves nothing.</p>
<pre>{escape(json.dumps(document, indent=1, ensure_ascii=False))}</pre>""",
    )


def _proof(facts: Summary) -> str:
    if facts.proven_at is None:
        return "not proven"
    after = UNTIMED if facts.seconds is None else f"{facts.seconds:.1f} s after it was asked for"
    return f"proven {_instant(facts.proven_at)}, {after}"


def _row(entry: Entry) -> str:
    kind = "bad" if str(entry["tag"]).endswith(FAILED) else ""
    said = [f"{key}: {text}" for key, text in entry.get("detail", {}).items()]
    cells = (_instant(datetime.fromisoformat(entry["at"])), title(entry), str(entry["by"]))
    answer = "<br>".join(map(escape, said))
    return f'<tr class="{kind}">{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}<td>{answer}</td></tr>\n'


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S.%f}"[:-3]
