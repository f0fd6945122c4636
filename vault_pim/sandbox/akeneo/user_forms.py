"""What the user forms of the oldest PIMs are made of: their fields, their choices, and how a user reads in them.

Used by `web_user_forms`. A program reads the page, keeps every field and changes its own, so the page has them all.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

from vault_pim.sandbox.akeneo import pages
from vault_pim.sandbox.akeneo.pim import Pim
from vault_pim.sandbox.akeneo.traits import UserTraits
from vault_pim.sandbox.akeneo.world import Group, Role, User

FORM: Final = "pim_user_user_form"
LOCALES: Final = {"32": "ca_ES", "39": "de_DE", "58": "en_US", "90": "fr_FR"}
SCOPES: Final = {"1": "ecommerce"}
TREES: Final = {"master": "master"}

# The text fields and the property behind each.
_TEXTS: Final = {
    "username": "", "namePrefix": "name_prefix", "firstName": "first_name", "middleName": "middle_name",
    "lastName": "last_name", "nameSuffix": "name_suffix", "birthday": "birthday", "phone": "phone", "imageFile": "",
    "email": "",
}  # fmt: skip
# The choices and the property behind each.
CHOICES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "catalogLocale": ("catalog_default_locale", LOCALES),
    "catalogScope": ("catalog_default_scope", SCOPES),
    "defaultTree": ("default_category_tree", TREES),
    "uiLocale": ("user_default_locale", LOCALES),
}


def texts(traits: UserTraits) -> dict[str, str]:
    """The text fields of a release, each with the property behind it; none where a rule of its own applies."""
    absent = "phone" if traits.surface == "redirect" else "birthday"
    return {field: key for field, key in _TEXTS.items() if field != absent}


def page(pim: Pim, action: str, token: str, user: User | None, messages: list[str], passwords: Sequence[str]) -> str:
    """The form of a user, or of a new one.

    Args:
        messages: above the form.
        passwords: the names of its password fields.
    """
    notes = "".join(f'<div class="message">{escape(message)}</div>' for message in messages)
    inner = "\n".join(_fields(pim, user, passwords))
    return (
        pages.heading(pim.release.web.form_title)
        + f"""{notes}<form action="{escape(action)}" method="post">
{inner}
<input type="hidden" name="{FORM}[_token]" value="{escape(token)}">
<button type="submit">Save</button></form>"""
    )


def card(pim: Pim, user: User) -> str:
    """A user to be looked at."""
    shown = f"{user.username} {user.email} {'Active' if user.enabled else 'Inactive'}"
    return f"{pages.heading(pim.release.web.form_title)}<p>{escape(shown)}</p>"


def _fields(pim: Pim, user: User | None, passwords: Sequence[str]) -> Iterator[str]:
    traits, world = pim.release.users, pim.world
    chosen = "" if user is None else str(int(user.enabled))
    yield _select("enabled", {"": "", "0": "Inactive", "1": "Active"}, chosen)
    for field, key in texts(traits).items():
        yield f'<input type="text" name="{FORM}[{field}]" value="{escape(_text_of(user, field, key))}">'
    for field, (key, options) in CHOICES.items():
        yield _select(field, options, _choice_of(user, key, options))
    if traits.surface == "empty":
        yield _select("timezone", {"UTC": "UTC", "Europe/Berlin": "Europe/Berlin"}, "UTC")
    held_roles = user.roles if user else []
    held_groups = user.groups if user else []
    yield from (_box("rolesCollection", row, row in held_roles) for row in world.roles.values())
    yield from (_box("groups", row, row in held_groups) for row in world.groups.values())
    yield from (f'<input type="password" name="{FORM}[{field}]">' for field in passwords)


def _text_of(user: User | None, field: str, key: str) -> str:
    if user is None or field == "imageFile":
        return ""
    value = {"username": user.username, "email": user.email}.get(field) or user.properties.get(key)
    return "" if value is None else str(value)


def _choice_of(user: User | None, key: str, options: Mapping[str, str]) -> str:
    wanted = user.properties[key] if user else ""
    return next((number for number, name in options.items() if name == wanted), next(iter(options)))


def _select(field: str, options: Mapping[str, str], chosen: str) -> str:
    marks = {chosen: " selected"}
    shown = "".join(f'<option value="{value}"{marks.get(value, "")}>{name}</option>' for value, name in options.items())
    return f'<select name="{FORM}[{field}]">{shown}</select>'


def _box(field: str, row: Role | Group, held: bool) -> str:
    checked = " checked" if held else ""
    return f'<input type="checkbox" name="{FORM}[{field}][]" value="{row.id}"{checked}>'
