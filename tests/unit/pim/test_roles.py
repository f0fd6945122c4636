"""Roles: a form is posted whole, and its acceptance is not believed before it is seen."""

import json
from urllib.parse import parse_qsl

import pytest

from tests.fakes.scripted_pim import Scripted, ScriptedPim
from tests.unit.pim.logged_in import session, tell_login
from tests.unit.pim.test_pages import role_page
from vault_pim.domain.errors import ConfigurationError, PimRefusal, UnknownPermission
from vault_pim.pim.http import Http
from vault_pim.pim.releases import RELEASES
from vault_pim.pim.roles import Roles

CREATE = "/user/role/create"
UPDATE = "/user/role/update/4"
WANTED = frozenset(("pim_api_overall_access", "pim_api_channel_list"))
NONE = dict.fromkeys((*WANTED, "pim_api_locale_list", "pim_user_role_edit"), False)
AS_WANTED = {name: name in WANTED for name in NONE}
SAVED = Scripted(body='{"route":"pim_user_role_update","params":{"id":4}}')


def page(privileges: dict[str, bool], label: str = "ERP") -> Scripted:
    """The role form as the PIM shows it."""
    return Scripted(content_type="text/html; charset=UTF-8", body=role_page(privileges, label=label))


@pytest.fixture
def roles(pim: ScriptedPim, http: Http) -> Roles:
    """Roles at a PIM that makes them as it should, until it is told otherwise."""
    tell_login(pim)
    pim.tell("GET", "/rest/user_role/", Scripted(body='[{"id":1,"role":"ROLE_ADMINISTRATOR","label":"Administrator"}]'))
    pim.tell("GET", CREATE, page(NONE, label=""))
    pim.tell("POST", CREATE, SAVED)
    pim.tell("GET", UPDATE, page(AS_WANTED))
    return Roles(session(http), RELEASES[0])


def test_every_privilege_is_named_and_the_wanted_ones_granted(pim: ScriptedPim, roles: Roles) -> None:
    """Unnamed ones would stay as they are (contracts/akeneo/observed.md §1 item 12)."""
    roles.put("ERP", WANTED)
    posted = dict(parse_qsl(next(one.body for one in pim.asked if (one.method, one.path) == ("POST", CREATE))))
    assert posted["pim_user_role_form[label]"] == "ERP"
    assert posted["pim_user_role_form[_token]"] == "t"
    named = {value: place for place, value in posted.items() if place.endswith("[identity][id]")}
    assert named.keys() == {f"action:{name}" for name in NONE}
    granted = {
        value
        for value, place in named.items()
        if place.replace("[identity][id]", "[permissions][EXECUTE][accessLevel]") in posted
    }
    assert granted == {f"action:{name}" for name in WANTED}
    assert len(posted) < 1000, "PHP takes no more fields by default"


@pytest.mark.parametrize(
    "kept", [AS_WANTED | {"pim_user_role_edit": True}, AS_WANTED | {"pim_api_channel_list": False}]
)
def test_role_that_is_not_kept_as_posted_is_reported(pim: ScriptedPim, roles: Roles, kept: dict[str, bool]) -> None:
    """More or fewer privileges than posted."""
    pim.tell("GET", UPDATE, page(kept))
    with pytest.raises(PimRefusal, match="did not keep role 'ERP'"):
        roles.put("ERP", WANTED)


def test_refused_form_is_told_with_its_reason(pim: ScriptedPim, roles: Roles) -> None:
    """A 200 like an accepted one."""
    reason = '<i class="validation-tooltip" data-original-title="This value is already used."></i>'
    pim.tell("POST", CREATE, Scripted(content_type="text/html", body=reason))
    with pytest.raises(PimRefusal, match="does not take role 'ERP'") as refused:
        roles.put("ERP", WANTED)
    assert refused.value.why == "This value is already used."


def test_name_longer_than_a_pim_allows_is_refused_unasked(pim: ScriptedPim, roles: Roles) -> None:
    """Some releases would refuse it without a word."""
    with pytest.raises(ConfigurationError):
        roles.put("x" * 26, WANTED)
    assert pim.asked == []


def test_unknown_permission_is_named_and_nothing_posted(pim: ScriptedPim, roles: Roles) -> None:
    """The PIM would answer 500 and leave a role behind (contracts/akeneo/observed.md §12 item 6)."""
    with pytest.raises(UnknownPermission, match="pim_api_nonsense"):
        roles.put("ERP", WANTED | {"pim_api_nonsense"})
    assert pim.times_asked("POST", CREATE) == 0


def test_role_is_found_whatever_its_letter_case(pim: ScriptedPim, roles: Roles) -> None:
    """The PIM would refuse a second one."""
    rows = [{"id": 4, "role": "ROLE_ERP", "label": "erp"}]
    pim.tell("GET", "/rest/user_role/", Scripted(body=json.dumps(rows)))
    pim.tell("POST", UPDATE, SAVED)
    roles.put("ERP", WANTED)
    assert pim.times_asked("POST", UPDATE) == 1
    assert pim.times_asked("POST", CREATE) == 0
