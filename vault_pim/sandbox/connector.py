"""A connector as a customer might write one: takes its set from Vault, calls the PIM without pause, moves on.

Part of the demo world, and the witness of the demo: it counts every call it makes and every one that fails. Knows Vault
and the PIM by their public APIs alone, and nothing of vault-pim.
"""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

TIMEOUT = 5.0
LOOK_EVERY = 0.25
EARLY = 0.5
"""A token is replaced this many seconds before it expires."""


@dataclass(slots=True)
class Tally:
    """What happened so far; failures by their text."""

    calls: int = 0
    failures: list[str] = field(default_factory=list)
    generations: list[str] = field(default_factory=list)


class Connector:
    """One connector with its own AppRole login.

    Args:
        name: `<pim>/<connector>`.
        vault_url: address of Vault.
        login: directory with `role_id` and `secret_id`.
    """

    def __init__(self, name: str, vault_url: str, login: Path) -> None:
        self.name = name
        self.tally = Tally()
        self._vault = f"{vault_url}/v1"
        self._login = login
        self._http = requests.Session()
        self._http.trust_env = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self.vault_token = ""
        self._set: dict[str, str] = {}
        self._token: dict[str, Any] = {}

    def log_in(self) -> bool:
        """Log in to Vault and read the credential set; whether there is one yet."""
        body = {name: (self._login / name).read_text().strip() for name in ("role_id", "secret_id")}
        answer = self._http.post(f"{self._vault}/auth/vault-pim/{self.name}/login", json=body, timeout=TIMEOUT)
        answer.raise_for_status()
        self.vault_token = answer.json()["auth"]["client_token"]
        self._refresh()
        return bool(self._set)

    def reads(self, path: str) -> int:
        """The status Vault answers when this connector reads a path."""
        return self._read(path).status_code

    def start(self) -> None:
        """Begin to call the PIM without pause, from a thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the calls."""
        self._stop.set()
        self._thread.join(TIMEOUT)

    def new_token(self) -> str:
        """A fresh access token of the set in hand."""
        self._grant()
        return str(self._token["access_token"])

    def status_of(self, access_token: str) -> int:
        """What the PIM answers to a call with that token."""
        headers = {"Authorization": f"Bearer {access_token}"}
        return self._http.get(
            f"{self._set['base_url']}/api/rest/v1/channels", headers=headers, timeout=TIMEOUT
        ).status_code

    def wait(self) -> None:
        """Let it go on for a moment."""
        self._stop.wait(0.05)

    @property
    def secret(self) -> str:
        """The client secret it was given; what would leak."""
        return self._set["client_secret"]

    def _read(self, path: str) -> requests.Response:
        return self._http.get(f"{self._vault}/{path}", headers={"X-Vault-Token": self.vault_token}, timeout=TIMEOUT)

    def _refresh(self) -> None:
        """Read the set again; a new generation means a new token."""
        answer = self._read(f"pim/data/connectors/{self.name}")
        if not answer.ok:
            return  # the set in hand is good until the PIM says otherwise
        served = answer.json()["data"]["data"]
        if served.get("generation") != self._set.get("generation"):
            self._set, self._token = served, {}
            self.tally.generations.append(served["generation"])

    def _grant(self) -> None:
        body = {"grant_type": "password", "username": self._set["username"], "password": self._set["password"]}
        client = (self._set["client_id"], self._set["client_secret"])
        answer = self._http.post(f"{self._set['base_url']}/api/oauth/v1/token", json=body, auth=client, timeout=TIMEOUT)
        answer.raise_for_status()
        granted = answer.json()
        self._token = granted | {"until": time.monotonic() + granted["expires_in"] - EARLY}

    def _work(self) -> None:
        look_at = time.monotonic()
        while not self._stop.is_set():
            try:
                if time.monotonic() >= look_at:
                    self._refresh()
                    look_at = time.monotonic() + LOOK_EVERY
                if not self._token or time.monotonic() >= self._token["until"]:
                    self._grant()
                self.tally.calls += 1
                status = self.status_of(self._token["access_token"])
                if status != requests.codes.ok:
                    self.tally.failures.append(f"status {status}")
            except (requests.RequestException, KeyError, ValueError) as error:
                self.tally.failures.append(type(error).__name__)
                self._stop.wait(LOOK_EVERY)
