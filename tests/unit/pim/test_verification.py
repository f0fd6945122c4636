"""Proofs and verifications hold only in the PIM's own words."""

import pytest

from tests.canary import CANARY
from tests.fakes.scripted_pim import Scripted, ScriptedPim
from vault_pim.domain.credentials import CredentialSet, Tokens
from vault_pim.domain.errors import PimNoAnswer, UnknownShape
from vault_pim.domain.outcomes import Alive, Dead
from vault_pim.domain.secret import SecretStr
from vault_pim.pim.http import Http
from vault_pim.pim.verification import Verifier

SECRET = SecretStr(f"{CANARY}-secret")
CREDENTIALS = CredentialSet(
    base_url="https://pim.example.com", client_id="1_a", client_secret=SECRET, username="erp_1", password=SECRET
)
TOKENS = Tokens(access_token=SECRET, refresh_token=SECRET, expires_in=3600)
BARE = frozenset(("pim_api_overall_access",))
TOKEN, CHANNELS = "/api/oauth/v1/token", "/api/rest/v1/channels"
NO_CLIENT = Scripted(
    status=422,
    body=r'{"code":422,"message":"Parameter \"client_id\" is missing or does not match any client, '
    r'or secret is invalid"}',
)
INVALID = Scripted(status=401, body='{"code":401,"message":"The access token provided is invalid."}')


def test_set_refused_in_every_way_is_dead(pim: ScriptedPim, http: Http) -> None:
    """Three refusals, each with its evidence."""
    pim.tell("POST", TOKEN, NO_CLIENT)
    pim.tell("GET", CHANNELS, INVALID)
    assert Verifier(http).prove_dead(CREDENTIALS, TOKENS) == Dead(
        evidence=(
            f"GET {CHANNELS}?limit=1 with the old access token: 401, The access token provided is invalid.",
            "refresh grant: 422, client id and client secret are refused",
            "password grant: 422, client id and client secret are refused",
        )
    )


def test_tokens_that_could_not_be_taken_are_not_said_to_be_dead(pim: ScriptedPim, http: Http) -> None:
    """A set that was refused had none to give; of a PIM that was silent it is not known."""
    pim.tell("POST", TOKEN, NO_CLIENT)
    proofs = [Verifier(http).prove_dead(CREDENTIALS, one) for one in (None, PimNoAnswer("silent", why="timed out"))]
    assert [proof.evidence[0] for proof in proofs if isinstance(proof, Dead)] == [
        "access and refresh token: none could be taken, the set was refused already",
        "access and refresh token: not tried, no answer when they were to be taken (timed out)",
    ]


@pytest.mark.parametrize(
    "answer",
    [
        Scripted(status=401, content_type="text/html", body="<h1>Authorization Required</h1>"),
        Scripted(status=401, body='{"error":"access_denied","error_description":"Bad credentials."}'),
        Scripted(status=403, body='{"code":403,"message":"You are not allowed to access the web API."}'),
        Scripted(status=404, content_type="text/html"),
        Scripted(body="[]"),
    ],
)
def test_other_answers_to_the_old_token_prove_nothing(pim: ScriptedPim, http: Http, answer: Scripted) -> None:
    """Those of a proxy, of a disabled user, of a role without rights, of a wrong address, of a living token."""
    pim.tell("POST", TOKEN, NO_CLIENT)
    pim.tell("GET", CHANNELS, answer)
    proof = Verifier(http).prove_dead(CREDENTIALS, TOKENS)
    assert isinstance(proof, Alive)
    assert len(proof.unproven) == 1
    assert f"answered {answer.status}" in proof.unproven[0]


@pytest.mark.parametrize(
    "answer",
    [
        Scripted(status=422, body='{"code":422,"message":"This grant type is not authorized for this client"}'),
        Scripted(status=422, content_type="text/html", body="<h1>Unprocessable</h1>"),
        Scripted(status=413, body='{"code":413,"message":"Request content exceeded the maximum allowed size"}'),
        Scripted(status=400, body='{"code":400,"message":"Invalid json message received"}'),
    ],
)
def test_grant_refused_for_another_reason_proves_nothing(pim: ScriptedPim, http: Http, answer: Scripted) -> None:
    """The set may be as good as ever; and it is no failed verification either."""
    pim.tell("POST", TOKEN, answer)
    pim.tell("GET", CHANNELS, INVALID)
    proof = Verifier(http).prove_dead(CREDENTIALS, TOKENS)
    assert isinstance(proof, Alive)
    assert [line.partition(":")[0] for line in proof.unproven] == ["refresh grant", "password grant"]
    with pytest.raises(UnknownShape):
        Verifier(http).verify(CREDENTIALS, BARE, open_call="/api/rest/v1/system-information", unprotected=frozenset())
    with pytest.raises(UnknownShape):
        Verifier(http).take_tokens(CREDENTIALS)


def test_call_that_is_neither_allowed_nor_forbidden_is_not_understood(pim: ScriptedPim, http: Http) -> None:
    """No right is missing where the address is wrong."""
    granted = f'{{"access_token":"{CANARY}","expires_in":3600,"token_type":"bearer","refresh_token":"{CANARY}"}}'
    pim.tell("POST", TOKEN, Scripted(body=granted))
    with pytest.raises(UnknownShape) as unknown:
        Verifier(http).verify(CREDENTIALS, BARE, open_call="/api/rest/v1/system-information", unprotected=frozenset())
    assert unknown.value.why == "status 404"
