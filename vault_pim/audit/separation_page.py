"""The proof of separation as one HTML document that can be kept and printed; it carries the signed JSON whole.

Made by `vault-pim prove --out`. What proves it genuine is that JSON, not the page.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from html import escape
from typing import Any

from vault_pim.audit.html import document as frame
from vault_pim.audit.html import facts
from vault_pim.domain.wording import human_duration

BAD = "bad"


def render_separation(proof: Mapping[str, Any]) -> str:
    """The page of a signed proof."""
    pairs, signature = proof["pairs"], proof["signature"]
    rows = {
        "Verdict": proof["verdict"],
        "Made": f"{proof['at']} to {proof['ended_at']} by {proof['by']}",
        "Vault": proof["vault"],
        **{f"PIM {one['name']}": f"{one['url']}, release {one['release']}" for one in proof["pims"]},
        "Pairs": f"{pairs['proven']} of {pairs['total']} proven: the one's set opens nothing of the other",
        "Signed": f"{signature['algorithm']}, key {signature['key_id']}",
    }
    return frame(
        "Each credential set opens its own door and no other",
        f"""{facts(rows)}
<h2>What the PIM itself does not keep apart</h2>
{_table(("PIM", "What", "Left to guess"), ((one["pim"], one["what"], _left(one)) for one in proof["limits"]))}
<h2>Pairs not proven</h2>
{_table(("Set of", "Opens of", "Verdict", "Why"), (_pair(one) for one in pairs["not_proven"])) or "<p>None.</p>"}
<h2>Each connector</h2>
{_table(("Connector", "Claim", "Verdict", "What was seen"), _checks(proof["connectors"]))}
<h2>Not tried</h2>
{_table(("Connector", "Verdict", "Why"), (_skipped(one) for one in proof["skipped"])) or "<p>None.</p>"}
<h2>The signed proof</h2>
<p>Save the text below as a file, then run <code>vault-pim audit verify FILE --key KEY</code> with the public key of the
installation. This page itself proves nothing.</p>
<pre>{escape(json.dumps(proof, indent=1, ensure_ascii=False))}</pre>""",
    )


def _checks(connectors: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, ...]]:
    for one in connectors:
        name = f"{one['connector']}, generation {one['generation']}, {one['mechanism']}"
        for check in one["checks"]:
            yield name, check["claim"], check["verdict"], check["said"]
            name = ""


def _pair(one: Mapping[str, str]) -> tuple[str, ...]:
    return one["of"], one["to"], one["verdict"], one["why"]


def _skipped(one: Mapping[str, str | None]) -> tuple[str, ...]:
    return one["connector"] or "", one["verdict"] or "nothing to prove", one["why"] or ""


def _left(limit: Mapping[str, Any]) -> str:
    if limit["bits"] is None:
        return "nothing"
    seconds = limit["seconds_to_guess"]
    time = "past all ages" if seconds is None else f"{human_duration(timedelta(seconds=seconds))} on average"
    return f"{limit['bits']} bits, {time}"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table; nothing where it has no rows. What is not proven stands out."""
    told = "".join(
        f'<tr class="{BAD if {"broken", "unproven"} & set(row) else ""}">'
        f"{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n"
        for row in rows
    )
    head = "".join(f"<th>{name}</th>" for name in heads)
    return f'<table class="steps"><tr>{head}</tr>\n{told}</table>' if told else ""
