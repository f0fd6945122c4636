"""Every release can be provisioned in its own way; what no recording reaches follows the documents."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.unit.sandbox.browser import Browser
from vault_pim.sandbox.akeneo import console, roles
from vault_pim.sandbox.akeneo.console_base import Result
from vault_pim.sandbox.akeneo.release import Release
from vault_pim.sandbox.akeneo.releases import RELEASES
from vault_pim.sandbox.akeneo.world import User
from vault_pim.sandbox.pim_server import SandboxPim

PASSWORD = "Probe-pass-1"
SECOND = timedelta(seconds=1)


@dataclass
class Running:
    """A PIM, its administrator, and its console."""

    pim: SandboxPim
    admin: Browser

    @property
    def release(self) -> Release:
        return self.pim.pim.release

    def console(self, *arguments: str, answer: str | None = None, terminal: bool = False) -> Result:
        return console.run(self.pim.pim, list(arguments), answer, terminal=terminal)

    def credential_set(self, name: str) -> dict[str, Any]:
        """Client and user of a new connector, made the way the release has for it."""
        if self.release.connections.surface == "connections":
            return self.admin.connect(name)
        if self.release.users.surface == "rest":
            self.admin.add_user(name)
        else:
            assert self.admin.fill_user_form(name, PASSWORD).status_code == 302
        return self.client(name) | {"username": name, "password": PASSWORD}

    def client(self, label: str) -> dict[str, str]:
        """A client made on the screen, or on the console where there is no screen."""
        if self.release.connections.surface == "clients":
            assert self.admin.post("/client/rest", json={"label": label}).json() == {}
            rows = self.admin.get("/datagrid/api-connection-grid").json()["data"]
            client_id, _, secret = next(row["credentials"] for row in rows if row["label"] == label).partition("|")
            return {"client_id": client_id, "secret": secret}
        word = f"--label={label}" if self.release.console.labels_by_option else label
        lines = self.console("pim:oauth-server:create-client", word).stdout.splitlines()[1:3]
        return dict(line.split(": ") for line in lines)

    def user(self, name: str) -> User:
        user = self.pim.world.user_by_login(name)
        assert user is not None
        return user

    def refresh(self, client: dict[str, Any], tokens: dict[str, Any]) -> requests.Response:
        return self.admin.grant(client, grant_type="refresh_token", refresh_token=tokens["refresh_token"])


def started(release: str) -> Iterator[Running]:
    with SandboxPim(release) as pim:
        admin = Browser(pim.url)
        assert admin.log_in(pim.admin_username, pim.admin_password)
        yield Running(pim, admin)
        admin.session.close()


@pytest.fixture(params=list(RELEASES))
def any_release(request: pytest.FixtureRequest) -> Iterator[Running]:
    """A PIM of each release."""
    yield from started(request.param)


@pytest.fixture(params=["1.7", "2.3"])
def with_forms(request: pytest.FixtureRequest) -> Iterator[Running]:
    """A PIM of each release that has forms for users."""
    yield from started(request.param)


@pytest.fixture
def oldest() -> Iterator[Running]:
    """A PIM 1.7."""
    yield from started("1.7")


@pytest.fixture
def six() -> Iterator[Running]:
    """A PIM 6.0, which nobody has recorded."""
    yield from started("6.0")


def test_connector_is_provisioned_and_calls_the_api(any_release: Running) -> None:
    """Whatever the surfaces: the credential set gets a token, the token opens the API, its expiry closes it."""
    client = any_release.credential_set("erp_a")
    tokens = any_release.admin.grant(client).json()
    assert any_release.admin.api(tokens["access_token"]).status_code == 200
    any_release.pim.clock.advance(any_release.pim.pim.access_token_lifetime + SECOND)
    assert any_release.admin.api(tokens["access_token"]).status_code == 401
    assert any_release.refresh(client, tokens).status_code == 200


def test_security_lists_every_privilege_of_the_release(any_release: Running) -> None:
    """What the administrator may do is asked for at the release's own path, and names all there is."""
    shown = any_release.admin.get(f"/rest/security{any_release.release.users.slash}").json()
    assert set(shown) == any_release.release.privileges
    assert any_release.admin.get("/system_info/download").text.splitlines()[4] == any_release.release.version


def test_role_is_made_with_the_privileges_its_form_names(any_release: Running) -> None:
    """The form of each release, under its own name, makes a role with these privileges and no other."""
    prefix = f"{any_release.release.roles.form}_role_form"
    form = {f"{prefix}[label]": "VP ERP", f"{prefix}[_token]": any_release.admin.csrf("/user/role/create", "[_token]")}
    form[f"{prefix}[api][0][identity][id]"] = "action:pim_api_overall_access"
    form[f"{prefix}[api][0][permissions][EXECUTE][accessLevel]"] = "1"
    reply = any_release.admin.post("/user/role/create", data=form)
    assert reply.status_code == (302 if any_release.release.roles.redirects else 200)
    role = any_release.pim.world.role_by_code("ROLE_VP_ERP")
    assert role is not None
    assert role.privileges == {"pim_api_overall_access"}
    assert "VP ERP" in [row["label"] for row in any_release.admin.get("/datagrid/pim-role-grid").json()["data"]]


