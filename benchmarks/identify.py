"""`python -m benchmarks.identify`: values of thousands of connectors hidden in a long log, and `identify` run on it.

Fills the index of a real OpenBao with the sets of many connectors, current and long retired ones; hides some of their
values in a log, written in every usual way and laid over the borders of what is searched at once; runs the command as
a person would, and compares what it says with what was hidden. Tells the speed and the memory of the whole process.
"""

import argparse
import base64
import json
import os
import random
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from vault_pim.assembly import assemble
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.secret import SecretStr
from vault_pim.leaks.own_password import RANDOM_CHARACTERS, own_password
from vault_pim.leaks.scan import STRETCH
from vault_pim.leaks.shapes import BASE36, BASE62, HEX_DIGITS
from vault_pim.playground import Playground

ROOT = Path(__file__).parents[1]
WRITERS = 8
GENERATIONS = 2
SEED = 1
MEGABYTE = 1_000_000
LEAST_SPEED = 100.0
MOST_MEMORY = 300.0

Hidden = tuple[str, int, str]
"""Connector, generation, field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one run gave.

    Attributes:
        missed, false: what was hidden and not told, and the other way round.
        cpu: seconds of processor time of the command and its workers; tells its cost on a machine that is busy.
        memory: MB at the most, of its largest process.
    """

    entries: int
    megabytes: float
    hidden: int
    missed: set[Hidden]
    false: set[Hidden]
    exit_code: int
    seconds: float
    cpu: float
    memory: float

    @property
    def speed(self) -> float:
        """MB/s of the whole command, its start and its questions to Vault and PIM included."""
        return self.megabytes / self.seconds


def identify_in_a_long_log(world: Playground, *, connectors: int, megabytes: int, hidden: int) -> Outcome:
    """Run it once.

    Args:
        world: set up.
        connectors: how many are in the index, each with two generations.
        hidden: how many of their values are in the log.
    """
    random_ = random.Random(SEED)  # noqa: S311 - reproducible noise
    with tempfile.TemporaryDirectory(prefix="vault-pim-leak-") as folder:
        values = _fill(world, connectors)
        chosen = dict(random_.sample(sorted(values.items()), hidden))
        log = Path(folder) / "log.txt"
        _write(log, megabytes * MEGABYTE, list(chosen.values()), random_)
        peak = Path(folder) / "peak"
        own = ["--config", str(world.config), "identify", str(log), "--json"]
        command = [sys.executable, "-m", "benchmarks.peak", str(peak), *own]
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        ran = subprocess.run(command, capture_output=True, check=False, env=dict(os.environ), cwd=ROOT)
        seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        told = {(one["connector"], one["generation"], one["field"]) for one in json.loads(ran.stdout)["matches"]}
        return Outcome(
            entries=len(values),
            megabytes=log.stat().st_size / MEGABYTE,
            hidden=hidden,
            missed=chosen.keys() - told,
            false=told - chosen.keys(),
            exit_code=ran.returncode,
            seconds=seconds,
            cpu=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            memory=int(peak.read_text()) / 1000,
        )


def _fill(world: Playground, connectors: int) -> dict[Hidden, str]:
    """Enter the sets of that many connectors; every value by what it is."""
    values: dict[Hidden, str] = {}
    sets = []
    for number in range(connectors):
        for generation in range(1, GENERATIONS + 1):
            id_ = ConnectorId(pim="sandbox", name=f"c{number}")
            secret = _random(BASE36, 50)
            ours = own_password(_random(BASE62, RANDOM_CHARACTERS))
            password = ours if number % 2 else _random(HEX_DIGITS, 8) + "a"
            values[str(id_), generation, "client_secret"] = secret
            values[str(id_), generation, "password"] = password
            credentials = CredentialSet(
                base_url=world.pim.url,
                client_id=f"{number}_{_random(BASE36, 50)}",
                client_secret=SecretStr(secret),
                username=f"c{number}_1234",
                password=SecretStr(password),
            )
            sets.append((id_, generation, credentials))
    from vault_pim.settings import Settings  # noqa: PLC0415 - with the playground's configuration

    with assemble(Settings.load(world.config), role="bench") as installation, ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda one: installation.issued.add(*one), sets))
    return values


def _random(characters: str, length: int) -> str:
    return "".join(secrets.choice(characters) for _ in range(length))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


