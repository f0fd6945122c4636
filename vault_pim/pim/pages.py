"""Reads the PIM's HTML forms: the login form and the role form, with whatever attributes in whatever order.

Called by `web_session` and `roles`. Decides nothing; a page that lacks what is asked of it is refused.
Source: contracts/akeneo/observed.md §5 and §6.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

from vault_pim.domain.errors import UnknownShape
from vault_pim.domain.secret import SecretStr

ROLE_FORM: Final = "pim_user_role_form"
OLD_ROLE_FORM: Final = "oro_user_role_form"
"""How PIM 1.7 and 2.x call it (contracts/akeneo/by-release.md §3.5)."""

_LOGIN_CHECK = "/user/login-check"
_IDENTITY = re.compile(r"(?P<place>\w+\[\w+\]\[\w+\])\[identity\]\[id\]")
_GRANTED = re.compile(r"(?P<place>\w+\[\w+\]\[\w+\])\[permissions\]\[EXECUTE\]\[accessLevel\]")
_MESSAGE_CLASSES = {"message", "Text"}
_TOOLTIP_CLASS = "validation-tooltip"
_LONGEST_MESSAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleForm:
    """The role form.

    Attributes:
        name: how the form is called.
        label: the role's name; empty for a role to be made.
        token: against forgery; one session's token serves all its role forms.
        privileges: every privilege the form offers, and whether the role holds it.
    """

    name: str
    label: str
    token: SecretStr
    privileges: Mapping[str, bool]

    @property
    def granted(self) -> frozenset[str]:
        """The privileges the role holds."""
        return frozenset(name for name, held in self.privileges.items() if held)


@dataclass(slots=True, kw_only=True)
class _Form:
    action: str
    inputs: list[dict[str, str]] = field(default_factory=list, repr=False)

    def value(self, name: str) -> str:
        return next((one.get("value", "") for one in self.inputs if one.get("name") == name), "")


class _Page(HTMLParser):
    """Forms with their inputs, and messages."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[_Form] = []
        self.messages: list[str] = []
        self._message_tag = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        classes = set(attributes.get("class", "").split())
        if tag == "form":
            self.forms.append(_Form(action=attributes.get("action", "")))
        elif tag == "input" and self.forms:
            self.forms[-1].inputs.append(attributes)
        elif _TOOLTIP_CLASS in classes:
            self.messages.append(attributes.get("data-original-title", ""))
        elif classes & _MESSAGE_CLASSES:
            self._message_tag = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._message_tag:
            self._message_tag = ""

    def handle_data(self, data: str) -> None:
        if self._message_tag and data.strip():
            self.messages.append(" ".join(data.split()))


def read_login_form(html: str) -> dict[str, SecretStr]:
    """The hidden fields of the login form, the token against forgery among them.

    Raises:
        UnknownShape: there is no such form, it has no token, or it would send the password somewhere else.
    """
    form = _form_with(html, "_username", "login")
    if not form.action.partition("?")[0].endswith(_LOGIN_CHECK):
        raise UnknownShape("the PIM's login form leads elsewhere", why=f"its action is not {_LOGIN_CHECK}")
    if not form.value("_csrf_token"):
        raise UnknownShape("the PIM's login form has no token")
    return {
        one["name"]: SecretStr(one.get("value", ""))
        for one in form.inputs
        if one.get("type") == "hidden" and "name" in one
    }


def read_role_form(html: str) -> RoleForm:
    """The role form of a page.

    A privilege that stands in it more than once counts as held if any of its boxes is checked.

    Raises:
        UnknownShape: there is no such form, or it has no token or no privileges.
    """
    name = OLD_ROLE_FORM if f"{OLD_ROLE_FORM}[label]" in html else ROLE_FORM
    form = _form_with(html, f"{name}[label]", "role")
    names: dict[str, str] = {}
    checked: set[str] = set()
    for one in form.inputs:
        if identity := _IDENTITY.fullmatch(one.get("name", "")):
            names[identity["place"]] = one.get("value", "").removeprefix("action:")
        elif (box := _GRANTED.fullmatch(one.get("name", ""))) and "checked" in one:
            checked.add(box["place"])
    token = form.value(f"{name}[_token]")
    if not token or not names or checked - names.keys():
        raise UnknownShape("the PIM's role form has no token, or its privileges cannot be told")
    held = {names[place] for place in checked}
    privileges = {one: one in held for one in names.values()}
    return RoleForm(name=name, label=form.value(f"{name}[label]"), token=SecretStr(token), privileges=privileges)


def messages(html: str) -> tuple[str, ...]:
    """What a page says to its reader, each message once, shortened."""
    return tuple(dict.fromkeys(text[:_LONGEST_MESSAGE] for text in _Page(html).messages if text))


def _form_with(html: str, field_name: str, kind: str) -> _Form:
    for form in _Page(html).forms:
        if any(one.get("name") == field_name for one in form.inputs):
            return form
    raise UnknownShape(f"the PIM's {kind} page has no {kind} form")
