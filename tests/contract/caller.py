"""A connector of the plainest kind: it calls its PIM without pause, and counts what is refused."""

import threading
from types import TracebackType
from typing import Self

import requests

from vault_pim.domain.credentials import CredentialSet

TIMEOUT = 10


class Caller:
    """Calls from a thread, from entering until leaving.

    Attributes:
        calls, refused: how many so far.
    """

    def __init__(self, url: str, credentials: CredentialSet) -> None:
        self.calls = 0
        self.refused = 0
        self._url = url
        self._http = requests.Session()
        self._token = self._grant(credentials)
        self._stop = threading.Event()
        self._called = threading.Condition()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Self:
        self._thread.start()
        self.go_on()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(TIMEOUT)
        self._http.close()

    def switch(self, credentials: CredentialSet) -> None:
        """Go over to that set; returns when the former one is in use no more."""
        self._token = self._grant(credentials)
        self.go_on()

    def go_on(self) -> None:
        """Wait for a few more calls."""
        with self._called:
            wanted = self.calls + 3
            assert self._called.wait_for(lambda: self.calls >= wanted, TIMEOUT)

    def _work(self) -> None:
        while not self._stop.is_set():
            headers = {"Authorization": f"Bearer {self._token}"}
            answer = self._http.get(f"{self._url}/api/rest/v1/channels", headers=headers, timeout=TIMEOUT)
            with self._called:
                self.calls += 1
                self.refused += answer.status_code != requests.codes.ok
                self._called.notify_all()

    def _grant(self, one: CredentialSet) -> str:
        body = {"grant_type": "password", "username": one.username, "password": one.password.get_secret_value()}
        basic = one.client_id, one.client_secret.get_secret_value()
        answer = requests.post(f"{self._url}/api/oauth/v1/token", json=body, auth=basic, timeout=TIMEOUT)
        answer.raise_for_status()
        return str(answer.json()["access_token"])
