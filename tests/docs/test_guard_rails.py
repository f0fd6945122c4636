"""Rules of the house that no linter knows: one door for secrets, short modules, a README that tells the truth."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from vault_pim.cli.commands import COMMANDS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "vault_pim"
LONGEST = 250


def modules() -> list[Path]:
    """Every module of the product."""
    return sorted(PACKAGE.rglob("*.py"))


def names_in(path: Path) -> Iterator[str]:
    """Every attribute and name a module uses."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id


def test_secrets_are_opened_in_one_place() -> None:
    """`get_secret_value` occurs in reveal.py alone."""
    assert [path.name for path in modules() if "get_secret_value" in names_in(path)] == ["reveal.py"]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_is_short_and_says_what_it_is_for(path: Path) -> None:
    """At most 250 lines, and a docstring that says what it is responsible for."""
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST
    assert ast.get_docstring(ast.parse(text))


def test_readme_names_every_command() -> None:
    """The table of commands in README.md leaves none out and invents none."""
    readme = (ROOT / "README.md").read_text()
    table = readme.split("## Commands", 1)[1].split("Every command", 1)[0]
    named = {word.split()[0] for word in re.findall(r"`([a-z]+(?: [a-z]+)?)", table)}
    assert named == set(COMMANDS)


def test_links_in_the_documentation_lead_somewhere() -> None:
    """Every relative link in README.md and docs/ names a file that is there."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    links = [(page, target) for page in pages for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())]
    inside = [(page, target) for page, target in links if "://" not in target]
    assert [f"{page}: {target}" for page, target in inside if not (page.parent / target).exists()] == []
