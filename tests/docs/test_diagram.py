"""What the documentation shows of the lifecycle is what the code does."""

import shutil
from pathlib import Path

import pytest

from tests.docs.regenerate import DIAGRAM, GENERATED, ROOT, diagram, regenerate, with_block
from vault_pim.domain.generation import Stage, Step

PAGES = ["README.md", "docs/explanation/lifecycle.md"]


@pytest.mark.parametrize("page", PAGES)
def test_diagram_in_the_page_is_the_table(page: str) -> None:
    """`make docs` rewrites it."""
    text = (ROOT / page).read_text()
    assert text.count("stateDiagram-v2") == 1
    assert f"<!-- {DIAGRAM} -->\n{diagram()}<!-- /{DIAGRAM} -->\n" in text


def test_explanation_has_a_row_for_every_stage_and_step() -> None:
    """None is left out, none is invented."""
    text = (ROOT / "docs/explanation/lifecycle.md").read_text()
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    assert rows == ["stage", *(stage.upper() for stage in Stage), "step", *Step]


def test_regenerating_puts_a_page_right_and_then_changes_nothing(tmp_path: Path) -> None:
    """On copies of all pages, one of them out of date."""
    for name in GENERATED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    regenerate(tmp_path)
    readme = tmp_path / "README.md"
    right = readme.read_text()
    readme.write_text(with_block(right, DIAGRAM, "old\n"))
    assert regenerate(tmp_path) == ["README.md"]
    assert readme.read_text() == right
    assert regenerate(tmp_path) == []


@pytest.mark.parametrize("text", ["", f"<!-- {DIAGRAM} -->\n<!-- /{DIAGRAM} -->\n" * 2])
def test_page_without_its_markers_is_refused(text: str) -> None:
    """Rather than written without the diagram."""
    with pytest.raises(ValueError, match="markers"):
        with_block(text, DIAGRAM, diagram())
