"""The session of our own account: one login, kept, renewed, and never forced."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.canary import CANARY
from tests.fakes.exceptions import everything_of
from tests.fakes.ledger import InMemoryLoginLedger
from tests.fakes.scripted_pim import Scripted, ScriptedPim
from tests.unit.pim.logged_in import BACK_TO_LOGIN, LOGIN_PAGE, PASSWORD, StoppedClock, session, tell_login
from vault_pim.domain.errors import LoginRefused, PimNoAnswer, UnknownShape
from vault_pim.pim.http import Http
from vault_pim.pim.web_session import WebSession

OK = Scripted(body="[]")


@pytest.fixture
def ledger() -> InMemoryLoginLedger:
    """An empty ledger."""
    return InMemoryLoginLedger()


@pytest.fixture
def web(pim: ScriptedPim, http: Http, ledger: InMemoryLoginLedger) -> WebSession:
    """A session at a PIM that lets us in."""
    tell_login(pim)
    return session(http, ledger)


def test_login_sends_the_form_with_its_cookies(pim: ScriptedPim, web: WebSession) -> None:
    """The token is bound to the cookie; afterwards the new session is used, with the cookies of a load balancer."""
    pim.tell("GET", "/rest/x", OK)
    web.call("GET", "/rest/x")
    check = next(one for one in pim.asked if one.path == "/user/login-check")
    assert check.headers["Cookie"] == "BAPID=before; LB=node1"
    assert check.body == f"_csrf_token=t&_username=daemon&_password={CANARY}-password"
    assert pim.asked[-1].headers["Cookie"] == f"BAPID={CANARY}; LB=node1"
    assert pim.asked[-1].headers["X-Requested-With"] == "XMLHttpRequest"


@pytest.mark.parametrize(
    "over",
    [
        Scripted(status=401, content_type="text/html", body="<form>"),
        Scripted(status=401, body="{}"),
        Scripted(status=302, content_type="text/html", headers=(("Location", "http://h/pim/user/login"),)),
    ],
    ids=["page", "empty object", "redirect"],
)
def test_session_that_is_over_is_renewed_once(pim: ScriptedPim, web: WebSession, over: Scripted) -> None:
    """In each of the forms in which releases say so; the request is sent again, since it was not processed."""
    pim.tell("POST", "/rest/x", over, OK)
    assert web.call("POST", "/rest/x", json={"a": "b"}).text == "[]"
    assert pim.times_asked("POST", "/user/login-check") == 2
    assert [one.body for one in pim.asked if one.path == "/rest/x"] == ['{"a": "b"}'] * 2


def test_session_that_does_not_hold_is_reported(pim: ScriptedPim, web: WebSession) -> None:
    """Two logins, then an end: something between us and the PIM loses cookies."""
    pim.tell("GET", "/rest/x", Scripted(status=401))
    with pytest.raises(UnknownShape, match="forgets our session"):
        web.call("GET", "/rest/x")
    assert pim.times_asked("POST", "/user/login-check") == 2


def test_form_is_filled_anew_in_a_new_session(pim: ScriptedPim, web: WebSession) -> None:
    """The token of the old session would be refused."""
    page = "text/html"
    pim.tell("GET", "/form", Scripted(body="one", content_type=page), Scripted(body="two", content_type=page))
    pim.tell("POST", "/form", Scripted(status=401), OK)
    web.submit("/form", lambda text: {"token": text})
    assert [one.body for one in pim.asked if (one.method, one.path) == ("POST", "/form")] == ["token=one", "token=two"]


def test_many_threads_share_one_login(pim: ScriptedPim, web: WebSession) -> None:
    """The first logs in, the others wait for it."""
    pim.tell("GET", "/rest/x", OK)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: web.call("GET", "/rest/x"), range(24)))
    assert pim.times_asked("POST", "/user/login-check") == 1


def test_refused_password_is_not_offered_again(pim: ScriptedPim, web: WebSession, ledger: InMemoryLoginLedger) -> None:
    """The reason is the page's; the ledger knows from then on."""
    pim.tell("POST", "/user/login-check", BACK_TO_LOGIN)
    told = Scripted(content_type="text/html", body='<span class="Text">Invalid credentials.</span>')
    pim.tell("GET", "/user/login", LOGIN_PAGE, told, LOGIN_PAGE)
    with pytest.raises(LoginRefused) as refused:
        web.call("GET", "/rest/x")
    assert refused.value.why == "Invalid credentials."
    assert CANARY not in everything_of(refused.value)
    assert not ledger.allowed("prod", PASSWORD, StoppedClock().now())
    with pytest.raises(LoginRefused):
        web.call("GET", "/rest/x")
    assert pim.times_asked("POST", "/user/login-check") == 1


