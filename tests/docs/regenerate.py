"""Rewrite the parts of the documentation that are made from code: `python -m tests.docs.regenerate` (`make docs`).

The tests compare with the same functions, so what this writes is what they expect.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from vault_pim.cli.commands import COMMANDS
from vault_pim.cli.main import PROGRAM, app
from vault_pim.lifecycle.transitions import mermaid
from vault_pim.settings.reference import reference_page

ROOT = Path(__file__).parents[2]
DIAGRAM = "lifecycle diagram"
HELP = "help of every command"
WIDTH = 110


def diagram() -> str:
    """The stages as Markdown shows them."""
    return f"```mermaid\n{mermaid()}```\n"


def commands() -> str:
    """What `--help` says of every command, without the frames it has on a terminal."""
    root = typer.main.get_command(app)
    context = typer.Context(root, info_name=PROGRAM, terminal_width=WIDTH, max_content_width=WIDTH)
    context.help_option_names = root.context_settings["help_option_names"]
    sections = [text for name in COMMANDS for text in _help(COMMANDS[name].load(name), context)]
    return "\n".join(sections)


def _help(command: Any, parent: typer.Context) -> Iterator[str]:
    """One section for a command, or one for each command of a group."""
    context = typer.Context(command, info_name=command.name, parent=parent)
    if inner := getattr(command, "commands", None):
        for one in inner.values():
            yield from _help(one, context)
        return
    command.rich_markup_mode = None  # plain text
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    yield f"### {context.command_path.removeprefix(PROGRAM).strip()}\n\n```text\n{text}\n```\n"


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
    "docs/reference/commands.md": lambda text: with_block(text, HELP, commands()),
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
