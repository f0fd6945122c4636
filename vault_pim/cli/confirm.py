"""Asking a person before something that cannot be taken back. Where nobody can answer, nobody is asked."""

import sys

import typer


def confirm(question: str, *, yes: bool) -> None:
    """Go on, unless a person at a terminal says no.

    Args:
        question: names what will be changed.
        yes: `--yes` was given.

    Raises:
        typer.Abort: the answer was no.
    """
    if not yes and sys.stdin.isatty() and sys.stderr.isatty():
        typer.confirm(question, abort=True, err=True)
