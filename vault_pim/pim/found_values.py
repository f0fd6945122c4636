"""Asks a PIM about values that were found somewhere: does this one still work, and whose is it?

Made by `driver`, called by `identify`. Asks at the token endpoint and the web API alone: neither counts failures, locks
an account or writes down a refusal (contracts/akeneo/observed.md §3). Raises `PimNoAnswer` where there was no answer,
and `UnknownShape` where the PIM answered in other words than the known ones: then nothing is known.
"""

from typing import Final

import requests

from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import UnknownShape
from vault_pim.domain.secret import SecretStr
from vault_pim.pim.answers import Answer
from vault_pim.pim.http import Fields, Http
from vault_pim.pim.verification import CLIENT_REFUSED, PROBES, TOKEN_PATH, USER_REFUSED, gone, refused

NOBODY: Final = "vault-pim.asks.for.nobody"
"""A user name and a password that no PIM has."""
_ANSWERED: Final = (requests.codes.ok, requests.codes.forbidden)


class FoundValues:
    """What one PIM tells of found values."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def secret_works(self, client_id: str, secret: SecretStr) -> bool:
        """Whether the PIM takes this client secret. Asked with a user who does not exist, so no token is made."""
        fields: Fields = {"grant_type": "password", "username": NOBODY, "password": SecretStr(NOBODY)}
        answer = self._ask(client_id, secret, fields)
        match refused(answer):
            case str() as refusal if refusal in (CLIENT_REFUSED, USER_REFUSED):
                return refusal == USER_REFUSED
            case _:
                raise _unknown(answer)

    def password_works(self, client: CredentialSet, username: str, password: SecretStr) -> bool | None:
        """Whether the PIM takes this password; None if it does not take the client that asks.

        Args:
            client: any set whose client still works; any client works with any user (observed.md §3).
        """
        fields: Fields = {"grant_type": "password", "username": username, "password": password}
        answer = self._ask(client.client_id, client.client_secret, fields)
        if answer.status == requests.codes.ok:
            return True
        match refused(answer):
            case refusal if refusal == USER_REFUSED:
                return False
            case refusal if refusal == CLIENT_REFUSED:
                return None
            case _:
                raise _unknown(answer)

    def token_works(self, token: SecretStr) -> bool:
        """Whether this is an access token that the PIM takes now."""
        answer = self._http.send("GET", PROBES["pim_api_channel_list"], bearer=token)
        if answer.status in _ANSWERED:
            return True
        if gone(answer):
            return False
        raise _unknown(answer)

    def token_rights(self, token: SecretStr, asked: frozenset[str]) -> dict[str, bool]:
        """Which of these privileges an access token has, as far as reading shows it; changes nothing."""
        answers = {
            name: self._http.send("GET", path, bearer=token).status for name, path in PROBES.items() if name in asked
        }
        return {name: status == requests.codes.ok for name, status in answers.items() if status in _ANSWERED}

    def redeems(self, client: CredentialSet, token: SecretStr) -> bool:
        """Whether this is a refresh token of that client. If so it is used up, and the pair it gave is thrown away."""
        fields: Fields = {"grant_type": "refresh_token", "refresh_token": token}
        answer = self._ask(client.client_id, client.client_secret, fields)
        if answer.status == requests.codes.ok:
            return True
        if refused(answer):
            return False
        raise _unknown(answer)

    def _ask(self, client_id: str, secret: SecretStr, fields: Fields) -> Answer:
        return self._http.send("POST", TOKEN_PATH, json=fields, basic=(client_id, secret))


def _unknown(answer: Answer) -> UnknownShape:
    return UnknownShape(f"the PIM's answer to {answer.asked} is not understood", why=f"status {answer.status}")
