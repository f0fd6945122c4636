"""One exchange with a PIM: whole answers, silence told as silence, nothing secret told at all."""

import shutil
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from tests.canary import CANARY
from tests.fakes.exceptions import everything_of
from tests.fakes.scripted_pim import Scripted, ScriptedPim
from vault_pim import __version__
from vault_pim.domain.errors import ConfigurationError, PimNoAnswer, PimRefusal, UnknownShape
from vault_pim.domain.secret import SecretStr
from vault_pim.pim.http import LONGEST_ANSWER, Http

SECRET = SecretStr(f"{CANARY}-secret")


def test_what_is_secret_is_sent_open(pim: ScriptedPim, http: Http) -> None:
    """Cookies, basic and bearer credentials, form and JSON values reach the PIM as they are."""
    pim.tell("POST", "/x", Scripted())
    http.send("POST", "/x", form={"_password": SECRET, "label": "ä b"}, cookies=SecretStr("BAPID=1"))
    http.send("POST", "/x", json={"password": SECRET, "image": None}, basic=("1_a", SECRET))
    http.send("POST", "/x", bearer=SECRET)
    form, json, bearer = pim.asked
    assert form.body == f"_password={CANARY}-secret&label=%C3%A4+b"
    assert form.headers["Cookie"] == "BAPID=1"
    assert form.headers["X-Requested-With"] == "XMLHttpRequest"
    assert form.headers["User-Agent"] == f"vault-pim/{__version__}"
    assert json.body == f'{{"password": "{CANARY}-secret", "image": null}}'
    assert json.headers["Authorization"] == "Basic MV9hOmNhZmVkMDBkLXNlY3JldA=="
    assert bearer.headers["Authorization"] == f"Bearer {CANARY}-secret"
    assert "Cookie" not in bearer.headers


def test_redirect_is_told_and_not_followed(pim: ScriptedPim, http: Http) -> None:
    """Where it leads is for the caller to judge."""
    pim.tell("GET", "/x", Scripted(status=302, headers=(("Location", f"{pim.url}/user/login?a=b"),)))
    assert http.send("GET", "/x").redirects_to == "/user/login"
    assert len(pim.asked) == 1


def test_redirect_to_nonsense_leads_nowhere(pim: ScriptedPim, http: Http) -> None:
    """A header that is no address is not understood, and breaks nothing."""
    pim.tell("GET", "/x", Scripted(status=302, headers=(("Location", "http://[nonsense"),)))
    assert http.send("GET", "/x").redirects_to == ""


def test_cookies_are_given_back_and_not_kept(pim: ScriptedPim, http: Http) -> None:
    """The token endpoint sets a session cookie, too; it must not take the place of our session."""
    pim.tell("GET", "/x", Scripted(headers=(("Set-Cookie", "BAPID=1; path=/; httponly; samesite=lax"),)))
    assert http.send("GET", "/x").cookies == {"BAPID": "1"}
    http.send("GET", "/x")
    assert "Cookie" not in pim.asked[1].headers


def test_path_of_the_base_url_stands_before_every_path(pim: ScriptedPim) -> None:
    """A PIM behind a reverse proxy may live under a path."""
    pim.tell("GET", "/pim/x", Scripted(body="{}"))
    assert Http("prod", f"{pim.url}/pim/").send("GET", "/x").text == "{}"


