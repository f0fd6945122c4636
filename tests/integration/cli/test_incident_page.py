"""docs/how-to/incident.md followed to the letter: every command, in order, on a real Vault and the sandbox PIM."""

import json
import re
import shlex
from pathlib import Path

import pyrage
import pytest

from tests.integration.cli.conftest import Arena, Command

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "incident.md"
NAMED = {"prod/shop": "sandbox/shop", "prod.shop": "sandbox.shop"}
EXITS = {"identify": 2}


def sections() -> dict[str, list[str]]:
    """The commands of each section, by the first word of its title."""
    parts = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)[1:]
    return {part.split()[0].rstrip("."): re.findall(r"^\$ vault-pim (.*)$", part, re.MULTILINE) for part in parts}


@pytest.mark.holds_secrets
def test_every_command_of_the_page_does_what_the_page_says(
    arena: Arena, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the day, the way with Vault, and the way without it: each ends with the exit code the page names."""
    folder = arena.directory / "desk"
    folder.mkdir()
    monkeypatch.chdir(folder)
    identity = pyrage.x25519.Identity.generate()
    Path("identity.txt").touch(mode=0o600)
    Path("identity.txt").write_text(str(identity))
    ran: list[str] = []

    def follow(section: str, *, code: int = 0) -> None:
        for line in page[section]:
            for name, real in {**NAMED, "age1example": str(identity.to_public())}.items():
                line = line.replace(name, real)  # noqa: PLW2901 - the page's names become those of the sandbox
            words = shlex.split(line)
            done = run(*words)
            assert done.code == EXITS.get(words[0], code), (line, done.err)
            ran.append(line)

    page = sections()
    run("apply")
    follow("Before")
    Path("found.txt").write_text(json.loads(run("get", "shop").out)["client_secret"])
    for step in "1234":
        follow(step)
    cut, finish = page["5"]
    run("breakglass", "export", "--out", "bundle.age", "--recipient", str(identity.to_public()))
    arena.bao.stop()
    page["5"] = [cut]
    follow("5", code=5)
    arena.bao.start()
    page["5"] = [finish]
    follow("5")
    follow("3")
    assert len(ran) == PAGE.read_text().count("$ vault-pim ") + 1
