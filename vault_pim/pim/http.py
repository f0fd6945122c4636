"""One HTTP exchange with a PIM: sends it, and gives back a whole answer or says that there was none.

Called by `web_session` (pages and internal REST) and `verification` (tokens and Web API). Keeps no cookies, follows
no redirect, judges no status below 500. An exception of `requests` carries the body and `Authorization` it was sent
with, so none of them travels on, not even as the cause of ours.

Trusts nothing behind the configuration's back (`trust_env` is off): no `.netrc`, which would add an `Authorization`
of its own, no proxy, whose URL may hold a password, no `REQUESTS_CA_BUNDLE`.
"""

import base64
import ssl
from collections.abc import Mapping, Sequence
from datetime import timedelta
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from threading import BoundedSemaphore
from typing import Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from vault_pim import __version__
from vault_pim.domain.errors import ConfigurationError, PimNoAnswer
from vault_pim.domain.secret import SecretStr
from vault_pim.pim.answers import Answer
from vault_pim.reveal import reveal

CONNECT_TIMEOUT: Final = timedelta(seconds=3)
READ_TIMEOUT: Final = timedelta(seconds=30)
LONGEST_ANSWER: Final = 4 * 1024 * 1024
"""Bytes. The largest page we read, the role form, has 263 kB (contracts/akeneo/observed.md §6)."""

Field = str | bool | SecretStr | Sequence[str] | None
Fields = Mapping[str, Field]
"""Keys and values of a form or of a JSON object; what is secret stays closed until it is sent. In a form, a sequence
repeats its key."""

_CHUNK = 64 * 1024
_CAUSES: Final = (
    (requests.exceptions.SSLError, "its certificate is not trusted, or TLS failed"),
    (requests.exceptions.ConnectTimeout, "no connection in time"),
    (requests.exceptions.Timeout, "no answer in time"),
    (requests.exceptions.ConnectionError, "the connection was refused or broke off"),
    (requests.exceptions.ChunkedEncodingError, "the answer broke off"),
)


class _Session(requests.Session):
    """Looks at no redirect: requests would read its whole body, of any length, and refuse an address that is none."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None, whatever the answer says."""
        del resp
        return None


class Http:
    """Pooled connections to one PIM; safe to use from many threads.

    Args:
        pim: its name in the configuration, for messages.
        url: base URL; may have a path, where the PIM stands behind a reverse proxy.
        ca_cert: the authority that signed its certificate; None trusts those of the system.
        max_parallel: how many requests may be under way at once.

    Raises:
        ConfigurationError: the URL is no http(s) address of a PIM, or the authority's file cannot be read.
    """

    def __init__(
        self,
        pim: str,
        url: str,
        *,
        ca_cert: Path | None = None,
        connect_timeout: timedelta = CONNECT_TIMEOUT,
        read_timeout: timedelta = READ_TIMEOUT,
        max_parallel: int = 2,
    ) -> None:
        self.pim = pim
        self.base_url = _base_url(pim, url)
        self._timeouts = (connect_timeout.total_seconds(), read_timeout.total_seconds())
        self._slots = BoundedSemaphore(max_parallel)
        self._session = _Session()
        self._session.trust_env = False
        self._session.verify = _authorities(pim, ca_cert)
        self._session.headers["User-Agent"] = f"vault-pim/{__version__}"
        self._session.headers["Accept-Language"] = "en"  # so that a PIM that heeds it gives its reasons in English
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        for scheme in "https://", "http://":
            self._session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=max_parallel))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        json: Fields | None = None,
        form: Fields | None = None,
        cookies: SecretStr | None = None,
        basic: tuple[str, SecretStr] | None = None,
        bearer: SecretStr | None = None,
    ) -> Answer:
        """Send one request and wait for the whole answer.

        Args:
            path: below the base URL; may have a query.
            cookies: a `Cookie` header; given for the web session, where `X-Requested-With` goes with it, since many
                actions do nothing without (contracts/akeneo/by-release.md §2.5).
            basic: client id and client secret.
            bearer: an access token.

        Raises:
            PimNoAnswer: no answer, half an answer, or one that says nothing about the outcome (429 and 5xx).
        """
        asked = f"{method} {path.partition('?')[0]}"
        answer = self._exchange(asked, method, path, json, form, cookies, basic, bearer)
        if isinstance(answer, str):
            failure = answer
        elif len(answer.body) > LONGEST_ANSWER:
            failure = f"the answer is longer than {LONGEST_ANSWER} bytes"
        elif answer.status == requests.codes.too_many_requests or answer.status >= requests.codes.server_error:
            failure = f"it answered {answer.status}"
        else:
            return answer
        raise PimNoAnswer(f"PIM {self.pim} gave no answer to {asked}", why=failure)

    def _exchange(
        self,
        asked: str,
        method: str,
        path: str,
        json: Fields | None,
        form: Fields | None,
        cookies: SecretStr | None,
        basic: tuple[str, SecretStr] | None,
        bearer: SecretStr | None,
    ) -> Answer | str:
        """The answer, or why there is none: no exception leaves the frame that holds opened secrets."""
        headers = {}
        if cookies is not None:
            headers["Cookie"] = reveal(cookies, to="pim")
            headers["X-Requested-With"] = "XMLHttpRequest"
        if bearer is not None:
            headers["Authorization"] = f"Bearer {reveal(bearer, to='pim')}"
        if basic is not None:
            pair = f"{basic[0]}:{reveal(basic[1], to='pim')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        try:
            with (
                self._slots,
                self._session.request(
                    method,
                    self.base_url + path,
                    headers=headers,
                    json=_opened(json),
                    data=_opened(form),
                    timeout=self._timeouts,
                    stream=True,
                ) as response,
            ):
                return _whole(asked, response)
        except (requests.RequestException, OSError) as error:
            return next((words for kind, words in _CAUSES if isinstance(error, kind)), type(error).__name__)


def _whole(asked: str, response: requests.Response) -> Answer:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > LONGEST_ANSWER:
            break
    return Answer(
        asked=asked,
        status=response.status_code,
        content_type=response.headers.get("Content-Type", ""),
        location=response.headers.get("Location", ""),
        body=bytes(body),
        cookies=response.cookies.get_dict(),
    )


def _opened(fields: Fields | None) -> dict[str, str | bool | Sequence[str] | None] | None:
    if fields is None:
        return None
    return {key: reveal(value, to="pim") if isinstance(value, SecretStr) else value for key, value in fields.items()}


def _base_url(pim: str, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query:
        raise ConfigurationError(
            f"the url of PIM {pim} is not the address of a PIM",
            why="it begins with http:// or https://, and holds neither a user name nor a query",
            advice=f"Correct pims.{pim}.url.",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _authorities(pim: str, ca_cert: Path | None) -> str | bool:
    """Where trusted certificates lie: the given file, the system's own store, or (none found) those requests brings."""
    if ca_cert is None:
        system = ssl.get_default_verify_paths()
        return system.cafile or system.capath or True
    try:
        ssl.create_default_context(cafile=ca_cert)
    except OSError as error:
        raise ConfigurationError(
            f"the certificate authority of PIM {pim} cannot be read",
            why=f"{ca_cert}: {error.strerror or type(error).__name__}",
            advice=f"Correct pims.{pim}.ca_cert.",
        ) from error
    return str(ca_cert)
