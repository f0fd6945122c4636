"""A login at Vault that keeps itself alive. All of `vault` speaks through it, and so does `client`.

Logs in at the first request, renews the token at two thirds of its life when it is used, and logs in anew when the
token turns out to be dead. Refuses to pick up a token that nobody configured.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from vault_pim.domain.errors import NoAnswer, Refusal, VaultPimError
from vault_pim.domain.secret import SecretStr
from vault_pim.vault.address import (
    AppRoleLogin,
    CertificateLogin,
    JwtLogin,
    KubernetesLogin,
    Login,
    TokenLogin,
    VaultAddress,
)
from vault_pim.vault.answers import BadRequest, DeadToken, Reply
from vault_pim.vault.login import Issued, log_in, read_token
from vault_pim.vault.secret_id_file import renew_secret_id
from vault_pim.vault.transport import Transport
from vault_pim.vault.wrapping import open_wrapped

__all__ = [
    "AppRoleLogin",
    "BadRequest",
    "CertificateLogin",
    "DeadToken",
    "JwtLogin",
    "KubernetesLogin",
    "Login",
    "Reply",
    "TokenLogin",
    "VaultAddress",
    "VaultSession",
]

RENEW_AFTER = 2 / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    """A token and when it should be renewed and is dead, in seconds of the monotonic clock; None: never."""

    secret: SecretStr
    renew_at: float | None
    dead_at: float | None


class VaultSession:
    """Requests to Vault under one login; safe to use from many threads.

    Args:
        address: where Vault is and how to log in; nothing is sent before the first request.
        monotonic: seconds of a clock that never goes back.

    Raises:
        ConfigurationError: the address cannot be used.
    """

    def __init__(self, address: VaultAddress, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._transport = Transport(address)
        self._login = address.login
        self._monotonic = monotonic
        self._token: _Token | None = None
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Revoke the token if we made it, and close the connections; a Vault that does not answer is let be."""
        with self._lock:
            token, self._token = self._token, None
            if token is not None and not isinstance(self._login, TokenLogin):
                with suppress(NoAnswer, Refusal):  # it ends with its TTL
                    self._transport.exchange("POST", "auth/token/revoke-self", token=token.secret)
            self._transport.close()

    def request(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        query: dict[str, str] | None = None,
        merge_patch: bool = False,
        wrap_ttl: timedelta | None = None,
    ) -> Reply:
        """Send one request; with a dead token, log in and send it once more.

        Args:
            method: GET, LIST, POST, PATCH or DELETE.
            path: below `/v1/`.
            body: sent as JSON; reveal secrets in the call itself.
            merge_patch: the body is a JSON merge patch, in which None removes.
            wrap_ttl: have the answer wrapped in a one-time token of that life.

        Returns:
            What Vault answered; see `Reply.found` for what is not there.

        Raises:
            VaultRefusal: a clear no; NotSetUp, DeadToken and BadRequest are kinds of it.
            VaultNoAnswer: nothing is known about the outcome; VaultSealed is a kind of it.
            ConfigurationError: the login's files are missing or wrong.
        """
        headers = {}
        if merge_patch:
            headers["Content-Type"] = "application/merge-patch+json"
        if wrap_ttl:
            headers["X-Vault-Wrap-TTL"] = f"{int(wrap_ttl.total_seconds())}s"
        token = self._live_token()
        try:
            return self._transport.exchange(method, path, body, token=token.secret, headers=headers, query=query)
        except DeadToken:
            if isinstance(self._login, TokenLogin) and read_token(self._login) == token.secret:
                raise
        token = self._log_in(instead_of=token)
        return self._transport.exchange(method, path, body, token=token.secret, headers=headers, query=query)

    def request_as(self, token: SecretStr | None, method: str, path: str, body: dict[str, Any] | None = None) -> Reply:
        """Send one request under another token, which is neither kept nor renewed here; None for none.

        Raises:
            VaultRefusal, VaultNoAnswer: as for `request`; DeadToken where that token works no more.
        """
        return self._transport.exchange(method, path, body, token=token)

    def unwrap(self, wrapping_token: SecretStr, *, mount: str) -> Reply:
        """What a wrapping token holds; it can be opened once.

        Args:
            mount: the AppRole mount that must have made it.

        Raises:
            Intercepted: it was opened before, is too old, or was made elsewhere: somebody else may have what it held.
        """
        return open_wrapped(self._transport, wrapping_token, mount=mount)

    def _live_token(self) -> _Token:
        """The token in use, renewed or replaced if it is time."""
        token, now = self._token, self._monotonic()
        if token is None or (token.dead_at is not None and now >= token.dead_at):
            return self._log_in(instead_of=token)
        if token.renew_at is not None and now >= token.renew_at:
            return self._renew(token)
        return token

    def _log_in(self, *, instead_of: _Token | None) -> _Token:
        """Log in, unless another thread has done so meanwhile."""
        with self._lock:
            if self._token is None or self._token is instead_of:
                self._token = self._begin(log_in(self._transport, self._login))
            return self._token

    def _renew(self, token: _Token) -> _Token:
        with self._lock:
            if self._token is not token:
                return self._token or self._log_in(instead_of=None)
            try:
                reply = self._transport.exchange("POST", "auth/token/renew-self", {}, token=token.secret)
            except Refusal:
                # at the end of its life or not renewable; a token we cannot replace is used until it is dead
                self._token = _Token(secret=token.secret, renew_at=None, dead_at=token.dead_at)
                return self._token if isinstance(self._login, TokenLogin) else self._log_in(instead_of=self._token)
            self._token = self._begin(Issued.of(reply))
            return self._token

    def _begin(self, issued: Issued) -> _Token:
        """Use a token from now on; a good moment to see to the secret-id it was got by."""
        if isinstance(self._login, AppRoleLogin) and self._login.renew and issued.approle:
            self._renew_secret_id(self._login, issued.secret, issued.approle)
        now = self._monotonic()
        if not issued.ttl:
            return _Token(secret=issued.secret, renew_at=None, dead_at=None)
        return _Token(
            secret=issued.secret,
            renew_at=now + issued.ttl * RENEW_AFTER if issued.renewable else None,
            dead_at=now + issued.ttl,
        )

    def _renew_secret_id(self, login: AppRoleLogin, token: SecretStr, role: str) -> None:
        import logging  # noqa: PLC0415 - takes as long to load as the rest of this room

        logger = logging.getLogger(__name__)
        try:
            if renew_secret_id(self._transport, login, token, role):
                logger.info("took a new secret-id into %s", login.secret_id_file)
        except VaultPimError as error:
            logger.warning("the secret-id in %s was not renewed: %s", login.secret_id_file, error)
