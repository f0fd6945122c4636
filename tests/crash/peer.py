"""The same exercise on OpenBao's own database engine: static roles at a PostgreSQL, OpenBao killed in mid-rotation.

    python -m tests.crash.peer --kills 60

There OpenBao itself does what the daemon does here, so OpenBao is what is killed: at each statement, before it is
passed on, when half of the answer was sent, and when its effect is there; and shortly after the commit. It is started
again at once, and what its path serves is tried at PostgreSQL. Skipped with a reason where PostgreSQL is not installed.
"""

import argparse
import random
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final, Self

from tests.crash import report
from tests.crash.postgres import SUPERUSER, NoPostgresError, Postgres, Wire
from tests.crash.proxy import KILLS, Deed
from tests.crash.world import remove
from vault_pim.sandbox.openbao import SandboxBao

NAMES: Final = ("app_0", "app_1", "app_2", "app_3")
PATIENCE: Final = 30.0
"""Seconds to wait for a password that logs in again; the engine looks every five."""
WITHIN: Final = 0.01
"""Seconds from the commit until OpenBao has written what it did."""
STATEMENTS: Final = ("begin", "alter", "commit")
LATE: Final = "after the commit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Struck:
    """What came of one kill.

    Attributes:
        dead: whether the password served right after the restart was refused.
        seconds: from the restart until what is served logged in; None if it never did.
    """

    point: str
    dead: bool
    seconds: float | None


class Peer:
    """One OpenBao with static roles, and its PostgreSQL."""

    def __init__(self, directory: Path) -> None:
        self._password = secrets.token_hex(16)
        self._bao = SandboxBao(directory / "openbao")
        self.postgres = Postgres(self._password, NAMES)
        self._nurse = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            starting.enter_context(self.postgres)
            self._wire = Wire(self.postgres)
            starting.callback(self._wire.close)
            starting.callback(self._nurse.shutdown)
            self._nurse.submit(self._bao.start).result()
            starting.callback(self._kill)
            self._wire.kill = self._kill
            self._token = self._bao.admin_token()
            self._set_up()
            self._running = starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()

    def _kill(self) -> None:
        self._nurse.submit(self._bao.kill).result()

    def points(self) -> list[str]:
        """What a rotation says to PostgreSQL, nobody disturbing it."""
        self._rotate(NAMES[0])
        self._wire.begin({})
        self._rotate(NAMES[0])
        return list(self._wire.said)

    def strike(self, role: str, orders: Mapping[str, Deed], late: float | None = None) -> Struck:
        """Kill OpenBao while it rotates that role, start it again, and try what it serves.

        Args:
            late: seconds after the commit was answered, in place of orders.
        """
        self._wire.begin(orders, late)
        with suppress(OSError, HTTPException, RuntimeError):  # killed in mid-answer, or it says that it failed
            self._rotate(role)
        if late is not None:
            self._wire.killed.wait(PATIENCE)  # it may have answered before it is killed
        self._wire.begin({})
        self._nurse.submit(self._bao.restart).result()
        begun = time.monotonic()
        dead = not self.works(role)
        seconds = self._until_it_works(role, begun)
        if seconds is None:
            self._rotate(role)  # as a person would, so that the next kill finds it well
        statement = next(iter(orders), None)
        return Struck(
            point=statement or LATE,
            dead=dead,
            seconds=seconds,
        )

    def _until_it_works(self, role: str, begun: float) -> float | None:
        while time.monotonic() - begun < PATIENCE:
            if self.works(role):
                return time.monotonic() - begun
            threading.Event().wait(0.05)
        return None

    def works(self, role: str) -> bool:
        """Whether what is served logs in."""
        served = self._call("GET", f"database/static-creds/{role}")["data"]
        return self.postgres.logs_in(served["username"], served["password"])

    def _rotate(self, role: str) -> None:
        self._call("POST", f"database/rotate-role/{role}", {})

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, dict[str, str]]:
        return self._bao.call(method, path, body, {"X-Vault-Token": self._token})

    def _set_up(self) -> None:
        self._call("POST", "sys/mounts/database", {"type": "database"})
        url = f"postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{self._wire.port}/postgres?sslmode=disable"
        engine = {"plugin_name": "postgresql-database-plugin", "connection_url": url, "allowed_roles": "*"}
        account = {"username": SUPERUSER, "password": self._password}
        self._call("POST", "database/config/own", engine | account)
        for name in NAMES:
            role = {"db_name": "own", "username": name, "rotation_period": "86400"}
            self._call("POST", f"database/static-roles/{name}", role)


def exercise(peer: Peer, kills: int, chance: random.Random) -> Iterator[Struck]:
    """Each statement in each way in turn, and every second kill at a random time after the commit."""
    singly = [{statement: deed} for statement in STATEMENTS for deed in KILLS]
    for number in range(kills):
        role = NAMES[number % len(NAMES)]
        if number % 2:
            yield peer.strike(role, {}, late=chance.uniform(0, WITHIN))
        else:
            yield peer.strike(role, singly[number // 2 % len(singly)])


def table(struck: list[Struck]) -> list[tuple[str, ...]]:
    """As of the product: lost is what never logged in again, served dead what did not right after the restart."""
    rows: list[tuple[str, ...]] = [
        ("OpenBao's database engine", "Kills", "Lost", "Served dead", "Longest until converged")
    ]
    for name, some in (
        *((f"killed at `{name}`", [one for one in struck if one.point == name]) for name in STATEMENTS),
        (f"killed within {WITHIN * 1000:.0f} ms {LATE}", [one for one in struck if one.point == LATE]),
        ("all", struck),
    ):
        longest = max((one.seconds for one in some if one.seconds is not None), default=0.0)
        lost, dead = sum(one.seconds is None for one in some), sum(one.dead for one in some)
        rows.append((name, f"{len(some)}", f"{lost}", f"{dead}", f"{longest:.1f} s"))
    return rows


def main() -> int:
    """Exercise, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--write", action="store_true", help="into docs/explanation/failure.md")
    given = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="vault-pim-peer-"))
    try:
        with Peer(directory) as peer:
            struck = list(exercise(peer, given.kills, random.Random(given.seed)))
    except NoPostgresError as reason:
        sys.stdout.write(f"OpenBao's own engine is skipped: {reason}\n")
        return 0
    finally:
        remove(directory)
    rows = table(struck)
    sys.stdout.write(f"seed {given.seed}\n{report.plain(rows)}\n")
    if given.write:
        report.write(report.markdown(rows, words=1), name="peer")
    return 0


if __name__ == "__main__":
    sys.exit(main())
