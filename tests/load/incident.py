"""One of several connectors is revoked while the others call the PIM with the very tokens they held before.

`python -m tests.load.incident` plays it with ten connectors at every release of the sandbox by every mechanism it has
(`make torture`); the tests play a few of these. What a thief of the old set could try is tried afterwards.
"""

import contextlib
import io
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import requests

from vault_pim.cli.main import main as command_line
from vault_pim.domain.connector import Mechanism
from vault_pim.pim.releases import RELEASES
from vault_pim.playground import READ, Playground
from vault_pim.sandbox.connector import Connector

CONNECTORS = 10
OK, DEAD = 200, 401
AT_LEAST = 5
"""Calls of each of the others while one is revoked; the sandbox PIM and all of them share a process."""
CASES = tuple(
    (release.name, mechanism)
    for release in RELEASES
    for mechanism in Mechanism
    if mechanism is Mechanism.USER_AND_CLIENT or release.connection_limit is not None
)


class Town(Playground):
    """A playground of some connectors that are all alike, by a mechanism that is named."""

    def __init__(self, directory: Path, release: str, mechanism: Mechanism, connectors: int) -> None:
        self.names = tuple(f"c{number}" for number in range(connectors))
        declared = {name: {"label": name, "permissions": [READ, "pim_api_channel_list"]} for name in self.names}
        super().__init__(
            directory, release, mechanism=mechanism, token_lifetime=timedelta(hours=1), connectors=declared
        )

    def __enter__(self) -> Self:
        super().__enter__()
        self.set_up()
        return self

    def run(self, *arguments: str) -> tuple[int, str]:
        """A command of the product in this process; its exit code and all it said."""
        told = io.StringIO()
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            return command_line(["--config", str(self.config), *arguments]), told.getvalue()


@dataclass(slots=True)
class Caller:
    """A connector that calls with one token and never asks for another."""

    connector: Connector
    token: str = ""
    calls: int = 0
    failures: list[int | str] = field(default_factory=list)

    def call(self, stop: threading.Event) -> None:
        """Until told to stop."""
        while not stop.is_set():
            try:
                status: int | str = self.connector.status_of(self.token)
            except requests.RequestException as error:
                status = type(error).__name__
            self.calls += 1
            if status != OK:
                self.failures.append(status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was seen.

    Attributes:
        alive: ways in which the old set, or what was got with it, still opens the PIM.
        failed: calls of the others that failed, while it was revoked or after.
        least: calls of the one of them that made the fewest.
        code: exit code of `revoke`, and what it said.
    """

    alive: tuple[str, ...]
    failed: tuple[int | str, ...]
    calls: int
    least: int
    code: tuple[int, str]
    seconds: float

    @property
    def well(self) -> bool:
        """As promised."""
        return not self.alive and not self.failed and self.least >= AT_LEAST and self.code[0] == 0


def incident(
    directory: Path, release: str, mechanism: Mechanism, *, connectors: int = CONNECTORS, order: str = "--cut-first"
) -> Outcome:
    """Play it once."""
    with Town(directory, release, mechanism, connectors) as town:
        code, said = town.run("apply")
        if code != 0:
            raise RuntimeError(f"apply ended with {code}: {said}")
        leaked, *others = (
            Caller(Connector(f"sandbox/{name}", town.bao.url, town.login_of(name))) for name in town.names
        )
        for one in (leaked, *others):
            one.connector.log_in()
            one.token = one.connector.new_token()
        theft = Theft(leaked.connector, others[0].connector)
        stop = threading.Event()
        threads = [threading.Thread(target=one.call, args=(stop,), daemon=True) for one in others]
        for thread in threads:
            thread.start()
        began = time.monotonic()
        told = town.run("revoke", "c0", "--reason", "leaked", "--yes", order)
        seconds = time.monotonic() - began
        time.sleep(0.5)  # noqa: TID251 - they call on after it
        stop.set()
        for thread in threads:
            thread.join()
        lost = [one for one in others if not refreshes(one.connector)]
        return Outcome(
            alive=tuple(theft.succeeds()),
            failed=(*(what for one in others for what in one.failures), *("refresh" for _ in lost)),
            calls=sum(one.calls for one in others),
            least=min(one.calls for one in others),
            code=told,
            seconds=seconds,
        )


def grant(connector: Connector, **body: str) -> requests.Response:
    """A token request with the client of that connector."""
    own = connector._set
    url = f"{own['base_url']}/api/oauth/v1/token"
    return connector._http.post(url, json=body, auth=(own["client_id"], own["client_secret"]), timeout=30)


def login(connector: Connector) -> dict[str, str]:
    """A password grant as that connector's user."""
    return {"grant_type": "password", "username": connector._set["username"], "password": connector._set["password"]}


def refreshes(connector: Connector) -> bool:
    """Whether its refresh token from before is taken."""
    return grant(connector, grant_type="refresh_token", refresh_token=connector._token["refresh_token"]).ok


class Theft:
    """All that somebody can do who has a whole set: what he got before, and what he tries after.

    Args:
        victim: whose set leaked.
        other: another connector of the same PIM, through whose client he logs in, too.
    """

    def __init__(self, victim: Connector, other: Connector) -> None:
        self._victim, self._other = victim, other
        self._own: dict[str, Any] = dict(victim._token)
        self._through_other: dict[str, Any] = grant(other, **login(victim)).json()

    def succeeds(self) -> Iterator[str]:
        """What still opens the PIM."""
        victim, other = self._victim, self._other
        for what, token in ("own token", self._own), ("token through another's client", self._through_other):
            if victim.status_of(token["access_token"]) != DEAD:
                yield what
        tries = {
            "password grant": (victim, login(victim)),
            "password grant through another's client": (other, login(victim)),
            "another's user through the leaked client": (victim, login(other)),
            "refresh grant": (victim, _refresh(self._own)),
            "refresh grant through another's client": (other, _refresh(self._own)),
            "refresh of what was granted through another's client": (other, _refresh(self._through_other)),
        }
        for what, (client, body) in tries.items():
            if grant(client, **body).ok:
                yield what


def _refresh(tokens: dict[str, Any]) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": str(tokens["refresh_token"])}


def main() -> int:
    """Every case in both orders; exits 1 if anything was not as promised."""
    well = True
    for release, mechanism in CASES:
        for order in ("--cut-first", "--replace-first"):
            with tempfile.TemporaryDirectory(prefix="vault-pim-incident-") as directory:
                seen = incident(Path(directory), release, mechanism, order=order)
            said = f"{seen.calls} calls, {len(seen.failed)} failed; alive: {', '.join(seen.alive) or 'nothing'}"
            print(f"{release:7}{mechanism:16}{order:16}exit {seen.code[0]} in {seen.seconds:.1f} s, {said}", flush=True)  # noqa: T201
            if not seen.well:
                well = False
                print(seen.failed[:5], seen.least, seen.code[1])  # noqa: T201
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
