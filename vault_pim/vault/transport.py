"""One HTTP exchange with Vault, over kept and verified connections.

Called by `session` alone, and by `login` for it. Speaks by the standard library (docs/adr/0007), and has every status
read by `answers`: what http.client raises may repeat the token or half of an answer, so it may not travel on, not even
as the cause of another exception. Refuses paths that are not what they seem, redirects to strangers, and what the
environment says of proxies, authorities and passwords (`HTTPS_PROXY`, `REQUESTS_CA_BUNDLE`, `.netrc`).
"""

import json
import re
import select
import ssl
from collections import deque
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from vault_pim.domain.errors import ConfigurationError, Impossible, VaultNoAnswer, VaultPimError
from vault_pim.domain.secret import SecretStr
from vault_pim.reveal import reveal
from vault_pim.secret_files import check_secret_file
from vault_pim.vault.active_node import ActiveNode
from vault_pim.vault.address import VaultAddress
from vault_pim.vault.answers import Raw, Reply, judge

CONNECT_WITHIN = 3.0
ANSWER_WITHIN = 10.0
"""Seconds to connect, and to wait for the next byte of an answer."""
KEPT = 32
"""Idle connections kept open to one node."""
TEMPORARY_REDIRECT = 307
_PATH = re.compile(r"(?:[A-Za-z0-9_@+=][A-Za-z0-9._@+=-]*/)*[A-Za-z0-9_@+=][A-Za-z0-9._@+=-]*/?")


class Transport:
    """Kept connections to one Vault; safe to use from many threads.

    Raises:
        ConfigurationError: the address is no http(s) address, or the authority's file cannot be read.
    """

    def __init__(self, address: VaultAddress) -> None:
        self._address = address
        self._urls = (address.url, *address.also)
        self._connect(_tls(address) if any(url.startswith("https:") for url in self._urls) else None)
        self._always = {"X-Vault-Request": "true"}  # asked for by agents that guard against forged requests
        if address.namespace:
            self._always["X-Vault-Namespace"] = address.namespace
        self._active = ActiveNode()

    def close(self) -> None:
        """Close the connections."""
        for node in self._nodes.values():
            node.close()

    def present(self, cert_file: Path, key_file: Path) -> None:
        """Show a client certificate on every connection from now on.

        Args:
            cert_file: PEM, read now, as is the key.

        Raises:
            ConfigurationError: Vault is not asked by https, or the files are no certificate with its key.
        """
        if not all(url.startswith("https:") for url in self._urls):
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
        self.close()
        self._connect(context)  # anew: what was connected before shows no certificate

    def _connect(self, tls: ssl.SSLContext | None) -> None:
        self._nodes = {node.base: node for node in (_Node(url, tls) for url in self._urls)}
        self._first = next(iter(self._nodes.values()))

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
            # a client would resolve `..` before sending (contracts/openbao.md §B, KV v2, last row)
            raise Impossible(f"{path!r} is no path in Vault")
        target = f"/v1/{quote(path, safe='/@+=')}" + (f"?{urlencode(query)}" if query else "")
        sent = self._always | ({"Content-Type": "application/json"} if body is not None else {}) | (headers or {})
        if not self._address.standbys:
            sent |= self._active.headers
        content = None if body is None else json.dumps(body).encode()
        answer, said = self._first.send(method, target, content, sent, token)
        if answer.status == TEMPORARY_REDIRECT:
            there = urlsplit(said.get("Location", ""))
            base = f"{there.scheme}://{there.netloc}"
            if base not in self._nodes:
                raise VaultNoAnswer(
                    f"Vault redirects to {base}, which is not configured",
                    why="a standby could not forward the request, and the token is sent to no unknown host",
                    advice="Point vault.url to the active node, or to the cluster's load balancer.",
                )
            answer, said = self._nodes[base].send(method, target, content, sent, token)
        self._active.heard(said)
        return judge(answer, f"{method} {path}", body, token)


class _Node:
    """One address of Vault and the connections to it; those that are idle wait in a queue that needs no lock."""

    def __init__(self, url: str, tls: ssl.SSLContext | None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
            raise ConfigurationError(
                "vault.url must be http(s)://host:port, without a user", advice="Correct vault.url."
            )
        self.base = f"{parts.scheme}://{parts.netloc}"
        self._host, self._port = parts.hostname, parts.port
        self._tls = tls if parts.scheme == "https" else None
        self._idle: deque[HTTPConnection] = deque()

    def close(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def send(
        self, method: str, target: str, content: bytes | None, headers: dict[str, str], token: SecretStr | None
    ) -> tuple[Raw, HTTPMessage]:
        """The answer and its headers."""
        connection = self._connection()
        failure: VaultPimError
        try:
            if not _is_open(connection):
                connection.connect()
                connection.sock.settimeout(ANSWER_WITHIN)
            connection.request(
                method,
                target,
                content,
                headers | ({"X-Vault-Token": reveal(token, to="vault")} if token else {}),
            )
            response = connection.getresponse()
            answer = Raw(status=response.status, date=response.getheader("Date"), content=response.read())
        except ssl.SSLError:
            failure = VaultNoAnswer(
                f"{self.base} could not prove that it is Vault",
                why="its certificate is not signed by a trusted authority, or is for another name",
                advice="Set vault.ca_cert to the authority that signed Vault's certificate.",
            )
        except TimeoutError:
            failure = VaultNoAnswer(f"Vault at {self.base} did not answer in time")
        except ValueError:
            failure = ConfigurationError("the Vault token is not one line of text", advice="Write the token file anew.")
        except (OSError, HTTPException) as error:
            failure = VaultNoAnswer(f"Vault at {self.base} was not reached", why=type(error).__name__)
        else:
            if len(self._idle) < KEPT and not response.will_close:
                self._idle.append(connection)
            else:
                connection.close()
            return answer, response.headers
        connection.close()
        raise failure  # outside `except`: what was raised may hold the token, or a part of the answer

    def _connection(self) -> HTTPConnection:
        """One that is idle and that the other side has not closed, or a new one."""
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was faster
                break
            if not _closed(connection):
                return connection
            connection.close()
        if self._tls is None:
            return HTTPConnection(self._host, self._port, timeout=CONNECT_WITHIN)
        return HTTPSConnection(self._host, self._port, timeout=CONNECT_WITHIN, context=self._tls)


def _is_open(connection: HTTPConnection) -> bool:
    return connection.sock is not None


def _closed(connection: HTTPConnection) -> bool:
    """Whether an idle connection has something to say, which can only be its end."""
    if not _is_open(connection):
        return True
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def _tls(address: VaultAddress) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=address.ca_cert)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"vault.ca_cert {address.ca_cert} cannot be used", why=str(error), advice="Give a readable PEM file."
        ) from error
