"""The normal form of an answer: what two PIMs must have in common, and nothing that differs from run to run."""

import json
import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from typing import Any

from tests.conformance.replay.values import Answer

Hide = Callable[[str], str]

HEADERS = ("content-type", "location", "allow", "pragma", "www-authenticate", "cache-control")
SERVER_ERROR = 500
# Pages of this title are so long that the recordings end before they say anything.
CUT_PAGE = "Loading..."
_NOTHING_SAID: Answer = {"form_errors": [], "has_login_form": False}
_TIMES = {"created", "updated", "last_login", "createdAt", "updatedAt", "lastLogin", "loginCount"}
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d([+-]\d\d:?\d\d)?")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_LOG_TIME = re.compile(r"\b\d\d:\d\d:\d\d (?=[A-Z]+ +\[console\])")
_FILE_LINE = re.compile(r"(\.php line) \d+")
_SQL_VALUES = re.compile(r"with ?params ?\[.*?\]:", re.S)
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_BORDER = re.compile(r"\+[-+]+\+")
_AROUND_USAGE = re.compile(r"\A.*?(?=^Usage:)|^(?:Arguments|Options):\n.*\Z", re.M | re.S)
_BOX = re.compile(r"^ +\n(?:  .*\n)+", re.M)
_SYNOPSIS = re.compile(r"[\w:-]+ [<\[].*$")
_FORM_STARTS = re.compile(r"Username or Email|Remember me on this computer")
_DATABASE = re.compile(r"`\w+`\.`")
_URL = re.compile(r"https?://(pim\.test|127\.0\.0\.1(:\d+)?)")


def normal(answer: Answer, hide: Hide) -> Any:
    """The normal form of a recorded or replayed answer.

    Args:
        hide: puts placeholders in the place of the random values of this side.
    """
    if "exit_code" in answer:
        return _console(answer, hide)
    headers = [(name.lower(), value) for name, value in answer["headers"]]
    # A page about an error of the program is not for any cache; some of them forget to say so.
    ignored = ("cache-control",) if answer["status"] == SERVER_ERROR else ()
    return {
        "status": answer["status"],
        "headers": {name: _text(value, hide) for name, value in headers if name in HEADERS and name not in ignored},
        "cookies": sorted(_cookie(value) for name, value in headers if name == "set-cookie"),
        "body": _body(answer, hide),
    }


