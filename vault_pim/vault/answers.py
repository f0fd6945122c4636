"""What Vault's answers mean: found, not there, or one of our own errors that says whose move it is.

Called by `transport` alone; the types are for all of `vault`. Source: contracts/openbao.md §B, "Server state" and "403
bodies differ"; other wordings of HashiCorp Vault are coped with.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from vault_pim.domain.errors import NotAllowed, NotSetUp, VaultNoAnswer, VaultPimError, VaultRefusal, VaultSealed
from vault_pim.domain.secret import SecretStr
from vault_pim.reveal import reveal

SHORTEST_SECRET = 4
DONE = (200, 202, 204)
NOT_FOUND = 404
SERVER_ERROR = 500


class BadRequest(VaultRefusal):
    """Vault answered 400. Its own words may repeat what was sent, so they can be compared, not read."""

    def __init__(self, what: str, *, why: str, texts: tuple[str, ...]) -> None:
        super().__init__(what, why=why)
        self._texts = tuple(SecretStr(text) for text in texts)

    def says(self, *known: str) -> bool:
        """Whether one of Vault's texts begins with one of these."""
        return any(reveal(text, to="vault").startswith(known) for text in self._texts)


class DeadToken(VaultRefusal):
    """The token is unknown, expired or revoked, or its entity is disabled."""

    default_advice = "Give vault-pim a working login (vault.auth); `vault-pim setup` issues one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """An answer as it came. The content may hold secrets, so it is not shown."""

    status: int
    date: str | None
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that is not an error: found, or (404) not there.

    Attributes:
        body: the JSON object, empty where there is none; may hold secrets, so it is not shown.
        server_now: Vault's clock, to the second.
    """

    status: int
    body: dict[str, Any] = field(repr=False)
    server_now: datetime

    @property
    def found(self) -> bool:
        """Whether there is something at the path."""
        return self.status != NOT_FOUND

    @property
    def data(self) -> dict[str, Any]:
        """The `data` of the body, empty where there is none."""
        return self.body.get("data") or {}


def judge(answer: Raw, asked: str, body: dict[str, Any] | None, token: SecretStr | None) -> Reply:
    """Read an answer.

    Args:
        asked: method and path, for people.
        body, token: what was sent, so that it can be kept out of what is shown.

    Raises:
        VaultPimError: as `Transport.exchange` says.
    """
    content, texts = _content(answer.content)
    if answer.status in DONE or (answer.status == NOT_FOUND and not texts):
        return Reply(status=answer.status, body=content, server_now=_server_now(answer.date))
    raise _error(answer.status, texts, asked, _redacted(texts, body, token))


def _error(status: int, texts: tuple[str, ...], asked: str, why: str) -> VaultPimError:
    """Whose move it is (contracts/openbao.md §B, "Server state"; the wording of HashiCorp Vault is coped with)."""
    error: VaultPimError
    match status:
        case 400:
            error = BadRequest(f"Vault refused {asked}", why=why, texts=texts)
        case 403 if texts == ("permission denied",) or any("invalid token" in text for text in texts):
            error = DeadToken(f"Vault refused {asked}", why="the token is unknown, expired or revoked")
        case 403:
            error = NotAllowed(f"Vault does not allow {asked}", why="no policy of this login permits it")
        case 404:
            error = NotSetUp(f"Vault has nothing at {asked}", why=why)
        case 412 | 429 | 472 | 473:
            error = VaultNoAnswer(f"Vault answers {status} just now", why=why or "a rate limit, or a standby")
        case 501:
            error = VaultSealed("Vault is not initialised", advice="Initialise and unseal Vault, then try again.")
        case 503 if any("is sealed" in text for text in texts):
            error = VaultSealed("Vault is sealed")
        case _ if status >= SERVER_ERROR:
            error = VaultNoAnswer(f"Vault failed with {status} at {asked}", why=why)
        case _:
            error = VaultRefusal(f"Vault answered {status} to {asked}", why=why)
    return error


def _redacted(texts: tuple[str, ...], body: dict[str, Any] | None, token: SecretStr | None) -> str:
    """Vault's words in one line, without anything that we sent."""
    text = " ".join("; ".join(texts).split())
    for sent in sorted([*_strings(body), *([reveal(token, to="vault")] if token else [])], key=len, reverse=True):
        if len(sent) >= SHORTEST_SECRET:
            text = text.replace(sent, "...")
    return text


def _content(content: bytes) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The JSON object and Vault's error texts; both empty where the content is something else."""
    try:
        body = json.loads(content) if content else {}
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    errors = body.get("errors")
    return body, tuple(str(text) for text in errors) if isinstance(errors, list) else ()


def _server_now(date: str | None) -> datetime:
    if date is None:
        raise VaultNoAnswer("Vault's answer has no Date header", why="something between removes it")
    return parsedate_to_datetime(date).astimezone(UTC)


def _strings(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for inner in value.values() for text in _strings(inner)]
        case list():
            return [text for inner in value for text in _strings(inner)]
        case _:
            return []
