"""What a naive fake gets wrong and the probe does not ask: limits, side effects, sessions that die."""

import pytest

from tests.unit.sandbox.browser import Browser
from vault_pim.sandbox.akeneo import connections
from vault_pim.sandbox.pim_server import SandboxPim


def test_fifty_first_connection_is_refused_until_one_is_deleted(pim: SandboxPim, admin: Browser) -> None:
    """The limit of 50 is a violation without a name; a deletion frees a slot."""
    for number in range(50):
        admin.connect(f"erp_{number}")
    assert admin.get("/rest/connections/max-limit-reached").json() == {"limitReached": True}
    refused = admin.post("/rest/connections", json={"code": "one_more", "label": "one more", "flow_type": "other"})
    reason = f"{connections.REASON_PREFIX}connections_number_limit_reached"
    assert (refused.status_code, refused.json()["errors"]) == (422, [{"name": "", "reason": reason}])
    admin.call("DELETE", "/rest/connections/erp_7")
    admin.connect("one_more")


def test_group_all_deleted_breaks_connections_until_it_is_back(pim: SandboxPim, admin: Browser) -> None:
    """Without the group All nothing can be made, old connections vanish from sight, and passwords still change."""
    admin.connect("old")
    everybody = next(one["meta"]["id"] for one in admin.get("/rest/user_group/").json() if one["name"] == "All")
    assert admin.call("DELETE", f"/user/group/delete/{everybody}").status_code == 204
    refused = admin.post("/rest/connections", json={"code": "new", "label": "new", "flow_type": "other"})
    message = 'Property "groups" expects a valid group. The group does not exist, "all" given.'
    assert (refused.status_code, refused.json()) == (400, {"message": message})
    assert admin.get("/rest/connections/old").status_code == 404
    assert admin.post("/rest/connections/old/regenerate-password").status_code == 200
    assert admin.post("/rest/user/1", json={"phone": "1"}).status_code == 500
    token = admin.csrf("/user/group/create", "[_token]")
    admin.post("/user/group/create", data={"pim_user_group_form[name]": "All", "pim_user_group_form[_token]": token})
    assert admin.get("/rest/connections/old").status_code == 200
    admin.connect("new")


def test_refused_update_changes_nothing(pim: SandboxPim, admin: Browser) -> None:
    """A user update with one broken rule leaves every other value as it was."""
    admin.add_user("ann")
    number = admin.add_user("bob")
    refused = admin.post(f"/rest/user/{number}", json={"enabled": False, "email": "ann@example.com"})
    assert refused.status_code == 400
    assert admin.get(f"/rest/user/{number}").json()["enabled"] is True


@pytest.mark.parametrize(
    "change",
    [
        {"current_password": "Probe-pass-1", "new_password": "Other-pass-1", "new_password_repeat": "Other-pass-1"},
        {"username": "renamed"},
        {"enabled": False},
    ],
)
def test_session_dies_when_its_user_is_changed_from_elsewhere(
    pim: SandboxPim, admin: Browser, change: dict[str, object]
) -> None:
    """A new password, a new name or a disabled account end the user's session, which stays dead."""
    number, browser = admin.add_user("ann"), Browser(pim.url)
    assert browser.log_in("ann", "Probe-pass-1")
    assert admin.post(f"/rest/user/{number}", json=change).status_code == 200
    browser.get("/user/login")
    assert not browser.is_logged_in()
    admin.post(f"/rest/user/{number}", json={"enabled": True})
    assert not browser.is_logged_in()
    browser.session.close()


def test_own_password_change_ends_the_other_session_only(pim: SandboxPim, admin: Browser) -> None:
    """Through the profile a user keeps the session in hand and loses the others."""
    number, here, there = admin.add_user("ann"), Browser(pim.url), Browser(pim.url)
    assert here.log_in("ann", "Probe-pass-1")
    assert there.log_in("ann", "Probe-pass-1")
    new = {"new_password": "Other-pass-1", "new_password_repeat": "Other-pass-1"}
    here.post(f"/rest/user/{number}/profile", json={"current_password": "Probe-pass-1"} | new)
    assert here.is_logged_in()
    assert not there.is_logged_in()
    for browser in (here, there):
        browser.session.close()