def test_refused_role_form_names_the_reason_but_on_master(any_release: Running) -> None:
    """A label that is taken is told at the field, in every release but the one that forgot to."""
    prefix = f"{any_release.release.roles.form}_role_form"
    token = any_release.admin.csrf("/user/role/create", "[_token]")
    form = {f"{prefix}[label]": "administrator", f"{prefix}[_token]": token}
    reply = any_release.admin.post("/user/role/create", data=form)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=UTF-8")
    told = 'data-original-title="This value is already used."' in reply.text
    assert told is (any_release.release.name != "master")
    assert len(any_release.pim.world.roles) == 3


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/rest/security", "1.7"),
        ("/user/create", "1.7 2.3"),
        ("/datagrid/api-connection-grid", "2.3 3.2"),
        ("/rest/user_role/", "3.2 4.0 5.0 6.0 7.0 master"),
        ("/rest/connections", "4.0 5.0 6.0 7.0 master"),
        ("/rest/connections/wrong-credentials-combination", "5.0 6.0 7.0 master"),
        ("/system_info/rest", "6.0 7.0 master"),
        ("/rest/connections/max-limit-reached", "7.0 master"),
        ("/rest/marketplace/test-apps", "7.0"),
        ("/rest/custom-apps", "master"),
    ],
)
def test_surface_tells_the_release(path: str, names: str) -> None:
    """What a logged-in administrator finds, and in which releases."""
    for name in RELEASES:
        for running in started(name):
            assert (running.admin.get(path).status_code == 200) is (name in names.split()), name


def test_deleting_the_user_ends_every_token_at_once(any_release: Running) -> None:
    """The one revocation that works alike in all releases."""
    client = any_release.credential_set("erp_a")
    tokens = any_release.admin.grant(client).json()
    any_release.pim.world.delete_user(any_release.user(client["username"]))
    assert any_release.admin.api(tokens["access_token"]).status_code == 401
    assert any_release.refresh(client, tokens).status_code == 422


def test_client_revoked_in_1_7_leaves_access_tokens_alive_to_their_end(oldest: Running) -> None:
    """The schema's access tokens know no client: they live on for their lifetime, and nothing new is granted."""
    client = oldest.credential_set("erp_a")
    tokens = oldest.admin.grant(client).json()
    revoked = oldest.console("pim:oauth-server:revoke-client", client["client_id"])
    assert revoked.stdout.startswith("Client with public id")
    assert (oldest.refresh(client, tokens).status_code, oldest.admin.grant(client).status_code) == (422, 422)
    oldest.pim.clock.advance(timedelta(seconds=3590))
    assert oldest.admin.api(tokens["access_token"]).status_code == 200
    oldest.pim.clock.advance(timedelta(seconds=11))
    assert oldest.admin.api(tokens["access_token"]).status_code == 401


@pytest.mark.parametrize(
    ("release", "asks"), [("1.7", False), ("2.3", False), ("3.2", False), ("4.0", True), ("6.0", True)]
)
def test_old_consoles_ask_only_a_terminal(release: str, asks: bool) -> None:
    """Where a pipe is not asked, the client is revoked whatever the pipe says; a terminal is asked everywhere."""
    for running in started(release):
        command = ("pim:oauth-server:revoke-client", running.client("ERP")["client_id"])
        assert bool(running.console(*command, terminal=True).question)
        assert len(running.pim.world.clients) == 1
        assert bool(running.console(*command).question) is asks
        assert len(running.pim.world.clients) == int(asks)


def test_user_left_without_enabled_is_a_disabled_one(with_forms: Running) -> None:
    """A form that does not choose leaves the user disabled; an unknown role or a short password leaves no user."""
    assert with_forms.admin.fill_user_form("lucy", PASSWORD, enabled="").status_code == 302
    assert not with_forms.user("lucy").enabled
    for refused in (
        {"rolesCollection][": "99"},
        {"email": "nope"},
        {"plainPassword][second": "other"},
        {"_token": "x"},
    ):
        assert with_forms.admin.fill_user_form("mary", PASSWORD, **refused).status_code == 200
    assert with_forms.admin.fill_user_form("mary", "x").status_code == 200
    assert with_forms.pim.world.user_by_login("mary") is None


def test_form_of_a_user_sent_back_as_it_is_changes_nothing(with_forms: Running) -> None:
    """The page holds every field, so what a program does not touch stays as it was."""
    number = (
        with_forms.admin.fill_user_form("lucy", PASSWORD, phone="1", namePrefix="Dr").headers["location"].split("/")[-1]
    )
    before = with_forms.user("lucy")
    properties, held = dict(before.properties), list(before.roles)
    assert with_forms.admin.post(
        f"/user/update/{number}", data=with_forms.admin.form(f"/user/update/{number}")
    ).status_code in (204, 302)
    after = with_forms.user("lucy")
    assert (after.properties, after.roles, after.enabled) == (properties, held, True)
    assert after.has_password(PASSWORD)