def page(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the recordings keep of an HTML page: its shell, and what it says to its reader."""
    parser = _Page()
    parser.feed(text)
    return parser.shell, parser.extract


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.shell: dict[str, Any] = {"title": "", "forms": [], "inputs": []}
        self.extract: dict[str, Any] = {"title": "", "form_errors": [], "has_login_form": False}
        self._in = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.shell["forms"].append({"action": found.get("action", ""), "method": found.get("method", "")})
        elif tag == "input":
            self.shell["inputs"].append({key: found[key] for key in ("name", "type", "value") if key in found})
            self.extract["has_login_form"] |= found.get("name") == "_username"
        elif tag == "title":
            self._in = "title"
        elif tag == "div" and found.get("class") == "message":
            self._in = "error"
        elif tag == "div" and "AknMessageBox" in found.get("class", ""):
            self._in = "message"

    def handle_endtag(self, tag: str) -> None:
        if tag in ("title", "div"):
            self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "title":
            self.shell["title"] = self.extract["title"] = data.strip()
        elif self._in == "error" and data.strip():
            self.extract["form_errors"].append(data.strip())
        elif self._in == "message" and data.strip():
            self.shell["messages"] = [data.strip()]


def _body(answer: Answer, hide: Hide) -> Any:
    body = answer["body"]
    if isinstance(body, dict):
        said, shell = answer.get("html_extract", _NOTHING_SAID), body["html"]
        errors = [unescape(part) for error in said["form_errors"] for part in error.split("</li><li>")]
        shown = {"title": _text(shell["title"], hide), "errors": sorted(errors), "login form": said["has_login_form"]}
        return shown if shell["title"] == CUT_PAGE else shown | _whole(shell)
    try:
        return _json(json.loads(body), hide)
    except (TypeError, ValueError):
        return _text(body or "", hide)


def _whole(shell: dict[str, Any]) -> dict[str, Any]:
    """What can be said of a page that the recordings have to its end, or nearly so.

    What stands above the login form a recording keeps as the beginning of the page's text.
    """
    before, *form = _FORM_STARTS.split(str(shell.get("text", "")), maxsplit=1)
    return {
        "messages": [one for one in shell.get("messages") or ([before.strip()] if form else []) if one],
        "forms": [one["action"] for one in shell["forms"]],
        "login inputs": sorted(one["name"] for one in shell["inputs"] if one.get("name", "").startswith("_")),
        "masked tokens": any("." in one["value"] for one in shell["inputs"] if one.get("name") == "_csrf_token"),
    }


def _json(data: Any, hide: Hide, key: str = "") -> Any:
    if key in _TIMES and data is not None:
        return f"<{type(data).__name__}>"
    if isinstance(data, list) and data and all(isinstance(one, dict) and "standard_unit_code" in one for one in data):
        return {"measurement families": bool(data)}
    if isinstance(data, list):
        return [_json(entry, hide) for entry in data]
    if isinstance(data, dict):
        if data and all(_DAY.fullmatch(one) for one in data):
            return {"days": list(data.values())}
        if "_embedded" in data and "_links" in data:
            # What the catalogue holds is not what a tool for credentials looks at.
            data = data | {"_embedded": {}, "_links": {"self": data["_links"]["self"]}}
        return {_text(name, hide): _json(value, hide, name) for name, value in data.items()}
    return _text(data, hide) if isinstance(data, str) else data


def _text(text: str, hide: Hide) -> str:
    text = _DATABASE.sub("`<database>`.`", _SQL_VALUES.sub("with<params>:", hide(text)))
    return _ISO.sub("<time>", _URL.sub("<pim>", text))


def _cookie(header: str) -> str:
    """Name, whether it deletes, attributes; how far in the past a deletion is dated does not matter."""
    pair, _, attributes = header.partition(";")
    name, _, value = pair.partition("=")
    kept = "deleted" if value in ("deleted", "") else "<value>"
    attributes = re.sub(r"expires=[^;]+", "expires=<date>", attributes, flags=re.I)
    return f"{name}={kept};{attributes.lower()}"


def _console(answer: Answer, hide: Hide) -> Any:
    normalised: dict[str, Any] = {"exit": answer["exit_code"]}
    for name in ("stdout", "stderr", "tty_output"):
        if name in answer:
            normalised[name] = _lines(answer[name], hide)
    return normalised


def _lines(output: str, hide: Hide) -> list[str]:
    """Lines without the blanks around them; a table without its borders and widths; of a help text its usage.

    A box is one text without blanks, since its lines break where a random value happens to end.
    """
    boxed = _BOX.sub(lambda found: "\n" + re.sub(r"\s", "", found[0]) + "\n", _COLOUR.sub("", output))
    text = _FILE_LINE.sub(r"\1 <n>", _LOG_TIME.sub("<time> ", _text(boxed, hide)))
    if "\nUsage:" in f"\n{text}":
        text = _AROUND_USAGE.sub("", text)
    lines = [line.strip() for line in text.splitlines()]
    return [_line(line) for line in lines if line and not _BORDER.fullmatch(line)]


def _line(line: str) -> str:
    """A row of a table by its cells; a synopsis without the brackets, which nest differently."""
    if line.startswith("|") and line.endswith("|"):
        return re.sub(r" +\| ", " | ", line[1:-1]).strip()
    return re.sub(r"[\[\]]", "", line) if _SYNOPSIS.match(line) else line
