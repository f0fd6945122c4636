"""The reference of the configuration says everything, and says it as the program does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vault_pim.settings.reference import json_schema, reference_page

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/reference/configuration.md"
SCHEMA = json_schema()


def keys() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every key of every section: the section's class, the key, its schema."""
    for owner, section in {"ConfigurationFile": SCHEMA, **SCHEMA["$defs"]}.items():
        for name, node in section.get("properties", {}).items():
            yield owner, name, node


@pytest.mark.parametrize(
    ("owner", "name", "node"), list(keys()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_key_is_explained(owner: str, name: str, node: dict[str, Any]) -> None:
    """Every key has a description, which stands on the page; one with a default says why that default."""
    description = node["description"]
    page = PAGE.read_text()
    if owner == "ConfigurationFile":
        assert f"## {name}" in page
    else:
        assert f"| `{name}` |" in page
        assert description in page


def test_page_is_current() -> None:
    """The page is what `python -m vault_pim.settings.reference` prints."""
    assert PAGE.read_text() == reference_page(), "run: python -m vault_pim.settings.reference > " + str(
        PAGE.relative_to(ROOT)
    )