def test_only_the_user_changes_a_password_where_users_have_forms(with_forms: Running) -> None:
    """An administrator's password field is refused; the user's own form asks for the current one."""
    number = with_forms.admin.fill_user_form("lucy", PASSWORD).headers["location"].split("/")[-1]
    form = with_forms.admin.form(f"/user/update/{number}")
    form |= {f"pim_user_user_form[plainPassword][{one}]": "Stolen-pass-1" for one in ("first", "second")}
    assert "extra fields" in with_forms.admin.post(f"/user/update/{number}", data=form).text
    lucy = Browser(with_forms.pim.url)
    assert lucy.log_in("lucy", PASSWORD)
    changes = {f"plainPassword][{one}": "Fresh-pass-1" for one in ("first", "second")}
    for current, expected in (("wrong", 200), (PASSWORD, 302)):
        form = lucy.form("/user/profile/edit")
        form |= {
            f"pim_user_user_form[change_password][{key}]": text
            for key, text in (changes | {"currentPassword": current}).items()
        }
        assert lucy.post("/user/profile/edit", data=form).status_code == expected
    lucy.session.close()
    assert with_forms.user("lucy").has_password("Fresh-pass-1")


def test_renamed_role_of_1_7_grants_nothing_until_the_cache_is_made_anew(oldest: Running) -> None:
    """The new code is not in the cache of privileges; removing the cache brings them back."""
    client = oldest.credential_set("erp_a")
    tokens = oldest.admin.grant(client).json()
    roles.save_role(oldest.pim.pim, oldest.pim.world.roles[3], "Users", {})
    assert oldest.pim.world.roles[3].code == "ROLE_USERS"
    refused = oldest.admin.api(tokens["access_token"])
    assert (refused.status_code, refused.json()["message"]) == (403, "You are not allowed to access the web API.")
    roles.renew_cache(oldest.pim.pim)
    assert oldest.admin.api(tokens["access_token"]).status_code == 200


def test_6_0_knows_no_limit_of_connections_and_shows_their_type(six: Running) -> None:
    """The limit of 50 came later, and with it the page that tells; connections say their type already."""
    for number in range(51):
        six.admin.connect(f"erp_{number}")
    assert {row["type"] for row in six.admin.get("/rest/connections").json()} == {"default"}
    assert six.admin.get("/rest/connections/max-limit-reached").status_code == 404


def test_6_0_disabled_user_gets_no_token_and_is_told_so(six: Running) -> None:
    """The grant is refused, a live token as well, and both come back with the user."""
    client = six.credential_set("erp_a")
    tokens = six.admin.grant(client).json()
    six.user(client["username"]).enabled = False
    refused = six.admin.api(tokens["access_token"])
    assert refused.json() == {"error": "access_denied", "error_description": "User account is disabled."}
    assert six.admin.grant(client).status_code == 422
    six.user(client["username"]).enabled = True
    assert six.admin.api(tokens["access_token"]).status_code == 200


def test_6_0_products_ask_for_a_privilege_of_their_own(six: Running) -> None:
    """Up to 5.0 overall access is enough for products."""
    token = six.admin.grant(six.credential_set("erp_a")).json()["access_token"]
    six.pim.world.roles[3].privileges.discard("pim_api_product_list")
    assert six.admin.api(token, "products").status_code == 403
    assert six.admin.api(token, "system-information").json() == {"version": "6.0.90", "edition": "CE"}


def test_6_0_lock_forgets_failures_of_more_than_five_minutes_ago(six: Running) -> None:
    """Five wrong passwords lock for five minutes, and the next five lock again, without a success between them."""
    for _ in range(2):
        for _ in range(5):
            assert not Browser(six.pim.url).log_in(six.pim.admin_username, "wrong")
        assert not Browser(six.pim.url).log_in(six.pim.admin_username, six.pim.admin_password)
        six.pim.clock.advance(timedelta(minutes=5) + SECOND)
    assert Browser(six.pim.url).log_in(six.pim.admin_username, six.pim.admin_password)


def test_6_0_console_errs_with_255_and_names_broken_rules_by_key(six: Running) -> None:
    """One log line and no box, as in 7.0; the rules of connections are keys still, as in 5.0."""
    failed = six.console("akeneo:connectivity-connection:create", "erp", "--user-group=Manager")
    assert (failed.exit, failed.stdout, failed.stderr.count("\n")) == (255, "", 1)
    refused = six.console("akeneo:connectivity-connection:create", "ab", "--label=ABC")
    assert (refused.exit, refused.stdout) == (
        1,
        "akeneo_connectivity.connection.connection.constraint.code.too_short\n",
    )
