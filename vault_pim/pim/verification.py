"""Uses a credential set the way a connector would: to see that it works and what it may do, or to prove it dead.

Shared by the drivers of all mechanisms, since tokens are the same in all of them. A token grant alone proves nothing
about rights (contracts/akeneo/observed.md §1 item 5), and a network error nothing about death. Writes nothing at the
PIM; what it says holds no secret. Source: contracts/akeneo/observed.md §2, §3 and §7.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import requests

from vault_pim.domain.credentials import CredentialSet, Tokens
from vault_pim.domain.errors import PimNoAnswer, UnknownShape
from vault_pim.domain.outcomes import Alive, Dead, Proof, Refused, Verification, Verified
from vault_pim.domain.separation import Knock
from vault_pim.pim.answers import Answer, read
from vault_pim.pim.http import Fields, Http
from vault_pim.pim.shapes import Problem, TokenPair

_API: Final = "/api/rest/v1"
TOKEN_PATH: Final = "/api/oauth/v1/token"  # noqa: S105 - a path
PROBES: Final = {
    "pim_api_channel_list": f"{_API}/channels?limit=1",
    "pim_api_locale_list": f"{_API}/locales?limit=1",
    "pim_api_currency_list": f"{_API}/currencies?limit=1",
    "pim_api_family_list": f"{_API}/families?limit=1",
    "pim_api_attribute_list": f"{_API}/attributes?limit=1",
    "pim_api_attribute_group_list": f"{_API}/attribute-groups?limit=1",
    "pim_api_association_type_list": f"{_API}/association-types?limit=1",
    "pim_api_category_list": f"{_API}/categories?limit=1",
    "pim_api_product_list": f"{_API}/products?limit=1",
}
"""Reads that need one privilege each, cheapest first; products last, since they burden the search engine."""

_TOKEN_GONE: Final = ("The access token provided is invalid.", "The access token provided has expired.")
CLIENT_REFUSED: Final = "client id and client secret are refused"
USER_REFUSED: Final = "user name and password are refused"
_GONE: Final = {
    'Parameter "client_id" is missing or does not match any client, or secret is invalid': CLIENT_REFUSED,
    "No user found for the given username and password": USER_REFUSED,
    "Refresh token is invalid or has expired": "the refresh token is refused",
}


class Verifier:
    """Tries credential sets at one PIM."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def verify(
        self, credentials: CredentialSet, permissions: frozenset[str], *, open_call: str, unprotected: frozenset[str]
    ) -> Verification:
        """Log in; one allowed call must answer 200, one forbidden call 403.

        Args:
            permissions: what the set is declared to have.
            open_call: a path that needs overall access alone.
            unprotected: privileges that forbid nothing at this PIM.

        Raises:
            PimNoAnswer: nothing is known about the set.
            UnknownShape: the PIM answered something else than these releases do.
        """
        granted = self._grant(credentials)
        if isinstance(granted, str):
            return Refused(reason=granted)
        allowed = next((path for name, path in PROBES.items() if name in permissions), open_call)
        forbidden = next((path for name, path in PROBES.items() if name not in permissions | unprotected), None)
        for path, expected, verdict in (
            (allowed, requests.codes.ok, "it lacks a declared right"),
            (forbidden, requests.codes.forbidden, "it has a right that is not declared"),
        ):
            if path is None:
                continue
            status = self._http.send("GET", path, bearer=granted.access_token).status
            if status not in (requests.codes.ok, requests.codes.unauthorized, requests.codes.forbidden):
                raise UnknownShape(f"the PIM's answer to GET {path} is not understood", why=f"status {status}")
            if status != expected:
                return Refused(reason=f"{verdict}: GET {path} answered {status}")
        return Verified(
            allowed=f"GET {allowed}",
            forbidden=f"GET {forbidden}" if forbidden else None,
            access_token_lifetime=granted.expires_in,
        )

    def opens(self, credentials: CredentialSet, other: CredentialSet) -> Knock:
        """What of another set this one opens by its own secrets: the other's user with its password, the other's client
        with its client secret. What is refused here the PIM reports to nobody; a set is not tried with the other's
        secrets, which opens, and would be reported as a foreign user (contracts/akeneo/by-release.md §4.4 and §7).
        A door is shown to be closed only by the refusal of what was tried at it.

        Raises:
            PimNoAnswer, UnknownShape: as for `verify`.
        """
        user = self._refusal(replace(credentials, username=other.username))
        client = self._refusal(replace(credentials, client_id=other.client_id))
        tries = (("its user", user, USER_REFUSED), ("its client", client, CLIENT_REFUSED))
        return Knock(
            opened=tuple(what for what, refusal, _ in tries if refusal is None),
            unsaid=tuple(f"{what}: {refusal}" for what, refusal, needed in tries if refusal not in (None, needed)),
        )

    def take_tokens(self, credentials: CredentialSet) -> Tokens | None:
        """A token pair to be proven dead later; None if the set is refused already.

        Raises:
            PimNoAnswer, UnknownShape: as for `verify`.
        """
        granted = self._grant(credentials)
        if isinstance(granted, str):
            return None
        return Tokens(
            access_token=granted.access_token, refresh_token=granted.refresh_token, expires_in=granted.expires_in
        )

    def prove_dead(self, credentials: CredentialSet, tokens: Tokens | PimNoAnswer | None) -> Proof:
        """Try the old access token, the old refresh token, and the password. Everything must be refused in the words
        for what is gone: 403 only forbids, and the 401 of a disabled user ends with the disabling (§2 rows e and g).
        Tokens that the PIM gave no answer for are said not to have been tried."""
        evidence: list[str] = []
        unproven: list[str] = []

        def try_out(name: str, ask: Callable[[], Answer], judge: Callable[[Answer], str | None]) -> None:
            try:
                answer = ask()
            except PimNoAnswer as silence:
                unproven.append(f"{name}: no answer ({silence.why})")
                return
            refusal = judge(answer)
            if refusal is None:
                unproven.append(f"{name}: answered {answer.status}, which does not show that it is gone")
            else:
                evidence.append(f"{name}: {answer.status}, {refusal}")

        if tokens is None:
            evidence.append("access and refresh token: none could be taken, the set was refused already")
        elif isinstance(tokens, PimNoAnswer):
            evidence.append(f"access and refresh token: not tried, no answer when they were to be taken ({tokens.why})")
        else:
            access, refresh = tokens.access_token, tokens.refresh_token
            path = PROBES["pim_api_channel_list"]
            try_out(f"GET {path} with the old access token", lambda: self._http.send("GET", path, bearer=access), gone)
            fields: Fields = {"grant_type": "refresh_token", "refresh_token": refresh}
            try_out("refresh grant", lambda: self._ask_token(credentials, fields), refused)
        try_out("password grant", lambda: self._ask_token(credentials, _password_grant(credentials)), refused)
        return Alive(unproven=tuple(unproven)) if unproven else Dead(evidence=tuple(evidence))

    def _refusal(self, credentials: CredentialSet) -> str | None:
        granted = self._grant(credentials)
        return granted if isinstance(granted, str) else None

    def _grant(self, credentials: CredentialSet) -> TokenPair | str:
        """A token pair, or why the set is refused."""
        answer = self._ask_token(credentials, _password_grant(credentials))
        refusal = refused(answer)
        return refusal if refusal is not None else read(answer.expect(200), TokenPair)

    def _ask_token(self, credentials: CredentialSet, fields: Fields) -> Answer:
        return self._http.send(
            "POST", TOKEN_PATH, json=fields, basic=(credentials.client_id, credentials.client_secret)
        )


def _password_grant(credentials: CredentialSet) -> Fields:
    return {"grant_type": "password", "username": credentials.username, "password": credentials.password}


def refused(answer: Answer) -> str | None:
    """What the token endpoint refused, in our words; None if it did not refuse in the words we know."""
    return _GONE.get(_message(answer)) if answer.status == requests.codes.unprocessable else None


def gone(answer: Answer) -> str | None:
    """That the access token is gone; None if the answer does not show it."""
    message = _message(answer)
    return message if answer.status == requests.codes.unauthorized and message in _TOKEN_GONE else None


def _message(answer: Answer) -> str:
    """What a refusal says; empty where it has another shape, as the 401 of a disabled user has."""
    try:
        return read(answer, Problem).message
    except UnknownShape:
        return ""
