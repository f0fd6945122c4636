"""`/api/oauth/v1/token`: every refusal is a 422 with a sentence, never a 401 (observed.md §14)."""

import base64

from starlette.responses import Response

from vault_pim.sandbox.akeneo import http, oauth
from vault_pim.sandbox.akeneo.http import Call
from vault_pim.sandbox.akeneo.refusals import ImpossibleError
from vault_pim.sandbox.akeneo.routing import Area, Route


def routes() -> list[Route]:
    return [
        Route(
            method="POST",
            path="/api/oauth/v1/token",
            handler=_token,
            area=Area.PUBLIC,
            content_types=(http.JSON, http.FORM),
        )
    ]


def _token(call: Call) -> Response:
    limit = call.pim.release.api.body_limit
    if limit is not None and len(call.body) > limit:
        return http.api_error(413, f"Request content exceeded the maximum allowed size of {limit} bytes")
    parameters = call.parameters()
    client_id, secret = _basic(call) or (parameters.get("client_id", ""), parameters.get("client_secret", ""))
    try:
        pair = oauth.grant(call.pim, parameters, str(client_id), str(secret))
    except ImpossibleError as no:
        return http.api_error(422, str(no), {"cache-control": call.pim.release.web.refusal_cache})
    body = {
        "access_token": pair.access.value,
        "expires_in": int(call.pim.access_token_lifetime.total_seconds()),
        "token_type": "bearer",
        "scope": None,
        "refresh_token": pair.refresh.value,
    }
    headers = {"cache-control": call.pim.release.web.grant_cache, "pragma": "no-cache"}
    return http.json_answer(body, headers=headers)


def _basic(call: Call) -> tuple[str, str] | None:
    """The client of a readable Basic header; an unreadable one counts as none."""
    scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None
    return name, password
