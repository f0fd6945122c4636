"""`session.auth = PimAuth(source)`: every request of a `requests` session gets a token of the PIM that works.

For programs that use the PIM. A request that was refused is sent once more with a newer token, its body from the
beginning. Refuses to send the token anywhere but to the PIM, also after a redirect.
"""

from datetime import timedelta
from functools import partial
from typing import Any

import requests
from requests.auth import AuthBase
from requests.models import PreparedRequest, Response

from vault_pim.client.source import CredentialSource
from vault_pim.client.tokens import PATIENCE, Fields, Token, TokenKeeper
from vault_pim.domain.errors import PimNoAnswer
from vault_pim.domain.secret import SecretStr, Unpicklable
from vault_pim.reveal import reveal

TIMEOUT = (3.0, 30.0)
"""Seconds to connect, and to wait for the answer, of a token request."""
REFUSED = requests.codes.unauthorized


class PimAuth(AuthBase, Unpicklable):
    """Tokens for `requests`. One of them serves any number of sessions and threads, and they share its token.

    Args:
        patience: how long a request waits when the PIM refuses the set, until a newer one is served.
        settings: of token requests, as `requests.post` takes them: `verify`, `cert`, `proxies`, `timeout`.
    """

    def __init__(self, source: CredentialSource, *, patience: timedelta = PATIENCE, **settings: Any) -> None:
        self._settings = {"timeout": TIMEOUT, **settings}
        self.tokens = TokenKeeper(source, self._post, patience)

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        """Called by requests for every request it prepares.

        Raises:
            requests.ConnectionError: a token is needed, and the PIM gave no answer.
            SetRefused: the PIM refuses the set, and there was no newer one in time.
        """
        if not self.tokens.is_pim(r.url or ""):
            return r
        token = self._token()
        self._send_with(r, token)
        r.hooks["response"].append(partial(self._answered, token, _position(r)))
        return r

    def _answered(self, token: Token, position: int | None, response: Response, **sending: Any) -> Response:
        request = response.request
        self.tokens.end(request)
        while response.status_code == REFUSED and _carries(request, token) and _rewound(request, position):
            response.content  # noqa: B018 - read to its end, so that the connection can be used again
            response.close()
            former, token = token, self._token(instead_of=token)
            again = request.copy()
            self._send_with(again, token)
            answer: Response = response.connection.send(again, **sending)
            self.tokens.end(again)
            answer.history = [*response.history, response]
            answer.request = again
            request, response = again, answer
            if token.served.kv_version == former.served.kv_version:
                break  # a new token of the same set is refused, too: it is not for us to say why
        return response

    def _send_with(self, request: PreparedRequest, token: Token) -> None:
        request.headers["Authorization"] = f"Bearer {reveal(token.access, to='pim')}"
        self.tokens.begin(request, token)

    def _token(self, instead_of: Token | None = None) -> Token:
        try:
            return self.tokens.token(instead_of=instead_of)
        except PimNoAnswer as error:
            raise requests.ConnectionError(str(error)) from error  # what callers of requests know

    def _post(self, url: str, fields: Fields, client_id: str, client_secret: SecretStr) -> tuple[int, bytes]:
        try:
            answer = requests.post(  # noqa: S113 - the timeout is among the settings
                url,
                json={key: reveal(one, to="pim") if isinstance(one, SecretStr) else one for key, one in fields.items()},
                auth=(client_id, reveal(client_secret, to="pim")),
                allow_redirects=False,
                **self._settings,
            )
        except requests.RequestException as error:
            failed = type(error).__name__
        else:
            return answer.status_code, answer.content
        raise PimNoAnswer("the PIM gave no answer to a token request", why=failed)  # outside: theirs holds the password


def _carries(request: PreparedRequest, token: Token) -> bool:
    """Whether it was sent with that token; after a redirect elsewhere it was not."""
    return request.headers.get("Authorization") == f"Bearer {reveal(token.access, to='pim')}"


def _position(request: PreparedRequest) -> int | None:
    """Where the body begins, if it is a file."""
    try:
        return int(request.body.tell())  # type: ignore[union-attr]
    except (AttributeError, OSError):
        return None


def _rewound(request: PreparedRequest, position: int | None) -> bool:
    """Put the body back to its beginning; False where it cannot be sent twice."""
    if request.body is None or isinstance(request.body, (str, bytes)):
        return True
    if position is None:
        return False
    try:
        request.body.seek(position)
    except (AttributeError, OSError):
        return False
    return True
