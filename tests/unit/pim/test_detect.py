"""A PIM is what it can do; one that cannot do what the mechanism needs is refused before anything is written."""

import json

import pytest

from tests.fakes.scripted_pim import Scripted, ScriptedPim
from tests.unit.pim.logged_in import session, tell_login
from vault_pim.domain.errors import ConfigurationError, PimRefusal, UnknownShape
from vault_pim.pim.detect import check_account, detect_release
from vault_pim.pim.http import Http

SEVEN = {"pim_api_locale_list", "pim_api_product_uuid_list"}
MASTER = SEVEN | {"pim_api_category_media_file_download"}
NEEDED = {
    "akeneo_connectivity_connection_manage_settings": True,
    "pim_user_role_create": True,
    "pim_user_role_edit": True,
    "pim_user_role_index": True,
}


def tell_routes(pim: ScriptedPim, routes: set[str]) -> None:
    """Let the PIM have these routes."""
    body = {
        "host": pim.url,
        "authentication": {},
        "routes": {name: {"route": "/", "methods": ["GET"]} for name in routes},
    }
    pim.tell("GET", "/api/rest/v1", Scripted(body=json.dumps(body)))


@pytest.mark.parametrize(("routes", "name"), [(SEVEN, "7.0"), (MASTER, "master")])
def test_release_is_told_by_its_routes(pim: ScriptedPim, http: Http, routes: set[str], name: str) -> None:
    """The newest release whose marker is there."""
    tell_routes(pim, routes)
    assert detect_release(http).name == name
    assert detect_release(http, name).name == name


def test_release_that_is_not_the_configured_one_is_refused(pim: ScriptedPim, http: Http) -> None:
    """The PIM was upgraded, or is another one: say so before writing to it."""
    tell_routes(pim, MASTER)
    with pytest.raises(UnknownShape, match=r"PIM prod is not of release 7\.0") as refused:
        detect_release(http, "7.0")
    assert "master" in refused.value.advice


def test_release_without_known_connections_is_refused(pim: ScriptedPim, http: Http) -> None:
    """Neither an older PIM nor an unknown word in the configuration."""
    tell_routes(pim, {"pim_api_locale_list"})
    with pytest.raises(UnknownShape, match="no release whose connections we know"):
        detect_release(http)
    with pytest.raises(ConfigurationError, match=r"3\.2"):
        detect_release(http, "3.2")


@pytest.mark.parametrize(
    "answer",
    [
        Scripted(status=404, content_type="text/html"),
        Scripted(content_type="text/html", body="<h1>It works</h1>"),
        Scripted(body='{"routes": []}'),
        Scripted(body='{"routes": {'),
        Scripted(status=301, headers=(("Location", "https://pim.example.com/"),)),
    ],
)
def test_what_is_no_pim_is_refused(pim: ScriptedPim, http: Http, answer: Scripted) -> None:
    """Another web server, or a redirect to https."""
    pim.tell("GET", "/api/rest/v1", answer)
    with pytest.raises(UnknownShape):
        detect_release(http)


@pytest.mark.parametrize(
    ("held", "error"),
    [
        (NEEDED, None),
        (NEEDED | {"pim_user_role_edit": False}, PimRefusal),
        ({"pim_user_role_index": True}, UnknownShape),
        ({"pim_user_role_index": "yes"}, UnknownShape),
    ],
)
def test_account_must_hold_what_the_mechanism_needs(
    pim: ScriptedPim, http: Http, held: dict[str, object], error: type[Exception] | None
) -> None:
    """What is lacking is named; a PIM that does not know the permission is not the one we took it for."""
    tell_login(pim)
    pim.tell("GET", "/rest/security/", Scripted(body=json.dumps(held)))
    web = session(http)
    if error is None:
        check_account(web)
    else:
        with pytest.raises(error):
            check_account(web)
