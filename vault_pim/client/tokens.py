"""The access token of one credential set: granted once for all threads, refreshed ahead of time, replaced on rotation.

Called by `requests_auth` and `httpx_auth`, each with its own way to send. While one thread gets a token the others go
on with the one they have, or wait where it is dead. When the PIM takes neither the token nor the set, a newer set is
waited for: a set that is rotated in place is refused before its successor is served. Refuses to try a refused password
in a loop, and knows nothing of the requests that the tokens are for but that they are under way.
"""

import json
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

from vault_pim.client.source import CredentialSource
from vault_pim.client.words import say
from vault_pim.domain.credentials import ServedSet
from vault_pim.domain.errors import PimNoAnswer, SetRefused, VaultPimError
from vault_pim.domain.secret import SecretStr, Unpicklable

PATH = "/api/oauth/v1/token"
DONE = 200
REFUSED = frozenset({400, 401, 403, 422})
"""422 (contracts/akeneo/observed.md §3); the others as a proxy or an older PIM may say it."""
EARLY = 0.1
EARLY_AT_MOST = 60.0
"""A token is replaced when this share of its life is left, or so many seconds."""
PATIENCE = timedelta(seconds=30)
PAUSE = 2.0
"""Seconds before a refresh ahead of time is tried again, and for which a refused set is refused without being tried."""

Fields = Mapping[str, str | SecretStr]


class Post(Protocol):
    """Sends one token request."""

    def __call__(self, url: str, fields: Fields, client_id: str, client_secret: SecretStr) -> tuple[int, bytes]:
        """Status and body of the answer.

        Raises:
            PimNoAnswer: there was none.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Token(Unpicklable):
    """An access token; `due_at` and `dead_at` in seconds of the monotonic clock."""

    access: SecretStr
    refresh: SecretStr | None
    served: ServedSet
    due_at: float
    dead_at: float


class TokenKeeper(Unpicklable):
    """Tokens for all requests that go by one source.

    Args:
        post: sends token requests.
        patience: how long to wait for a newer set when this one is refused.

    Attributes:
        grants: how many tokens were asked for by password.
        refreshes: how many by refresh token.
    """

    def __init__(self, source: CredentialSource, post: Post, patience: timedelta = PATIENCE) -> None:
        self.grants = self.refreshes = 0
        self._source, self._post, self._patience = source, post, patience
        self._token: Token | None = None
        self._under_way: weakref.WeakKeyDictionary[object, Token] = weakref.WeakKeyDictionary()
        self._refused: tuple[int, float] = (0, 0.0)
        self._not_before = 0.0
        self.born_again()
        source.used_by(self)

    def born_again(self) -> None:
        """Begin anew in a forked process, with the token in hand."""
        self._getting = threading.Lock()
        self._counting = threading.Lock()
        self._under_way.clear()

    def is_pim(self, url: str) -> bool:
        """Whether an address is of the PIM, so that the token may go there."""
        return _origin(url) == _origin(self._source.current().base_url)

    def token(self, *, instead_of: Token | None = None) -> Token:
        """A token that works as far as is known.

        Args:
            instead_of: one that the PIM has just refused.

        Raises:
            SetRefused: the PIM refuses the set, and there was no newer one in time.
            PimNoAnswer: the PIM gave no answer, and there is no token that still works.
            VaultPimError: there is no set, as `CredentialSource.current` says.
        """
        served, token = self._source.current(), self._token
        if token is not None and token is not instead_of:
            now = time.monotonic()
            if token.served.kv_version == served.kv_version and now < token.due_at:
                return token
            if now < token.dead_at:
                return self._ahead_of_time(token)
        with self._getting:
            if self._token is not None and self._token is not instead_of and time.monotonic() < self._token.dead_at:
                return self._token  # another thread was faster
            self._token = self._get(self._token, is_refused=instead_of is not None)
            return self._token

    def switched(self) -> None:
        """Move on to a newer set before the next request does."""
        if (token := self._token) is not None:
            self._ahead_of_time(token)

    def oldest_in_use(self) -> int | None:
        """The oldest generation of the token in hand and of those that requests under way were sent with."""
        with self._counting:
            tokens = [*self._under_way.values(), *([self._token] if self._token else [])]
        return min((token.served.generation for token in tokens), default=None)

    def begin(self, request: object, token: Token) -> None:
        """A request goes out with a token; when it fails, its end is seen when it is thrown away."""
        with self._counting:
            self._under_way[request] = token

    def end(self, request: object) -> None:
        """A request was answered."""
        with self._counting:
            self._under_way.pop(request, None)

    def _ahead_of_time(self, token: Token) -> Token:
        """A newer token than one that still works; that one, where another thread is at it or it cannot be had."""
        if time.monotonic() < self._not_before or not self._getting.acquire(blocking=False):
            return token
        try:
            if self._token is token:
                self._token = self._get(token, is_refused=False, patient=False)
        except VaultPimError as error:
            self._not_before = time.monotonic() + PAUSE
            say("warning", "%s: going on with the token in hand: %s", self._source.connector, error)
        finally:
            self._getting.release()
        return self._token or token

    def _get(self, former: Token | None, *, is_refused: bool, patient: bool = True) -> Token:
        """A new token: by refreshing the former one, or by the newest set; held by one thread at a time."""
        served = self._source.look_quietly() if is_refused else self._source.current()
        same = former is not None and former.served.kv_version == served.kv_version
        if former is not None and former.refresh is not None and same and not is_refused:
            self.refreshes += 1
            fields: Fields = {"grant_type": "refresh_token", "refresh_token": former.refresh}
            if (token := self._ask(served, fields)) is not None:
                return token
        end = time.monotonic() + (self._patience.total_seconds() if patient else 0.0)
        while True:
            version, again_at = self._refused
            if version == served.kv_version and time.monotonic() < again_at:
                end = 0.0  # another thread has just waited in vain
            else:
                self.grants += 1
                fields = {"grant_type": "password", "username": served.username, "password": served.password}
                if (token := self._ask(served, fields)) is not None:
                    return token
            newer = self._source.wait_for_newer(served, timedelta(seconds=end - time.monotonic()))
            if newer is None:
                if end:
                    self._refused = (served.kv_version, time.monotonic() + PAUSE)
                raise SetRefused(
                    f"the PIM refuses generation {served.generation} of {self._source.connector}",
                    why="neither its token nor its password is taken, and Vault serves no newer set",
                )
            served = newer

    def _ask(self, served: ServedSet, fields: Fields) -> Token | None:
        """The token that the PIM grants, None where it refuses."""
        asked_at = time.monotonic()
        url = served.base_url.rstrip("/") + PATH
        status, body = self._post(url, fields, served.client_id, served.client_secret)
        if status in REFUSED:
            return None
        granted = _granted(body) if status == DONE else {}
        if not granted:
            raise PimNoAnswer(f"the PIM answers {status} to a token request, and no token")
        life = float(granted.get("expires_in") or 0)
        return Token(
            access=SecretStr(granted["access_token"]),
            refresh=SecretStr(granted["refresh_token"]) if granted.get("refresh_token") else None,
            served=served,
            due_at=asked_at + life - min(EARLY_AT_MOST, life * EARLY),
            dead_at=asked_at + life,
        )


def _granted(body: bytes) -> dict[str, str]:
    try:
        granted = json.loads(body)
    except ValueError:
        return {}
    return granted if isinstance(granted, dict) and isinstance(granted.get("access_token"), str) else {}


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