def test_roles_given_without_the_right_to_are_dropped_in_silence(pim: SandboxPim, admin: Browser) -> None:
    """Who may edit users but not roles gets 200, and the role stays as it was."""
    assert admin.add_role("editor", "pim_user_user_edit", "pim_user_user_index").json()["params"] == {"id": 4}
    admin.add_user("eddy", roles=["ROLE_EDITOR"])
    number, browser = admin.add_user("ann"), Browser(pim.url)
    assert browser.log_in("eddy", "Probe-pass-1")
    reply = browser.post(f"/rest/user/{number}", json={"roles": ["ROLE_ADMINISTRATOR"], "phone": "1"})
    assert (reply.status_code, reply.json()["roles"], reply.json()["phone"]) == (200, ["ROLE_USER"], "1")
    browser.session.close()


def test_long_token_request_is_refused_by_its_size(pim: SandboxPim, admin: Browser) -> None:
    """More than 300 bytes are too many for the token endpoint."""
    client = admin.connect("erp")
    refused = admin.grant(client | {"password": "p" * 300})
    message = "Request content exceeded the maximum allowed size of 300 bytes"
    assert (refused.status_code, refused.json()) == (413, {"code": 413, "message": message})


def test_client_keeps_its_label_when_the_connection_is_renamed(pim: SandboxPim, admin: Browser) -> None:
    """The label in the list of clients is the one of the connection's creation."""
    created = admin.connect("erp")
    body = created | {"label": "other", "image": None}
    assert admin.post("/rest/connections/erp", json=body).status_code == 204
    assert [client.label for client in pim.world.clients.values()] == ["erp"]


def test_passwords_and_secrets_are_in_no_repr_of_the_world(pim: SandboxPim, admin: Browser) -> None:
    """Looking at the state in a debugger or a failed assertion shows no secret."""
    created = admin.connect("erp")
    tokens = admin.grant(created).json()
    shown = repr(pim.world) + repr(list(pim.world.clients.values())) + repr(list(pim.world.access_tokens.values()))
    for secret in (created["secret"], created["password"], tokens["access_token"], tokens["refresh_token"]):
        assert secret not in shown


def test_role_form_moves_users_in_and_out(pim: SandboxPim, admin: Browser) -> None:
    """`appendUsers` and `removeUsers` of a form take user ids with commas between."""
    number, role = admin.add_user("ann"), admin.add_role("editor").json()["params"]["id"]
    form = {"pim_user_role_form[label]": "editor"}
    form["pim_user_role_form[_token]"] = admin.csrf("/user/role/create", "[_token]")
    for field, roles in (("appendUsers", ["ROLE_USER", "ROLE_EDITOR"]), ("removeUsers", ["ROLE_USER"])):
        admin.post(f"/user/role/update/{role}", data=form | {f"pim_user_role_form[{field}]": f"{number},99999"})
        assert admin.get(f"/rest/user/{number}").json()["roles"] == roles


@pytest.mark.parametrize(("release", "status"), [("7.0", 404), ("master", 403)])
def test_apps_of_developers_are_closed_to_everybody(release: str, status: int) -> None:
    """7.0 has them switched off; on master nobody holds the privilege after an installation."""
    with SandboxPim(release=release) as other:
        browser = Browser(other.url)
        assert browser.log_in(other.admin_username, other.admin_password)
        token = browser.grant(browser.connect("erp")).json()["access_token"]
        assert browser.api(token, "test-apps").status_code == status
        assert (
            browser.get("/system_info/rest").json()["pim_version"]
            == browser.api(token, "system-information").json()["version"]
        )
        browser.session.close()
