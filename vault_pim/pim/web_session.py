"""The logged-in session of vault-pim's own PIM account: pages and internal REST.

Used by `roles`, `connections` and `detect`. Logs in when it must, and once more when the PIM says that the session is
over; an answer that says so means that the request was not processed, so it is sent again. Asks the ledger before
each login, and never offers a refused password twice: five failures lock the account, for people too
(contracts/akeneo/observed.md §1 item 16). Safe to use from many threads.
"""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import requests

from vault_pim.domain.errors import LoginRefused, PimNoAnswer, UnknownShape, VaultPimError
from vault_pim.domain.secret import SecretStr
from vault_pim.pim.answers import Answer, read
from vault_pim.pim.http import Fields, Http
from vault_pim.pim.pages import messages, read_login_form
from vault_pim.pim.shapes import CurrentUser
from vault_pim.ports import Clock

_LOCK: Final = timedelta(minutes=5)
_FORM = "/user/login"
_CHECK = "/user/login-check"
_LOCKED = re.compile(r"\block(ed)?\b|\d", re.IGNORECASE)
"""What says that the account is locked: the word or, in whatever language the PIM speaks, the number of its minutes."""
_WAIT = (
    "Wait five minutes; find out who or what logs in to this account with a wrong password. "
    "At PIM 4.0 and older it means that the account is disabled: enable it."
)


class LoginLedger(Protocol):
    """Refused logins of our own account at each PIM, remembered for every process of vault-pim, so that none of them
    locks the account: a PIM does so after five failures, for people too (contracts/akeneo/observed.md §1 item 16)."""

    def allowed(self, pim: str, password: SecretStr, now: datetime) -> bool:
        """Whether this password may be tried: it was not refused in the last hour, and less than two logins were
        refused in the last ten minutes, each time not counting what came before a success."""
        ...

    def refused(self, pim: str, password: SecretStr, now: datetime) -> None:
        """Remember that the PIM refused this password; the password itself is not kept."""
        ...

    def accepted(self, pim: str) -> None:
        """Forget the refusals: a login succeeded."""
        ...


class _SessionEnded(Exception):
    """The PIM takes the session for nobody's; the request was not processed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Login:
    cookies: SecretStr


class WebSession:
    """One account at one PIM.

    Args:
        password: read anew for each login, so that a changed password file needs no restart.
        ledger: remembers refused logins, for all of vault-pim's processes.
    """

    def __init__(
        self, http: Http, *, username: str, password: Callable[[], SecretStr], ledger: LoginLedger, clock: Clock
    ) -> None:
        self._http = http
        self._username = username
        self._password = password
        self._ledger = ledger
        self._clock = clock
        self._lock = threading.Lock()
        self._login: _Login | None = None
        self._locked_until: datetime | None = None

    def call(self, method: str, path: str, *, json: Fields | None = None) -> Answer:
        """One request in the session.

        Raises:
            LoginRefused: the PIM does not take our account.
            PimNoAnswer: the outcome is unknown.
        """
        return self._logged_in(lambda login: self._send(login, method, path, json=json))

    def submit(self, path: str, fill: Callable[[str], Fields]) -> Answer:
        """Get the page at a path, fill its form and post it to the same path, all within one session: a form's token
        is worth nothing in another.

        Args:
            fill: makes the fields from the page; whatever it raises, nothing is posted.

        Raises:
            LoginRefused, PimNoAnswer: as for `call`.
        """

        def get_and_post(login: _Login) -> Answer:
            page = self._send(login, "GET", path).expect(200)
            return self._send(login, "POST", path, form=fill(page.text))

        return self._logged_in(get_and_post)

    def logout(self) -> None:
        """End the session, if there is one."""
        with self._lock:
            login, self._login = self._login, None
        if login is not None:
            self._http.send("GET", "/user/logout", cookies=login.cookies)

    def _logged_in(self, exchange: Callable[[_Login], Answer]) -> Answer:
        login = self._other_than(None)
        for again in (True, False):
            try:
                return exchange(login)
            except _SessionEnded:
                if again:
                    login = self._other_than(login)
        raise UnknownShape(
            f"PIM {self._http.pim} forgets our session at once", why="it was logged in to, and the next request was not"
        )

    def _send(
        self, login: _Login, method: str, path: str, *, json: Fields | None = None, form: Fields | None = None
    ) -> Answer:
        answer = self._http.send(method, path, json=json, form=form, cookies=login.cookies)
        # Three forms of the same word, by release: 401 with the login page, 401 with {}, 302 to the login page
        # (contracts/akeneo/by-release.md §2.4, open-questions.md A4).
        if answer.status == requests.codes.unauthorized or answer.redirects_to.endswith(_FORM):
            raise _SessionEnded
        return answer

    def _other_than(self, stale: _Login | None) -> _Login:
        """A login that is not this one; whoever comes first makes it, the others wait for it."""
        with self._lock:
            if self._login is None or self._login is stale:
                self._login = None
                self._login = self._log_in()
            return self._login

    def _log_in(self) -> _Login:
        now = self._clock.now()
        password = self._password()
        if self._locked_until is not None and now < self._locked_until:
            raise self._refused("its account is locked", _WAIT)
        if not self._ledger.allowed(self._http.pim, password, now):
            raise self._refused("this password was refused before, or too many were; it was not asked again")
        page = self._http.send("GET", _FORM).expect(200)
        before = page.cookies
        answer = self._http.send(
            "POST",
            _CHECK,
            form={**read_login_form(page.text), "_username": self._username, "_password": password},
            cookies=_cookie_header(before),
        )
        if answer.expect(302, 401).status == requests.codes.unauthorized:
            self._ledger.refused(self._http.pim, password, now)
            raise self._refused("it knows no such user who may log in, or that user is disabled")
        if answer.redirects_to.endswith(_FORM):
            raise self._failure(_cookie_header(before), password, now)
        self._ledger.accepted(self._http.pim)
        login = _Login(cookies=_cookie_header({**before, **answer.cookies}))
        self._confirm(login)
        return login

    def _failure(self, cookies: SecretStr, password: SecretStr, now: datetime) -> VaultPimError:
        """Why the login failed, as the page tells after it. A locked account says nothing about the password."""
        try:
            told = messages(self._http.send("GET", _FORM, cookies=cookies).text)
        except PimNoAnswer:
            told = ()
        if any(_LOCKED.search(text) for text in told):
            self._locked_until = now + _LOCK
            return self._refused("its account is locked", _WAIT)
        self._ledger.refused(self._http.pim, password, now)
        return self._refused("; ".join(told) or "it gave no reason")

    def _confirm(self, login: _Login) -> None:
        """The session must be ours: a redirect alone is no proof (contracts/akeneo/by-release.md §2.2)."""
        answer = self._http.send("GET", "/rest/user/", cookies=login.cookies)
        if answer.status == requests.codes.not_found:  # PIM 1.7 knows it without the slash alone
            answer = self._http.send("GET", "/rest/user", cookies=login.cookies)
        user = read(answer.expect(200), CurrentUser)
        if self._username.casefold() not in (user.username.casefold(), (user.email or "").casefold()):
            raise UnknownShape(f"PIM {self._http.pim} logged us in as somebody else", why=f"as {user.username!r}")

    def _refused(self, why: str, advice: str = "") -> LoginRefused:
        return LoginRefused(f"PIM {self._http.pim} does not let {self._username!r} in", why=why, advice=advice)


def _cookie_header(cookies: Mapping[str, str]) -> SecretStr:
    return SecretStr("; ".join(f"{name}={value}" for name, value in cookies.items()))
