"""`httpx.Client(auth=HttpxPimAuth(source))`, and `AsyncClient` alike: every request gets a token of the PIM that works.

For programs that use the PIM; needs the extra `client-httpx`. As `requests_auth` does it, which see.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx

from vault_pim.client.source import CredentialSource
from vault_pim.client.tokens import PATIENCE, Fields, Token, TokenKeeper
from vault_pim.domain.errors import PimNoAnswer
from vault_pim.domain.secret import SecretStr, Unpicklable
from vault_pim.reveal import reveal

TIMEOUT = httpx.Timeout(30.0, connect=3.0)


class HttpxPimAuth(httpx.Auth, Unpicklable):
    """Tokens for `httpx`. One of them serves any number of clients, threads and tasks, and they share its token.

    Args:
        patience: how long a request waits when the PIM refuses the set, until a newer one is served.
        settings: of token requests, as `httpx.post` takes them: `verify`, `cert`, `proxy`, `timeout`.
    """

    def __init__(self, source: CredentialSource, *, patience: timedelta = PATIENCE, **settings: Any) -> None:
        self._settings = {"timeout": TIMEOUT, **settings}
        self.tokens = TokenKeeper(source, self._post, patience)

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Called by `httpx.Client` for every request.

        Raises:
            httpx.ConnectError: a token is needed, and the PIM gave no answer.
            SetRefused: the PIM refuses the set, and there was no newer one in time.
        """
        if not self.tokens.is_pim(str(request.url)):
            yield request
            return
        token = self._token(request)
        while True:
            response = yield self._with(request, token)
            self.tokens.end(request)
            if response.status_code != httpx.codes.UNAUTHORIZED or not _can_be_sent_again(request):
                return
            former, token = token, self._token(request, instead_of=token)
            if token.served.kv_version == former.served.kv_version:
                yield self._with(request, token)
                self.tokens.end(request)
                return

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Called by `httpx.AsyncClient` for every request; what waits does so in a thread."""
        flow = self.sync_auth_flow(request)
        try:
            request = await asyncio.to_thread(next, flow)
            while True:
                response = yield request
                if response.status_code != httpx.codes.UNAUTHORIZED:
                    return
                again = await asyncio.to_thread(_sent, flow, response)
                if again is None:
                    return
                request = again
        finally:
            with suppress(ValueError):  # cancelled while its thread runs it
                flow.close()

    def _with(self, request: httpx.Request, token: Token) -> httpx.Request:
        request.headers["Authorization"] = f"Bearer {reveal(token.access, to='pim')}"
        self.tokens.begin(request, token)
        return request

    def _token(self, request: httpx.Request, instead_of: Token | None = None) -> Token:
        try:
            return self.tokens.token(instead_of=instead_of)
        except PimNoAnswer as error:
            raise httpx.ConnectError(str(error), request=request) from error  # what callers of httpx know

    def _post(self, url: str, fields: Fields, client_id: str, client_secret: SecretStr) -> tuple[int, bytes]:
        try:
            answer = httpx.post(
                url,
                json={key: reveal(one, to="pim") if isinstance(one, SecretStr) else one for key, one in fields.items()},
                auth=(client_id, reveal(client_secret, to="pim")),
                follow_redirects=False,
                **self._settings,
            )
        except httpx.HTTPError as error:
            failed = type(error).__name__
        else:
            return answer.status_code, answer.content
        raise PimNoAnswer("the PIM gave no answer to a token request", why=failed)  # outside: theirs holds the password


def _can_be_sent_again(request: httpx.Request) -> bool:
    """Whether its body is still there; that of a generator is gone."""
    try:
        request.content  # noqa: B018
    except httpx.RequestNotRead:
        return False
    return True


def _sent(flow: Generator[httpx.Request, httpx.Response, None], response: httpx.Response) -> httpx.Request | None:
    """The next request of a flow, None at its end; a StopIteration cannot leave a thread's future."""
    try:
        return flow.send(response)
    except StopIteration:
        return None
