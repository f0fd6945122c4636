"""A PIM is what it can do; one that cannot do what the mechanism needs is refused before anything is written."""

import json

import pytest

from tests.fakes.scripted_pim import Scripted, ScriptedPim
from tests.unit.pim.logged_in import session, tell_login
from vault_pim.domain.errors import ConfigurationError, PimRefusal, UnknownShape
from vault_pim.pim.detect import detect_release, held_privileges
from vault_pim.pim.http import Http
from vault_pim.pim.releases import RELEASES

TWO = {"pim_api_locale_list", "pim_api_currency_list"}
FIVE = TWO | {"pim_api_measurement_family_get"}
SIX = FIVE | {"pim_analytics_external_api_system_info_get"}
SEVEN = SIX | {"pim_api_product_uuid_list"}
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


PAGES = {"/rest/connections": "4.0", "/rest/user_role/": "3.2"}
WANTS_LOGIN = {
    "redirect": Scripted(status=302, content_type="text/html", headers=(("Location", "/user/login"),)),
    "login page": Scripted(status=401, content_type="text/html"),
}


@pytest.mark.parametrize(
    ("routes", "pages", "name"),
    [
        (MASTER, PAGES, "master"),
        (SEVEN, PAGES, "7.0"),
        (SIX, PAGES, "6.0"),
        (FIVE, PAGES, "5.0"),
        (TWO, PAGES, "4.0"),
        (TWO, ["/rest/user_role/"], "3.2"),
        (TWO, [], "2.3"),
        ({"pim_api_locale_list"}, [], "1.7"),
    ],
)
@pytest.mark.parametrize("answer", WANTS_LOGIN)
def test_release_is_told_by_what_it_offers(
    pim: ScriptedPim, http: Http, routes: set[str], pages: list[str], name: str, answer: str
) -> None:
    """The newest release whose marker is there: a route everybody sees, or a page that wants a login."""
    tell_routes(pim, routes)
    for page in pages:
        pim.tell("GET", page, WANTS_LOGIN[answer])
    assert detect_release(http).name == name
    assert detect_release(http, name).name == name


def test_release_that_is_not_the_configured_one_is_refused(pim: ScriptedPim, http: Http) -> None:
    """The PIM was upgraded, or is another one: say so before writing to it."""
    tell_routes(pim, MASTER)
    with pytest.raises(UnknownShape, match=r"PIM prod is not of release 7\.0") as refused:
        detect_release(http, "7.0")
    assert "master" in refused.value.advice


def test_release_that_is_not_known_is_refused(pim: ScriptedPim, http: Http) -> None:
    """Neither a PIM before 1.7 nor an unknown word in the configuration."""
    tell_routes(pim, set())
    with pytest.raises(UnknownShape, match="no release that we know"):
        detect_release(http)
    with pytest.raises(ConfigurationError, match=r"1\.6") as refused:
        detect_release(http, "1.6")
    assert "1.7" in refused.value.advice


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
        assert held_privileges(web, RELEASES[0], frozenset(NEEDED)) == NEEDED.keys()
    else:
        with pytest.raises(error):
            held_privileges(web, RELEASES[0], frozenset(NEEDED))
