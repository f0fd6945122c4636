"""What an administrator sees and does in Vault, over its plain API and none of the product's code."""

import json
import threading
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]
NOTHING: Json = {"nothing": "destroyed below"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One KV v2 path with its history; destroyed KV versions are None."""

    versions: tuple[Json | None, ...] = field(repr=False)
    custom: Json


class Vault:
    """Vault with one token; safe to use from many threads."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self._connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        self._token = token
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def ask(self, method: str, path: str, body: Json | None = None, token: str | None = None) -> tuple[int, Json]:
        """One request; an error is an answer too."""
        headers = {"X-Vault-Token": self._token if token is None else token}
        with self._lock:
            self._connection.request(method, f"/v1/{path}", json.dumps(body) if body is not None else None, headers)
            response = self._connection.getresponse()
            content = response.read()
        return response.status, json.loads(content) if content else {}

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

    def write(self, mount: str, path: str, data: Json) -> None:
        """Over whatever is there."""
        found = self.do("GET", f"{mount}/metadata/{path}")
        body = {"data": data, "options": {"cas": found.get("current_version", 0)}}
        self.do("POST", f"{mount}/data/{path}", body)

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
