"""The proof of separation as a document: what `prove` writes, signs and shows.

Built from what was judged; reads and decides nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.separation import Judged, Limit, Pair, Untried, Verdict

KIND: Final = "vault-pim separation"
SCHEMA: Final = 1


def separation_document(
    judged: Sequence[Judged],
    pairs: Sequence[Pair],
    limits: Mapping[str, Iterable[Limit]],
    skipped: Mapping[ConnectorId, Untried],
    *,
    verdict: Verdict,
    where: Mapping[str, Any],
    at: datetime,
    ended_at: datetime,
    by: str,
) -> dict[str, Any]:
    """The document, of JSON values only.

    Args:
        pairs: both ways of each pair; those that are proven are only counted.
        limits: by PIM.
        skipped: connectors that were not tried.
        where: the address of Vault, and of each PIM with its release.
        at: when the gathering began; `ended_at` is when it was done.
    """
    return {
        "kind": KIND,
        "schema": SCHEMA,
        "at": at.astimezone(UTC).isoformat(),
        "ended_at": ended_at.astimezone(UTC).isoformat(),
        "by": by,
        **where,
        "verdict": verdict.value,
        "connectors": [
            {
                "connector": str(one.id),
                "generation": one.generation,
                "mechanism": one.mechanism.value,
                "checks": [
                    {"claim": check.claim.value, "verdict": check.verdict.value, "said": check.said}
                    for check in one.checks
                ],
            }
            for one in judged
        ],
        "pairs": {
            "total": len(pairs),
            "proven": sum(pair.verdict is Verdict.PROVEN for pair in pairs),
            "not_proven": [
                {"of": str(pair.of), "to": str(pair.to), "verdict": pair.verdict.value, "why": pair.why}
                for pair in pairs
                if pair.verdict is not Verdict.PROVEN
            ],
        },
        "limits": [
            {"pim": pim, "what": one.what, "bits": one.bits, "seconds_to_guess": _seconds(one)}
            for pim, found in limits.items()
            for one in found
        ],
        "skipped": [
            {"connector": str(id_), "verdict": one.verdict, "why": one.why} for id_, one in sorted(skipped.items())
        ],
    }


def _seconds(limit: Limit) -> int | None:
    return None if limit.on_average is None else round(limit.on_average.total_seconds())
