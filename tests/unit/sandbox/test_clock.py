"""What time does: tokens expire, sessions go idle, locks end."""

from datetime import timedelta

from tests.unit.sandbox.browser import Browser
from vault_pim.sandbox.pim_server import SandboxPim

SECOND = timedelta(seconds=1)


def test_access_token_expires_after_an_hour_and_refresh_token_does_not(pim: SandboxPim, admin: Browser) -> None:
    """After 3600 s the access token is refused as expired; the refresh token still gives a new pair."""
    client = admin.connect("erp")
    tokens = admin.grant(client).json()
    pim.clock.advance(timedelta(seconds=3590))
    assert admin.api(tokens["access_token"]).status_code == 200
    pim.clock.advance(timedelta(seconds=11))
    refused = admin.api(tokens["access_token"])
    assert (refused.status_code, refused.json()["message"]) == (401, "The access token provided has expired.")
    assert admin.grant(client, grant_type="refresh_token", refresh_token=tokens["refresh_token"]).status_code == 200


def test_access_tokens_live_as_long_as_the_integrator_has_set() -> None:
    """A PIM with another lifetime says it in `expires_in` and keeps to it."""
    with SandboxPim(access_token_lifetime=timedelta(seconds=10)) as pim:
        admin = Browser(pim.url)
        assert admin.log_in(pim.admin_username, pim.admin_password)
        tokens = admin.grant(admin.connect("erp")).json()
        assert tokens["expires_in"] == 10
        assert admin.api(tokens["access_token"]).status_code == 200
        pim.clock.advance(timedelta(seconds=11))
        assert admin.api(tokens["access_token"]).status_code == 401


def test_refresh_token_expires_after_fourteen_days(pim: SandboxPim, admin: Browser) -> None:
    """After 14 days the refresh token is refused like an unknown one."""
    client = admin.connect("erp")
    tokens = admin.grant(client).json()
    pim.clock.advance(timedelta(days=14) + SECOND)
    refused = admin.grant(client, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert (refused.status_code, refused.json()["message"]) == (422, "Refresh token is invalid or has expired")


def test_idle_session_ends_after_an_hour_and_a_used_one_lives_on(pim: SandboxPim, admin: Browser) -> None:
    """The 3600 s of a session run from its last use."""
    for _ in range(3):
        pim.clock.advance(timedelta(minutes=50))
        assert admin.is_logged_in()
    pim.clock.advance(timedelta(hours=1) + SECOND)
    expired = admin.get("/rest/connections")
    assert (expired.status_code, expired.headers["content-type"]) == (401, "text/html; charset=UTF-8")


def test_remembered_browser_is_logged_in_after_its_session_has_gone(pim: SandboxPim, admin: Browser) -> None:
    """The remember-me cookie starts a new session for fourteen days."""
    admin.add_user("ann")
    browser = Browser(pim.url)
    token = browser.csrf("/user/login", "_csrf_token")
    form = {"_username": "ann", "_password": "Probe-pass-1", "_csrf_token": token, "_remember_me": "on"}
    browser.post("/user/login-check", data=form)
    pim.clock.advance(timedelta(days=13))
    assert browser.is_logged_in()
    pim.clock.advance(timedelta(days=2))
    assert not browser.is_logged_in()
    browser.session.close()


def test_lock_ends_five_minutes_after_the_first_failure(pim: SandboxPim, admin: Browser) -> None:
    """Five failures lock the right password out until five minutes after the first of them."""
    admin.add_user("bob")
    browser = Browser(pim.url)
    for _ in range(5):
        assert not browser.log_in("bob", "wrong")
        pim.clock.advance(timedelta(seconds=30))
    assert not browser.log_in("bob", "Probe-pass-1")
    assert "locked for 5 minutes" in browser.get("/user/login").text
    pim.clock.advance(timedelta(seconds=151))
    assert browser.log_in("bob", "Probe-pass-1")
    browser.session.close()


def test_foreign_user_is_listed_for_seven_days(pim: SandboxPim, admin: Browser) -> None:
    """A connection used with another's user is in the list of wrong combinations, and leaves it after a week."""
    erp, shop = admin.connect("erp"), admin.connect("shop")
    admin.grant(erp | {"username": shop["username"], "password": shop["password"]})
    path = "/rest/connections/wrong-credentials-combination"
    assert [user["username"] for user in admin.get(path).json()["erp"]["users"]] == [shop["username"]]
    pim.clock.advance(timedelta(minutes=59))
    assert "erp" in admin.get(path).json()
    pim.clock.advance(timedelta(days=7))
    assert admin.log_in(pim.admin_username, pim.admin_password)
    assert admin.get(path).json() == []
