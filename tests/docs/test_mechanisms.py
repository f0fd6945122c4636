"""The page about mechanisms shows the results of the contract as it is now."""

from tests.contract.results import BLOCK, PAGE, collected, table
from tests.docs.regenerate import with_block


def test_table_of_mechanisms_shows_every_condition_kept() -> None:
    """A condition more or less, or one that was not kept when the page was made: `python -m tests.contract.results`."""
    whole = collected()
    assert with_block(PAGE.read_text(), BLOCK, table(whole, whole)) == PAGE.read_text()
