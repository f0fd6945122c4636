"""What an administrator sees and does in Vault, over its plain API and none of the product's code."""

import base64
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]
PATIENCE = 30.0
DOWN = (307, 429, 500, 503)
"""What a Vault answers that is sealed, or that nobody leads."""
DONE = 200
NOTHING: Json = {"nothing": "destroyed below"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One KV v2 path with its history; destroyed KV versions are None."""

    versions: tuple[Json | None, ...] = field(repr=False)
    custom: Json


class Vault:
    """Vault with one token; safe to use from many threads. Waits while Vault is down, or nobody leads.

    Args:
        where: gives the address of the node to ask; asked again whenever it gave no answer.
    """

    def __init__(self, where: Callable[[], str], token: str) -> None:
        self._where = where
        self._token = token
        self._connection: HTTPConnection | None = None
        self._beyond: dict[str, str] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def ask(self, method: str, path: str, body: Json | None = None, token: str | None = None) -> tuple[int, Json]:
        """One request; an error is an answer too."""
        headers = self._beyond | {"X-Vault-Token": self._token if token is None else token}
        content = json.dumps(body) if body is not None else None
        deadline = time.monotonic() + PATIENCE
        with self._lock:
            while True:
                with suppress(OSError, HTTPException):
                    status, answer = self._exchange(method, path, content, headers)
                    if status not in DOWN or time.monotonic() > deadline:
                        return status, answer
                self.close()
                if time.monotonic() > deadline:
                    raise RuntimeError(f"Vault gives no answer to {method} {path}")
                threading.Event().wait(0.02)

    def _exchange(self, method: str, path: str, content: str | None, headers: dict[str, str]) -> tuple[int, Json]:
        if self._connection is None:
            self._connection = HTTPConnection(urlsplit(self._where()).netloc, timeout=30)
        self._connection.request(method, f"/v1/{path}", content, headers)
        response = self._connection.getresponse()
        answer = response.read()
        if index := response.headers.get("X-Vault-Index"):
            known = json.loads(base64.b64decode(index)) | {"value": str(2**62)}
            beyond = base64.b64encode(json.dumps(known).encode()).decode()
            self._beyond = {"X-Vault-Index": beyond, "X-Vault-Inconsistent": "forward-active-node"}
        return response.status, json.loads(answer) if answer else {}

    def do(self, method: str, path: str, body: Json | None = None) -> Json:
        """One request that must succeed; its data, empty where there is nothing."""
        status, answer = self.ask(method, path, body)
        if status >= 400 and not (status == 404 and not answer.get("errors")):
            raise RuntimeError(f"Vault answered {status} to {method} {path}")
        return answer.get("data") or {}

    def newest(self, mount: str, path: str) -> Json | None:
        """What a reader gets."""
        data: Json | None = self.do("GET", f"{mount}/data/{path}").get("data")
        return data

    def write(self, mount: str, path: str, data: Json, *, over: Json) -> bool:
        """Write over what was read, unless it has changed since; whether it was done."""
        found = self.do("GET", f"{mount}/metadata/{path}")
        if self.newest(mount, path) != over:
            return False
        body = {"data": data, "options": {"cas": found.get("current_version", 0)}}
        return self.ask("POST", f"{mount}/data/{path}", body)[0] == DONE

    def names(self, mount: str, folder: str) -> list[str]:
        """What lies in a folder."""
        return list(self.do("LIST", f"{mount}/metadata/{folder}").get("keys", ()))

    def history(self, mount: str, path: str) -> Path:
        """Everything of a path, to be put back."""
        metadata = self.do("GET", f"{mount}/metadata/{path}")
        numbers = sorted(int(one) for one in metadata.get("versions", {}))
        versions = tuple(self.do("GET", f"{mount}/data/{path}?version={one}").get("data") for one in numbers)
        return Path(versions=versions, custom=metadata.get("custom_metadata") or {})

    def put_back(self, mount: str, path: str, history: Path) -> None:
        """Make a path as it was, KV versions included."""
        self.do("DELETE", f"{mount}/metadata/{path}")
        for number, data in enumerate(history.versions):
            self.do("POST", f"{mount}/data/{path}", {"data": data or NOTHING, "options": {"cas": number}})
        destroyed = [number for number, data in enumerate(history.versions, 1) if data is None]
        if destroyed:
            self.do("POST", f"{mount}/destroy/{path}", {"versions": destroyed})
        if history.custom:
            self.do("POST", f"{mount}/metadata/{path}", {"custom_metadata": history.custom})
