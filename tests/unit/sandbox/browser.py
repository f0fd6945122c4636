"""A person at the sandbox PIM's interface, and a connector at its API, for the tests of the sandbox."""

import re
from html.parser import HTMLParser
from typing import Any

import requests

TIMEOUT = 10


class Browser:
    """A session with cookies; every request carries the XHR header."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.session = requests.Session()
        self.session.headers["X-Requested-With"] = "XMLHttpRequest"

    def call(self, method: str, path: str, **request: Any) -> requests.Response:
        return self.session.request(method, self._url + path, timeout=TIMEOUT, allow_redirects=False, **request)

    def get(self, path: str) -> requests.Response:
        return self.call("GET", path)

    def post(self, path: str, **request: Any) -> requests.Response:
        return self.call("POST", path, **request)

    def csrf(self, path: str, ending: str) -> str:
        found = re.search(rf'name="[^"]*{re.escape(ending)}" value="([^"]+)"', self.get(path).text)
        assert found is not None
        return found[1]

    def log_in(self, username: str, password: str) -> bool:
        """Whether the login form lets this user in."""
        token = self.csrf("/user/login", "_csrf_token")
        form = {"_username": username, "_password": password, "_csrf_token": token}
        self.post("/user/login-check", data=form)
        return self.is_logged_in()

    def is_logged_in(self) -> bool:
        return self.get("/").status_code == 200

    def connect(self, code: str) -> dict[str, Any]:
        """Create a connection."""
        reply = self.post("/rest/connections", json={"code": code, "label": code, "flow_type": "other"})
        assert reply.status_code == 201, reply.text
        created: dict[str, Any] = reply.json()
        return created

    def add_user(self, username: str, **more: Any) -> int:
        """Create a user of the interface with the password `Probe-pass-1`; the answer is the id."""
        password = "Probe-pass-1"
        names = {"first_name": "A", "last_name": "B", "email": f"{username}@example.com"}
        body = {"username": username, "password": password, "password_repeat": password} | names | more
        reply = self.post("/rest/user/", json=body)
        assert reply.status_code == 200, reply.text
        return int(reply.json()["meta"]["id"])

    def add_role(self, label: str, *privileges: str) -> requests.Response:
        """Send the form of a new role."""
        form = {"pim_user_role_form[label]": label}
        form["pim_user_role_form[_token]"] = self.csrf("/user/role/create", "[_token]")
        for index, privilege in enumerate(privileges):
            field = f"pim_user_role_form[api][{index}]"
            form[f"{field}[identity][id]"] = f"action:{privilege}"
            form[f"{field}[permissions][EXECUTE][accessLevel]"] = "1"
        return self.post("/user/role/create", data=form)

    def fill_user_form(self, username: str, password: str, **change: str) -> requests.Response:
        """Send the form of a new user as its page has it, with these values; for PIMs without REST for users."""
        form = self.form("/user/create")
        names = {"username": username, "email": f"{username}@example.com", "firstName": "A", "lastName": "B"}
        passwords = {"plainPassword][first": password, "plainPassword][second": password}
        values = {"enabled": "1", "rolesCollection][": "3"} | names | passwords | change
        return self.post(
            "/user/create", data=form | {f"pim_user_user_form[{key}]": text for key, text in values.items()}
        )

    def form(self, path: str) -> dict[str, str]:
        """The fields of a page, with what stands in them."""
        page = _Form()
        page.feed(self.get(path).text)
        return page.fields

    def grant(self, client: dict[str, Any], **body: str) -> requests.Response:
        """A token request; by default with the client's own user."""
        password_grant = {"grant_type": "password", "username": client["username"], "password": client["password"]}
        basic = (client["client_id"], client["secret"])
        url = f"{self._url}/api/oauth/v1/token"
        return requests.post(url, json=body or password_grant, auth=basic, timeout=TIMEOUT)

    def api(self, token: str, path: str = "channels") -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{self._url}/api/rest/v1/{path}", headers=headers, timeout=TIMEOUT)


class _Form(HTMLParser):
    """The fields of a form that a browser would send."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "select":
            self._select = found["name"]
        elif tag == "option" and (self._select not in self.fields or "selected" in found):
            self.fields[self._select] = found["value"]
        elif tag == "input" and (found.get("type") != "checkbox" or "checked" in found):
            self.fields[found["name"]] = found.get("value", "")
