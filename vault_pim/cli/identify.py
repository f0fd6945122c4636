"""`identify`: whose leaked value is this?

Finds values by keyed fingerprint; then asks the PIM, with the held set, whether it still works. Repeats no value.
"""

import re
import string
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TextIO

import typer

from vault_pim.assembly import Installation, assemble
from vault_pim.cli.invocation import FINDING, AsJson, invocation
from vault_pim.cli.render import BAD, GOOD, QUIET, WARN, Output
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import ConfigurationError, NoAnswer, Refusal
from vault_pim.domain.generation import Generation
from vault_pim.domain.secret import SecretStr

LONGEST = 64
WORD = string.ascii_letters + string.digits + "_-"
CANDIDATES = (re.compile(f"[A-Za-z0-9]{{9,{LONGEST}}}"), re.compile(f"[{WORD}]{{9,{LONGEST}}}"))
"""Connection passwords have 9 characters, client secrets up to 51 (contracts/akeneo/observed.md §4), without a dash;
passwords of `user_and_client` have 43 and may hold `-` and `_`."""
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A value of ours that was found; the value itself is not kept."""

    connector: ConnectorId
    generation: Generation
    field: str
    alive: str


def identify(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A text that may hold leaked values; - is stdin.")] = "-",
    as_json: AsJson = False,
) -> None:
    """Find every value that vault-pim ever issued in a text: connector, field, generation, live or dead.

    Exits 0 if nothing of ours is in it, 2 if something is.
    """
    output = Output(as_json=as_json)
    if file == "-" and sys.stdin.isatty():
        output.note("Paste what was found, then press Ctrl-D.")
    with assemble(invocation(context).settings(), role="identify") as installation:
        with nullcontext(sys.stdin) if file == "-" else _open(Path(file)) as text:
            found = {installation.fingerprints.of_value(SecretStr(one)) for one in _candidates(text)}
        matches = list(_matches(installation, found))
        output.json(
            {
                "matches": [
                    {
                        "connector": one.connector,
                        "field": one.field,
                        "generation": one.generation.number,
                        "stage": str(one.generation.stage),
                        "alive": one.alive,
                        "owner": owner(installation, one.connector),
                    }
                    for one in matches
                ]
            }
        )
        for one in matches:
            style = {"live": BAD, "dead": QUIET}.get(one.alive, WARN)
            which = f"{one.field} of generation {one.generation.number}, {one.generation.stage}"
            output.line(f"{one.connector}: {which}, {one.alive}", style)
            output.line(f"  owner: {owner(installation, one.connector) or 'nobody is named'}")
            if one.alive != "dead":
                output.line(f'  to cut it off: vault-pim revoke {one.connector} --reason "..."', WARN)
        if not matches:
            output.line("Nothing that vault-pim issued is in it.", GOOD)
        else:
            raise typer.Exit(FINDING)


def owner(installation: Installation, id_: ConnectorId) -> str | None:
    """Whom to tell."""
    connector = installation.connector(id_)
    return connector.owner if connector else None


def _open(path: Path) -> TextIO:
    try:
        return path.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read", why=error.strerror or "", advice="Name a file that is there, or - for stdin."
        ) from error


def _candidates(text: TextIO) -> Iterator[str]:
    """Every word that could be a value; one that a chunk ends in is carried over to the next."""
    rest = ""
    while chunk := text.read(CHUNK):
        words = rest + chunk
        end = len(words.rstrip(WORD))
        rest = words[end:][-LONGEST:]
        yield from _words_in(words[:end])
    yield from _words_in(rest)


def _words_in(text: str) -> set[str]:
    return {word for pattern in CANDIDATES for word in pattern.findall(text)}


def _matches(installation: Installation, found: set[str]) -> Iterator[Match]:
    for id_ in installation.ids():
        for generation in installation.states.load(id_).state.generations:
            for field, fingerprint in generation.fingerprints.items():
                if fingerprint in found:
                    alive = _alive(installation, id_, generation)
                    yield Match(connector=id_, generation=generation, field=field, alive=alive)


def _alive(installation: Installation, id_: ConnectorId, generation: Generation) -> str:
    """Ask the PIM; no answer is no proof of anything."""
    credentials = installation.credentials.held(id_, generation.number)
    if credentials is None:
        return "dead" if generation.stage.final else "unknown"
    try:
        taken = installation.reconciler(id_.pim).tools.driver.take_tokens(credentials)
    except (NoAnswer, Refusal):
        return "unknown"
    return "live" if taken else "dead"
