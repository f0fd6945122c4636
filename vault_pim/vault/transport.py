"""One HTTP exchange with Vault, over pooled and verified connections.

Called by `session` alone. Uses hvac for Vault's headers and verbs, and has every status read by `answers`: hvac's
exceptions keep the whole answer and those of requests the whole question, and neither may travel on, not even as the
cause of another exception. Refuses paths that are not what they seem, redirects to strangers, and what the environment
says of proxies, authorities and passwords (`HTTPS_PROXY`, `REQUESTS_CA_BUNDLE`, `.netrc`).
"""

import re
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from hvac.adapters import RawAdapter
from pydantic import SecretStr
from requests.adapters import HTTPAdapter

from vault_pim.domain.errors import ConfigurationError, Impossible, VaultNoAnswer, VaultPimError
from vault_pim.reveal import reveal
from vault_pim.secret_files import check_secret_file
from vault_pim.vault.address import VaultAddress
from vault_pim.vault.answers import Reply, judge

TIMEOUT = (3.0, 10.0)
"""Seconds to connect, and to wait for the next byte of an answer."""
POOL = 32
TEMPORARY_REDIRECT = 307
_PATH = re.compile(r"(?:[A-Za-z0-9_@+=][A-Za-z0-9._@+=-]*/)*[A-Za-z0-9_@+=][A-Za-z0-9._@+=-]*/?")


class Transport:
    """Pooled connections to one Vault; safe to use from many threads.

    Raises:
        ConfigurationError: the address is no http(s) address, or the authority's file cannot be read.
    """

    def __init__(self, address: VaultAddress) -> None:
        self._bases = tuple(_base(url) for url in (address.url, *address.also))
        http = requests.Session()
        http.trust_env = False  # no .netrc, no proxy, no REQUESTS_CA_BUNDLE behind the configuration's back
        http.mount("http://", HTTPAdapter(pool_maxsize=POOL))
        if any(base.startswith("https:") for base in self._bases):
            http.mount("https://", _Verified(_tls(address)))
        self._http = http
        self._address = address

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def present(self, cert_file: Path, key_file: Path) -> None:
        """Show a client certificate on every connection from now on.

        Args:
            cert_file: PEM, read now, as is the key.

        Raises:
            ConfigurationError: Vault is not asked by https, or the files are no certificate with its key.
        """
        if not all(base.startswith("https:") for base in self._bases):
            raise ConfigurationError("a login by certificate needs https", advice="Correct the address of Vault.")
        check_secret_file(key_file)
        context = _tls(self._address)
        try:
            context.load_cert_chain(cert_file, key_file, password="")  # or OpenSSL would ask on the terminal
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                f"{cert_file} and {key_file} are no certificate and its key",
                why=type(error).__name__,
                advice="Give both as PEM, the key without a passphrase.",
            ) from error
        self._http.get_adapter("https://").close()
        self._http.mount("https://", _Verified(context))

    def exchange(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        token: SecretStr | None,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> Reply:
        """Send one request and judge the answer.

        Args:
            method: GET, LIST, POST, PATCH or DELETE.
            path: below `/v1/`.
            body: sent as JSON.
            token: None for requests that need none, such as a login.

        Raises:
            BadRequest: 400; the caller may know the text.
            DeadToken: the token works no more.
            VaultRefusal: a policy denial or another clear no.
            NotSetUp: nothing is mounted at the path.
            VaultSealed: Vault is sealed.
            VaultNoAnswer: nothing is known about the outcome, or Vault could not do it now.
        """
        if not _PATH.fullmatch(path):
            # requests would resolve `..` before sending (contracts/openbao.md §B, KV v2, last row)
            raise Impossible(f"{path!r} is no path in Vault")
        prepared = {"json": body, "params": dict(query or {}), "headers": headers or {}}
        response = self._send(self._bases[0], method, path, token, prepared)
        if response.status_code == TEMPORARY_REDIRECT:
            location = urlsplit(response.headers.get("Location", ""))
            target = f"{location.scheme}://{location.netloc}"
            if target not in self._bases:
                raise VaultNoAnswer(
                    f"Vault redirects to {target}, which is not configured",
                    why="a standby could not forward the request, and the token is sent to no unknown host",
                    advice="Point vault.url to the active node, or to the cluster's load balancer.",
                )
            response = self._send(target, method, path, token, prepared)
        return judge(response, f"{method} {path}", body, token)

    def _send(
        self, base: str, method: str, path: str, token: SecretStr | None, prepared: dict[str, Any]
    ) -> requests.Response:
        adapter = RawAdapter(
            base_uri=base,
            token=reveal(token, to="vault") if token else None,
            namespace=self._address.namespace,
            session=self._http,
            timeout=TIMEOUT,
            allow_redirects=False,
            strict_http=True,
        )
        failure: VaultPimError
        try:
            response: requests.Response = adapter.request(
                method,
                f"/v1/{path}",
                raise_exception=False,
                **prepared,
            )
        except requests.exceptions.SSLError:
            failure = VaultNoAnswer(
                f"{base} could not prove that it is Vault",
                why="its certificate is not signed by a trusted authority, or is for another name",
                advice="Set vault.ca_cert to the authority that signed Vault's certificate.",
            )
        except requests.exceptions.Timeout:
            failure = VaultNoAnswer(f"Vault at {base} did not answer in time")
        except requests.exceptions.InvalidHeader:
            failure = ConfigurationError("the Vault token is not one line of text", advice="Write the token file anew.")
        except (requests.exceptions.RequestException, OSError) as error:
            failure = VaultNoAnswer(f"Vault at {base} was not reached", why=type(error).__name__)
        else:
            return response
        raise failure  # outside `except`: what requests raised holds the token and the body


class _Verified(HTTPAdapter):
    """Checks certificates by one TLS context and nothing else; requests would add the bundle it carries."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(pool_maxsize=POOL)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def cert_verify(self, conn: Any, *_: Any) -> None:
        conn.cert_reqs = "CERT_REQUIRED"


def _base(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise ConfigurationError("vault.url must be http(s)://host:port, without a user", advice="Correct vault.url.")
    return f"{parts.scheme}://{parts.netloc}"


def _tls(address: VaultAddress) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=address.ca_cert)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"vault.ca_cert {address.ca_cert} cannot be used", why=str(error), advice="Give a readable PEM file."
        ) from error
