"""The frame of the HTML documents that people keep: one file, readable without a network, and to be printed.

Used by the pages of incidents and of proofs. Loads nothing and runs no script.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from importlib.resources import files


@cache
def _style() -> str:
    return files("vault_pim.audit").joinpath("document.css").read_text(encoding="utf-8")


def document(title: str, body: str) -> str:
    """The document.

    Args:
        title: as text.
        body: as HTML, with every value escaped.
    """
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{escape(title)}</title>
<style>{_style()}</style>
</head>
<body>
<h1>{escape(title)}</h1>
{body}
</body>
</html>
"""


def facts(rows: Mapping[str, str]) -> str:
    """A table of names and what is to be said of them."""
    told = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows.items())
    return f'<table class="facts">{told}</table>'


def bullets(lines: Iterable[str], otherwise: str) -> str:
    """A list, or what to say where it is empty."""
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else f"<p>{escape(otherwise)}</p>"
