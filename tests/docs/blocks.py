"""Examples of the documentation, to be run."""

import re
import textwrap
from pathlib import Path


def python_blocks(page: Path) -> list[str]:
    """The Python of a page, block by block."""
    found = re.findall(r"^( *)```python\n(.*?)^\1```$", page.read_text(), re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(text) for _, text in found]
