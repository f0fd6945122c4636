"""Rewrite the parts of the documentation that are made from code: `python -m tests.docs.regenerate` (`make docs`).

The tests compare with the same functions, so what this writes is what they expect.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from vault_pim.lifecycle.transitions import mermaid
from vault_pim.settings.reference import reference_page

ROOT = Path(__file__).parents[2]
DIAGRAM = "lifecycle diagram"


def diagram() -> str:
    """The stages as Markdown shows them."""
    return f"```mermaid\n{mermaid()}```\n"


def with_block(text: str, name: str, block: str) -> str:
    """The text with what stands between the two markers of that name replaced.

    Raises:
        ValueError: the markers do not stand there exactly once.
    """
    pattern = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->\n)", re.DOTALL)
    written, count = pattern.subn(lambda found: found[1] + block + found[2], text)
    if count != 1:
        raise ValueError(f"the markers of {name!r} stand there {count} times")
    return written


GENERATED: Mapping[str, Callable[[str], str]] = {
    "README.md": lambda text: with_block(text, DIAGRAM, diagram()),
    "docs/explanation/lifecycle.md": lambda text: with_block(text, DIAGRAM, diagram()),
    "docs/reference/configuration.md": lambda _: reference_page(),
}
"""By page: what it should be, given what it is."""


def regenerate(root: Path = ROOT) -> list[str]:
    """Write every generated part anew.

    Returns:
        The pages that were out of date.
    """
    changed = []
    for name, make in GENERATED.items():
        page = root / name
        before = page.read_text()
        after = make(before)
        if after != before:
            page.write_text(after)
            changed.append(name)
    return changed


if __name__ == "__main__":
    for page_name in regenerate():
        print(f"rewrote {page_name}")  # noqa: T201 - this is what the command says
