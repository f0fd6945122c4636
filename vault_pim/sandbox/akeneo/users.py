"""The rules of users: creation, change, validation. Asked by `/rest/user`, by connections and by the console.

Messages and their order are those of the PIM (observed.md §17, by-release.md §3.4).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Final

from vault_pim.sandbox.akeneo.pim import DEFAULT_GROUP, DEFAULT_ROLE, Pim
from vault_pim.sandbox.akeneo.refusals import CrashError, EncoderError, ImpossibleError, Violation, ViolationError
from vault_pim.sandbox.akeneo.traits import PasswordRule, UserTraits
from vault_pim.sandbox.akeneo.world import USER_PROPERTIES, Group, Role, User

BLANK: Final = "This value should not be blank."
PASSWORD_CAP: Final = 4096
USED: Final = "This value is already used."
LOCALES: Final = ("ca_ES", "de_DE", "en_US", "fr_FR")
_EMAIL = re.compile(r".+@\S+\.\S+")


def new_user(pim: Pim, values: Mapping[str, object], *, api_type: bool = False) -> User:
    """A user with these values and every default, not yet checked and not yet stored.

    Raises:
        CrashError: for a key that is not writable, or an unknown role.
        ImpossibleError: for an unknown group or locale.
    """
    now = pim.clock.now()
    role = pim.world.role_by_code(DEFAULT_ROLE)
    user = User(
        id=0, username="", email="", created=now, updated=now, api_type=api_type,
        roles=[role] if role else [], properties=dict(USER_PROPERTIES),
    )  # fmt: skip
    return changed(pim, user, values)


def changed(pim: Pim, user: User, values: Mapping[str, object]) -> User:
    """A draft of the user with these values set; the group All is always added. `adopt` makes it the truth.

    Raises:
        CrashError: for a key that is not writable, or an unknown role.
        ImpossibleError: for an unknown group or locale.
    """
    draft = replace(user, properties=dict(user.properties), updated=pim.clock.now())
    for key, value in values.items():
        match key:
            case "username":
                draft.username = _text(value)
            case "email":
                draft.email = _text(value)
            case "enabled":
                draft.enabled = bool(value)
            case "password":
                draft.set_password(_text(value))
            case "roles":
                draft.roles = [_role(pim, code) for code in _list(value)]
            case "groups":
                draft.groups = [_group(pim, _text(name)) for name in _list(value)]
            case _ if key in USER_PROPERTIES:
                draft.properties[key] = _checked(key, value)
            case _:
                raise CrashError(f'Property "{key}" does not exist.')
    groups = {group.id: group for group in [*draft.groups, _group(pim, DEFAULT_GROUP)]}
    draft.groups = [groups[number] for number in sorted(groups)]
    return draft


def adopt(user: User, draft: User) -> None:
    """Take every value of the draft over; tokens and connections go on pointing at the same user."""
    for one in fields(User):
        setattr(user, one.name, getattr(draft, one.name))


def violations_of(pim: Pim, user: User) -> list[Violation]:
    """The broken rules of a user, in the PIM's order."""
    broken = [Violation(path, message) for path, message in _username_messages(pim, user)]
    broken += [Violation("email", message) for message in _email_messages(pim, user)]
    broken += [Violation(key, BLANK) for key in ("first_name", "last_name") if not user.properties[key]]
    if not user.roles:
        broken.append(Violation("roles", "You must select at least 1 role."))
    return broken


def store(pim: Pim, user: User) -> User:
    """Check a new user and store it.

    Raises:
        ViolationError: the user breaks rules.
    """
    if broken := violations_of(pim, user):
        raise ViolationError(broken)
    user.id = pim.world.next_id("user")
    pim.world.users[user.id] = user
    return user


def password_violations(
    traits: UserTraits, rule: PasswordRule, path: str, password: str, repeated: object
) -> list[Violation]:
    """The rules of a password set through the interface; the console does not ask for them.

    Raises:
        EncoderError: it is longer than the encoder takes, and no rule says so.
    """
    if len(password) < rule.least:
        return [Violation(path, rule.too_short)]
    if len(password) > PASSWORD_CAP and not traits.caps_password:
        raise EncoderError
    if len(password) > PASSWORD_CAP:
        return [Violation(path, "Password must contain less than 4096 characters")]
    return [] if password == repeated else [Violation(f"{path}_repeat", rule.not_repeated)]


def _username_messages(pim: Pim, user: User) -> Iterator[tuple[str, str]]:
    name, traits = user.username, pim.release.users
    if not name:
        yield "username", BLANK
        return
    if len(name) < 3:
        yield "username", "This value is too short. It should have 3 characters or more."
    if len(name) > 255:
        yield "username", "This value is too long. It should have 255 characters or less."
    if traits.refuses_blanks and re.search(r"\s", name):
        yield traits.username_path, "The username should not contain space character."
    if any(other.username.lower() == name.lower() for other in _others(pim, user)):
        yield "username", USED


def _email_messages(pim: Pim, user: User) -> list[str]:
    if not user.email:
        return [BLANK]
    messages = ["This value is too short. It should have 6 characters or more."] if len(user.email) < 6 else []
    if not _EMAIL.fullmatch(user.email):
        messages.append("This value is not a valid email address.")
    if any(other.email.lower() == user.email.lower() for other in _others(pim, user)):
        messages.append(USED)
    return messages


def _others(pim: Pim, user: User) -> list[User]:
    return [other for other in pim.world.users.values() if other.id != user.id]


def _role(pim: Pim, code: object) -> Role:
    role = pim.world.role_by_code(_text(code))
    if role is None:
        raise CrashError(f'Property "roles" expects a valid role. The role does not exist, "{code}" given.')
    return role


def _group(pim: Pim, name: str) -> Group:
    group = pim.world.group_by_name(name)
    if group is None:
        shown = "all" if name == DEFAULT_GROUP else name
        raise ImpossibleError(f'Property "groups" expects a valid group. The group does not exist, "{shown}" given.')
    return group


def _checked(key: str, value: object) -> object:
    if key == "user_default_locale" and value not in LOCALES:
        raise ImpossibleError(
            f'Property "user_default_locale" expects a valid locale code. The locale does not exist, "{value}" given.'
        )
    return value


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise CrashError("expected a text")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise CrashError("expected a list")
    return value