@pytest.mark.parametrize(
    "told",
    [
        "Your account is locked for 5 minutes after too many authentication attempts.",
        "Account is locked.",
        "Ihr Konto ist nach zu vielen Anmeldeversuchen für 5 Minuten gesperrt.",
        "Votre compte est bloqué pendant 5 minutes.",
    ],
)
def test_lock_is_no_refusal_of_the_password(
    pim: ScriptedPim, web: WebSession, ledger: InMemoryLoginLedger, told: str
) -> None:
    """The password was not looked at: it may be tried when the lock is over, and is not while it lasts."""
    pim.tell("POST", "/user/login-check", BACK_TO_LOGIN)
    pim.tell(
        "GET", "/user/login", LOGIN_PAGE, Scripted(content_type="text/html", body=f'<span class="Text">{told}</span>')
    )
    for _ in range(3):
        with pytest.raises(LoginRefused) as refused:
            web.call("GET", "/rest/x")
        assert refused.value.why == "its account is locked"
    assert pim.times_asked("POST", "/user/login-check") == 1
    assert ledger.allowed("prod", PASSWORD, StoppedClock().now())


@pytest.mark.parametrize("told", ["Invalid credentials.", "Ungültige Zugangsdaten.", "Identifiants invalides."])
def test_refusal_in_any_language_is_one(
    pim: ScriptedPim, web: WebSession, ledger: InMemoryLoginLedger, told: str
) -> None:
    """The PIM's language may be any; what it said is passed on as it is, and the password not offered again."""
    page = Scripted(content_type="text/html", body=f'<span class="Text">{told}</span>')
    pim.tell("POST", "/user/login-check", BACK_TO_LOGIN)
    pim.tell("GET", "/user/login", LOGIN_PAGE, page)
    with pytest.raises(LoginRefused) as refused:
        web.call("GET", "/rest/x")
    assert refused.value.why == told
    assert not ledger.allowed("prod", PASSWORD, StoppedClock().now())


def test_silent_reason_of_a_refusal_is_still_a_refusal(
    pim: ScriptedPim, web: WebSession, ledger: InMemoryLoginLedger
) -> None:
    """The failed login counts, whether or not its reason can be had."""
    pim.tell("POST", "/user/login-check", BACK_TO_LOGIN)
    pim.tell("GET", "/user/login", LOGIN_PAGE, Scripted(status=503))
    with pytest.raises(LoginRefused):
        web.call("GET", "/rest/x")
    assert not ledger.allowed("prod", PASSWORD, StoppedClock().now())


def test_login_page_without_our_form_gets_no_password(pim: ScriptedPim, web: WebSession) -> None:
    """A single sign-on page, or a maintenance page."""
    pim.tell(
        "GET", "/user/login", Scripted(content_type="text/html", body="<form action='/saml'><input name='_u'></form>")
    )
    with pytest.raises(UnknownShape):
        web.call("GET", "/rest/x")
    assert CANARY not in "".join(one.body for one in pim.asked)


def test_silent_login_is_no_answer_and_no_refusal(
    pim: ScriptedPim, web: WebSession, ledger: InMemoryLoginLedger
) -> None:
    """Nothing is known about the password."""
    pim.tell("POST", "/user/login-check", Scripted(status=502))
    with pytest.raises(PimNoAnswer):
        web.call("GET", "/rest/x")
    assert ledger.allowed("prod", PASSWORD, StoppedClock().now())


def test_somebody_elses_session_is_not_used(pim: ScriptedPim, web: WebSession) -> None:
    """A redirect alone is no proof of a login."""
    pim.tell("GET", "/rest/user/", Scripted(body='{"username": "julia", "email": "julia@example.com"}'))
    with pytest.raises(UnknownShape, match="as somebody else"):
        web.call("GET", "/rest/x")
    assert pim.times_asked("GET", "/rest/x") == 0


def test_login_by_mail_address_is_ours(pim: ScriptedPim, web: WebSession, http: Http) -> None:
    """The PIM takes either, in any case."""
    pim.tell("GET", "/rest/x", OK)
    by_mail = session(http, username="DAEMON@example.com")
    assert by_mail.call("GET", "/rest/x").text == "[]"


def test_logout_ends_the_session_once(pim: ScriptedPim, web: WebSession) -> None:
    """There is nothing to end before the first login, and nothing after the logout."""
    pim.tell("GET", "/rest/x", OK)
    web.logout()
    web.call("GET", "/rest/x")
    web.logout()
    web.logout()
    assert pim.times_asked("GET", "/user/logout") == 1
    web.call("GET", "/rest/x")
    assert pim.times_asked("POST", "/user/login-check") == 2
