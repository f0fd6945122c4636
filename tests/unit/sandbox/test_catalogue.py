"""What a connector does with the web API: pages, writes, and its own rights."""

import json

import requests

from tests.unit.sandbox.browser import TIMEOUT, Browser
from vault_pim.sandbox.pim_server import SandboxPim


def patch(pim: SandboxPim, token: str, path: str, body: str, content_type: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": content_type}
    return requests.patch(f"{pim.url}/api/rest/v1/{path}", data=body, headers=headers, timeout=TIMEOUT)


def test_list_is_paged_with_links_to_follow(pim: SandboxPim, admin: Browser) -> None:
    """A reader who follows `next` gets every item once; more than 100 a page are refused."""
    token = admin.grant(admin.connect("erp")).json()["access_token"]
    codes, path = [], "association-types?limit=3&with_count=true"
    while path:
        page = admin.api(token, path).json()
        assert page["items_count"] == 4
        codes += [item["code"] for item in page["_embedded"]["items"]]
        path = page["_links"].get("next", {}).get("href", "").partition("/v1/")[2]
    assert codes == ["PACK", "SUBSTITUTION", "UPSELL", "X_SELL"]
    assert admin.api(token, "channels?limit=101").status_code == 422
    assert admin.api(token, "channels?page=zero").json()["message"] == '"zero" is not a valid page number.'


def test_collection_is_saved_line_by_line(pim: SandboxPim, admin: Browser) -> None:
    """Each line of a bulk update has its own status, and a bad line spoils none of the others."""
    token = admin.grant(admin.connect("erp")).json()["access_token"]
    body = '{"identifier": "new"}\n{nope\n{"family": null}\n{"identifier": "new", "enabled": true}'
    reply = patch(pim, token, "products", body, "application/vnd.akeneo.collection+json")
    assert [json.loads(line)["status_code"] for line in reply.text.splitlines()] == [201, 400, 422, 204]
    assert admin.api(token, "products/new").json() == {"identifier": "new", "enabled": True}


def test_one_item_is_created_then_updated(pim: SandboxPim, admin: Browser) -> None:
    """The first PATCH creates and says where, the second updates."""
    token = admin.grant(admin.connect("erp")).json()["access_token"]
    replies = [patch(pim, token, "families/shoes", "{}", "application/json") for _ in range(2)]
    assert [reply.status_code for reply in replies] == [201, 204]
    assert replies[0].headers["location"] == f"{pim.url}/api/rest/v1/families/shoes"
    assert admin.api(token, "families/shoes/variants").json()["_embedded"] == {"items": []}
    assert admin.api(token, "families/boots/variants").status_code == 404


def test_privilege_taken_away_acts_on_the_next_call(pim: SandboxPim, admin: Browser) -> None:
    """A token granted before goes on being granted again, and stops opening doors."""
    client = admin.connect("erp")
    token = admin.grant(client).json()["access_token"]
    assert admin.api(token).status_code == 200
    pim.world.roles[3].privileges.discard("pim_api_channel_list")
    refused = admin.api(token)
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "Access forbidden. You are not allowed to list channels.",
    )
    assert admin.grant(client).status_code == 200