WAYS: tuple[Callable[[str], str], ...] = (
    lambda value: f"secret={value}",
    lambda value: json.dumps({"body": json.dumps({"client_secret": value})}),
    lambda value: "body=" + quote(f"client_secret={value}&grant_type=password", safe=""),
    lambda value: f"Authorization: Basic {_base64(f'12_abc:{value}')}",
    lambda value: "header=Basic+" + quote(_base64(f"erp_1234:{value}"), safe=""),
    lambda value: f'"a\\u003d{value}\\u0026b"',
    lambda value: "".join(f"%{ord(character):02X}" for character in value),
    lambda value: f"  password: {_base64(value)}",
)


def _write(log: Path, size: int, values: list[str], random_: random.Random) -> None:
    """Noise with the values in it, every second one across a border of what is searched at once."""
    noise = "".join(_noise(random_, 20_000)).encode()
    places = sorted(random_.choices(range(1, size // STRETCH), k=len(values)))
    with log.open("wb") as file:
        for index, (place, value) in enumerate(zip(places, values, strict=True)):
            text = f"\n{WAYS[index % len(WAYS)](value)} \n".encode()
            across = random_.randrange(len(text)) if index % 2 else -random_.randrange(STRETCH // 2)
            _pad(file.write, place * STRETCH - across - file.tell(), noise, random_)
            file.write(text)
        _pad(file.write, size - file.tell(), noise, random_)


def _pad(write: Callable[[bytes], int], size: int, noise: bytes, random_: random.Random) -> None:
    while size > 0:
        begin = random_.randrange(len(noise))
        piece = noise[begin : begin + size]
        write(piece)
        size -= len(piece)


WORDS = (
    "connection",
    "request",
    "completed",
    "product",
    "updated",
    "channel",
    "export",
    "import",
    "job",
    "retry",
    "of",
)


def _noise(random_: random.Random, lines: int) -> Iterator[str]:
    """Lines of logs as they are: times to the nanosecond, traces, paths, JSON in JSON, URLs with escapes, hashes."""
    for number in range(lines):
        at = f"2026-11-24T04:{number // 60 % 60:02}:{number % 60:02}.{random_.randrange(10**9):09}Z"
        words = " ".join(random_.choices(WORDS, k=8))
        trace = f"{random_.getrandbits(128):032x}"
        yield (
            f"{at} INFO [{trace}] com.example.ProductUpdateHandler - {words} id={random_.randrange(10**9)}\n",
            json.dumps({"ts": at, "trace": trace, "path": f"/api/rest/v1/products/{words[:5]}", "said": words}) + "\n",
            f'10.0.{number % 256}.7 - - "GET /api/rest/v1/products?search=%7B%22sku%22%3A%5B%5D%7D HTTP/1.1" 200\n',
            f"{at} DEBUG /usr/lib/python3.11/site-packages/requests/adapters.py {random_.getrandbits(160):040x}\n",
            f"{at} WARN {words} {words}\n",
            json.dumps({"event": json.dumps({"said": words, "n": random_.random()})}) + "\n",
        )[number % 6]


def main() -> int:
    """Run it and print what came of it; exits 1 if anything was missed, or told falsely, or it was too slow."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identify")
    parser.add_argument("--connectors", type=int, default=10_000)
    parser.add_argument("--megabytes", type=int, default=1_000)
    parser.add_argument("--hidden", type=int, default=50)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="vault-pim-bench-") as directory,
        Playground(Path(directory), "7.0") as world,
    ):
        world.set_up()
        outcome = identify_in_a_long_log(
            world, connectors=asked.connectors, megabytes=asked.megabytes, hidden=asked.hidden
        )
    print(f"{outcome.megabytes:.0f} MB, {outcome.entries} values in the index, {outcome.hidden} hidden")
    print(f"missed {len(outcome.missed)}, told falsely {len(outcome.false)}, exit code {outcome.exit_code}")
    seconds = f"{outcome.seconds:.1f} s, {outcome.cpu:.1f} s of processor"
    print(f"{seconds}, {outcome.speed:.0f} MB/s (target {LEAST_SPEED:.0f})")
    print(f"{outcome.memory:.0f} MB of memory (target {MOST_MEMORY:.0f})")
    well = not outcome.missed and not outcome.false and outcome.speed >= LEAST_SPEED
    return 0 if well and outcome.memory <= MOST_MEMORY else 1


if __name__ == "__main__":
    sys.exit(main())