def test_nothing_is_taken_from_the_environment(
    pim: ScriptedPim, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No proxy, and no credentials out of a .netrc."""
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login somebody password {CANARY}\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", f"http://somebody:{CANARY}@127.0.0.1:1")
    pim.tell("GET", "/x", Scripted())
    http.send("GET", "/x")
    assert "Authorization" not in pim.asked[0].headers


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_status_that_says_nothing_is_no_answer(pim: ScriptedPim, http: Http, status: int) -> None:
    """The effect may have happened."""
    pim.tell("GET", "/x", Scripted(status=status, body=CANARY, content_type="text/html"))
    with pytest.raises(PimNoAnswer, match="PIM prod gave no answer to GET /x") as silence:
        http.send("GET", "/x?limit=1")
    assert silence.value.why == f"it answered {status}"


def test_hung_pim_is_no_answer_in_time(pim: ScriptedPim) -> None:
    """Silence ends at the read timeout."""
    pim.tell("GET", "/x", Scripted(hangs=True))
    with pytest.raises(PimNoAnswer) as silence:
        Http("prod", pim.url, read_timeout=timedelta(seconds=0.1)).send("GET", "/x")
    assert silence.value.why == "no answer in time"


def test_refused_connection_is_no_answer(pim: ScriptedPim) -> None:
    """Nobody listens there."""
    with pytest.raises(PimNoAnswer) as silence:
        Http("prod", "http://127.0.0.1:1").send("GET", "/x")
    assert silence.value.why == "the connection was refused or broke off"


def test_endless_answer_is_no_answer(pim: ScriptedPim, http: Http) -> None:
    """Memory has an end; the largest page of a PIM is far below it."""
    pim.tell("GET", "/longest", Scripted(body="x" * LONGEST_ANSWER))
    pim.tell("GET", "/longer", Scripted(body="x" * (LONGEST_ANSWER + 100_000), withheld=10**12))
    assert len(http.send("GET", "/longest").body) == LONGEST_ANSWER
    with pytest.raises(PimNoAnswer, match="GET /longer") as silence:
        http.send("GET", "/longer")
    assert silence.value.why == f"the answer is longer than {LONGEST_ANSWER} bytes"


def test_header_that_cannot_be_sent_shows_nothing(http: Http) -> None:
    """A secret with a line break in it is refused by requests, in a message that quotes it."""
    with pytest.raises(PimNoAnswer) as silence:
        http.send("GET", "/x", bearer=SecretStr(f"{CANARY}\r\nX-Evil: 1"))
    assert silence.value.why == "InvalidHeader"
    assert CANARY not in everything_of(silence.value)


def test_silence_carries_nothing_of_what_was_sent(pim: ScriptedPim) -> None:
    """The exception of requests, with body and headers, is neither cause nor context of ours."""
    pim.tell("POST", "/x", Scripted(hangs=True))
    with pytest.raises(PimNoAnswer) as silence:
        Http("prod", pim.url, read_timeout=timedelta(seconds=0.1)).send(
            "POST", "/x", form={"_password": SECRET}, basic=("1_a", SECRET), cookies=SECRET
        )
    assert silence.value.__cause__ is None
    assert silence.value.__context__ is None
    assert CANARY not in everything_of(silence.value)


def test_no_more_requests_at_once_than_allowed(pim: ScriptedPim) -> None:
    """A hosted PIM counts concurrent calls."""
    pim.tell("GET", "/x", Scripted(body="x" * 100_000))
    http = Http("prod", pim.url, max_parallel=2)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: http.send("GET", "/x").status, range(40)))
    assert statuses == [200] * 40
    assert pim.most_at_once <= 2


@pytest.mark.parametrize(
    "url",
    [
        "pim.example.com",
        "ftp://pim.example.com",
        "https://",
        f"https://admin:{CANARY}@pim.example.com",
        "http://h/?a=b",
    ],
)
def test_url_that_is_no_address_of_a_pim_is_refused(url: str) -> None:
    """One with a password in it, too; it would stand in every message."""
    with pytest.raises(ConfigurationError) as refused:
        Http("prod", url)
    assert CANARY not in everything_of(refused.value)


def test_unexpected_status_is_not_understood(pim: ScriptedPim, http: Http) -> None:
    """403 is the PIM's clear no to our account; anything else is a shape we do not know."""
    pim.tell("GET", "/no", Scripted(status=403, content_type="text/html"))
    pim.tell("GET", "/home", Scripted(status=302, content_type="text/html", headers=(("Location", "/"),)))
    with pytest.raises(PimRefusal, match="may not GET /no"):
        http.send("GET", "/no").expect(200)
    with pytest.raises(UnknownShape) as unknown:
        http.send("GET", "/home").expect(200, 404)
    assert unknown.value.why == "status 302 to /, text/html; expected 200 or 404"


@pytest.mark.parametrize(
    ("location", "advised"),
    [
        ("https://pim.example.com/pim/api/rest/v1", "If https://pim.example.com/pim is that PIM"),
        ("/user/login", ""),
        ("http://h/user/login", ""),
        ("http://[broken/api/rest/v1", ""),
        ("", ""),
    ],
)
def test_pim_that_is_found_at_another_address_is_named(
    pim: ScriptedPim, http: Http, location: str, advised: str
) -> None:
    """Most often https in place of http; no redirect is followed, since a login would travel with it."""
    headers = (("Location", location),) if location else ()
    pim.tell("GET", "/api/rest/v1", Scripted(status=301, content_type="text/html", headers=headers))
    with pytest.raises(UnknownShape) as unknown:
        http.send("GET", "/api/rest/v1").expect(200)
    assert advised in unknown.value.advice
    assert bool(advised) == ("is that PIM" in unknown.value.advice)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself, and its key beside it."""
    openssl = shutil.which("openssl")
    assert openssl, "openssl is needed to make a certificate"
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=pim", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "ca.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder / "ca.pem"


def test_certificate_is_checked_against_the_given_authority(authority: Path) -> None:
    """Trusted where the authority is given, refused where it is not."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority, authority.with_name("key.pem"))
    with ScriptedPim(tls) as pim:
        pim.tell("GET", "/x", Scripted())
        assert Http("prod", pim.url, ca_cert=authority).send("GET", "/x").status == 200
        with pytest.raises(PimNoAnswer) as silence:
            Http("prod", pim.url).send("GET", "/x")
    assert silence.value.why == "its certificate is not trusted, or TLS failed"


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_unreadable_authority_is_refused_at_once(tmp_path: Path, content: str | None) -> None:
    """Not at the first request, and not by trusting somebody else."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match="authority of PIM prod cannot be read"):
        Http("prod", "https://127.0.0.1", ca_cert=path)
