"""Plays the requests of a recording against a sandbox PIM, step by step.

What the recorded client took over from earlier answers (sessions, CSRF tokens, client ids, tokens) the replay takes
over from the sandbox's answers to the same steps.
"""

import base64
import http.client
import io
import json
import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit

from tests.conformance.replay import answers
from tests.conformance.replay.values import Answer, Values
from vault_pim.sandbox import pim_console
from vault_pim.sandbox.akeneo import roles, users
from vault_pim.sandbox.pim_server import SandboxPim

ADMIN_PASSWORD = "Admin-pass-1"
ROOT = Path(__file__).parents[3]
CONTROL_TOKEN = "control-token-of-the-replay"
Step = dict[str, Any]

# What no request of a recording shows: somebody worked on the recorded PIM's database.
_ACL_CACHE = "after ACL cache files removed and php-fpm restarted: grant"
_BEFORE: dict[str, Callable[[SandboxPim], None]] = {
    "disabled user, right password: form": lambda pim: _enable_julia(pim, enabled=False),
    _ACL_CACHE: lambda pim: roles.renew_cache(pim.pim),
    "expired access token": lambda pim: pim.clock.advance(timedelta(seconds=3601)),
    "expired refresh token": lambda pim: pim.clock.advance(timedelta(days=14, seconds=1)),
}
_AFTER: dict[str, Callable[[SandboxPim], None]] = {
    "disabled user, right password: who am i": lambda pim: _enable_julia(pim, enabled=True),
}
_CSRF = re.compile(r"(_csrf_token|(\w+)(?:%5B|\[)_token(?:%5D|\]))=([\w-]{43})(?=&|$)")
_SHOWN = re.compile(r'name="([^"]+)"[^>]* value="([^"]{20,})"')
# Steps of the person who logged in last; every other step is the administrator's.
_LATEST = re.compile(
    r"^(julia|list of julia|no-permission|update with another|own|h: |.*who am i$"
    r"|s: (before|after|relogin|disabled|enabled|renamed))"
)


