"""The reference of the command line says what the program says."""

import re

from tests.docs.regenerate import HELP, ROOT, commands, with_block
from vault_pim.cli.invocation import EXIT_ORDER
from vault_pim.domain import errors

PAGE = ROOT / "docs/reference/commands.md"


def test_help_on_the_page_is_that_of_the_program() -> None:
    """`make docs` rewrites it."""
    text = PAGE.read_text()
    assert with_block(text, HELP, commands()) == text


def test_every_exit_code_is_explained() -> None:
    """Each that an error has, in a table, and the order in which they win."""
    text = PAGE.read_text()
    explained = {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    raised = {kind.exit_code for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "exit_code")}
    assert explained == raised | {0, 2, 130}
    assert f"the first of {', '.join(map(str, EXIT_ORDER))} that occurred" in text
