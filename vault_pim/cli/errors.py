"""How an error is told on stderr: what, why, what to do. Used by `main` and by `exec`, which starts without it."""

import sys

from vault_pim.domain.wording import clean


def tell(what: str, why: str, advice: str) -> None:
    """Three lines, or more where there are several reasons."""
    reasons = why.splitlines()
    lines = [f"error: {what}", *([f"why: {why}"] if len(reasons) == 1 else reasons), f"what to do: {advice}"]
    print(*map(clean, lines), sep="\n", file=sys.stderr)  # noqa: T201 - the one place where errors are printed