class Browser:
    """The cookies of one person."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}

    def take(self, headers: list[tuple[str, str]]) -> None:
        for name, value in headers:
            if name.lower() == "set-cookie":
                cookie, _, content = value.partition(";")[0].partition("=")
                self.cookies[cookie] = content
                if content == "deleted":
                    del self.cookies[cookie]


class Player:
    """One theme of a recording, played from its first step to its last."""

    def __init__(self, pim: SandboxPim, theme: str) -> None:
        self._pim = pim
        self._theme = theme
        self._values = Values()
        self._first = self._latest = Browser()
        self._csrf: dict[str, str] = {}
        self._shown: dict[str, str] = {}
        address = urlsplit(pim.url)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def play(self, step: Step) -> tuple[Any, Any]:
        """Play one step; the recorded and the replayed answer in their normal form."""
        name, request, recorded = step["step"], step["request"], step["response"]
        _BEFORE.get(name, _nothing)(self._pim)
        answer = self._run(name, request) if "console" in request else self._ask(name, request)
        _AFTER.get(name, _nothing)(self._pim)
        self._values.match(recorded, answer)
        return answers.normal(recorded, self._values.of_recording), answers.normal(answer, self._values.of_replay)

    def _run(self, name: str, request: dict[str, Any]) -> Answer:
        arguments = [self._values.to_send(one) for one in request["console"][1:]]
        if request.get("tty"):
            return self._run_on_terminal(arguments, request["answers"])
        stderr = io.StringIO()
        done = pim_console.run(
            self._pim.url, CONTROL_TOKEN, arguments, stdin=io.StringIO(request["stdin"] or ""), stderr=stderr,
            terminal="SHELL_INTERACTIVE" in name,
        )  # fmt: skip
        return {"exit_code": done["exit"], "stdout": done["stdout"], "stderr": stderr.getvalue() + done["stderr"]}

    def _run_on_terminal(self, arguments: list[str], typed: list[str]) -> Answer:
        """The console as a process whose input and output are a terminal."""
        ours, theirs = pty.openpty()
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as token:
            token.write(CONTROL_TOKEN)
            token.flush()
            command = [sys.executable, "-m", "vault_pim.sandbox.pim_console", "--url", self._pim.url]
            command += ["--control-token-file", token.name, *arguments]
            with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT) as process:
                os.close(theirs)
                shown = _read(ours)
                os.write(ours, "".join(typed).encode())
                shown += b"".join(iter(lambda: _read(ours), b""))
        os.close(ours)
        return {"exit_code": process.returncode, "tty_output": shown.decode()}

    def _ask(self, name: str, request: dict[str, Any]) -> Answer:
        browser = self._browser(name, request)
        headers = {key: self._values.to_send(value) for key, value in request["headers"].items()}
        if (basic := request["headers"].get("Authorization", "")).startswith("Basic "):
            headers["Authorization"] = self._basic(basic)
        body = None if request["body"] is None else _CSRF.sub(self._token, self._values.to_send(request["body"]))
        path = quote(self._values.to_send(request["path"]), safe="/?&=%[]:,+")
        return self._exchange(browser, request["method"], path, headers, body)

    def _browser(self, name: str, request: dict[str, Any]) -> Browser:
        if request["path"] == "/user/logout":
            return self._latest
        if not request["session_cookie"]:
            return Browser()
        if (
            request["path"] == "/user/login"
            and request["method"] == "GET"
            and re.search(r"form( for foreign token)?$", name)
        ):
            self._latest = Browser()
            if not self._first.cookies:
                self._first = self._latest
        is_login = request["path"].startswith("/user/login")
        return self._latest if is_login or self._theme == "02-login" or _LATEST.match(name) else self._first

    def _exchange(self, browser: Browser, method: str, path: str, headers: dict[str, str], body: str | None) -> Answer:
        sent = dict(headers)
        if browser.cookies:
            sent["Cookie"] = "; ".join(f"{key}={value}" for key, value in browser.cookies.items())
        self._connection.request(method, path, body=None if body is None else body.encode(), headers=sent)
        response = self._connection.getresponse()
        text = response.read().decode()
        received = response.getheaders()
        browser.take(received)
        answer: Answer = {"status": response.status, "headers": received, "body": text}
        if text.startswith("<"):
            shell, extract = answers.page(text)
            answer |= {"body": {"html": shell}, "html_extract": extract}
            for field, value in _SHOWN.findall(text):
                self._shown[field] = value
        return answer

    def _token(self, found: re.Match[str]) -> str:
        """A CSRF token of the recording is bound to the one the sandbox has shown last in such a form."""
        field = found[1] if found[1] == "_csrf_token" else f"{found[2]}[_token]"
        ours = self._csrf.setdefault(found[3], self._shown.get(field, ""))
        return f"{found[1]}={quote(ours)}"

    def _basic(self, header: str) -> str:
        try:
            plain = base64.b64decode(header.removeprefix("Basic "), validate=True).decode()
        except ValueError:
            return header
        return "Basic " + base64.b64encode(self._values.to_send(plain).encode()).decode()


def read(path: Path) -> list[Step]:
    """The steps of a recording."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def furnish(pim: SandboxPim) -> None:
    """What the recorded PIMs had beside a fresh installation: another administrator, and Julia.

    Where the console can make users it had made the administrator, who then has the role of every user as well.
    """
    admin = pim.world.users[1]
    by_console = bool(pim.pim.release.console.user_arguments)
    names = (("Admin", "Istrator"), ("Julia", "Stark")) if by_console else (("John", "Doe"), ("S", "A"))
    admin.properties |= {"first_name": names[0][0], "last_name": names[0][1]}
    if by_console:
        admin.roles.append(pim.world.roles[3])
    values = {"username": "julia", "email": "julia@example.com"}
    values |= {"first_name": names[1][0], "last_name": names[1][1]}
    if pim.pim.release.users.surface == "redirect":
        values["user_default_locale"] = "ca_ES"
    users.store(pim.pim, users.new_user(pim.pim, values | {"password": "Julia-pass-1"}))


def _enable_julia(pim: SandboxPim, *, enabled: bool) -> None:
    user = pim.world.user_by_login("julia")
    assert user is not None
    user.enabled = enabled


def _read(terminal: int) -> bytes:
    """What a terminal has to show; nothing once its program has left, which Linux reports as an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def _nothing(_: SandboxPim) -> None:
    return
