"""The rules of roles and groups: what a form may save, what may be deleted.

Asked by the role and group forms. A privilege that a form does not name is left as it is (observed.md §17).
"""

import re
from typing import Final

from vault_pim.sandbox.akeneo.pim import DEFAULT_ROLE, Pim
from vault_pim.sandbox.akeneo.refusals import CrashError, ImpossibleError, Violation, ViolationError
from vault_pim.sandbox.akeneo.users import BLANK, USED
from vault_pim.sandbox.akeneo.world import Group, Role, User

ROLE_LABEL_LIMIT: Final = 25
GROUP_NAME_LIMIT: Final = 30


def code_of(label: str) -> str:
    """The code a role gets from its label at creation: upper case, every other byte an underscore."""
    text = re.sub(rb"[^A-Z0-9_-]", b"_", label.upper().encode()).decode()
    return text if text.startswith("ROLE_") else f"ROLE_{text}"


def save_role(pim: Pim, role: Role | None, label: str, privileges: dict[str, bool]) -> Role:
    """Create a role (`role` is None) or change one.

    Args:
        privileges: the privileges the form names, and whether each is granted.

    Raises:
        ViolationError: the label breaks rules; path `label` or, for the code made of it, `role`.
        CrashError: an unknown privilege; a new role exists nevertheless.
    """
    others = [one for one in pim.world.roles.values() if one is not role]
    broken = [
        Violation("label", message)
        for message in _name_messages(label, [one.label for one in others], ROLE_LABEL_LIMIT)
    ]
    code_is_taken = role is None and pim.world.role_by_code(code_of(label)) is not None
    if code_is_taken and pim.release.roles.checks_code:
        broken.append(Violation("role", USED))
    if broken:
        raise ViolationError(broken)
    if code_is_taken:
        raise CrashError("the database refuses a second role of this code")
    if role is None:
        role = Role(id=pim.world.next_id("role"), code=code_of(label), label=label)
        pim.world.roles[role.id] = role
    elif pim.release.roles.renames_code:
        role.cached_code = role.cached_code or role.code
        role.code = code_of(label)
        if privileges:
            role.cached_code = role.code
    role.label = label
    for name, granted in privileges.items():
        if name not in pim.release.privileges:
            raise CrashError(f'The privilege "{name}" is unknown.')
        (role.privileges.add if granted else role.privileges.discard)(name)
    return role


def renew_cache(pim: Pim) -> None:
    """Make the cache of privileges anew, as removing its files does."""
    for role in pim.world.roles.values():
        role.cached_code = ""


def delete_role(pim: Pim, role: Role) -> None:
    """Delete a role.

    Raises:
        ImpossibleError: it is the default role, or somebody's only one.
    """
    if role.code == DEFAULT_ROLE and pim.release.roles.protects_default:
        raise ImpossibleError("You can not delete this role, this role is the one by default in Akeneo PIM")
    if any(user.roles == [role] for user in pim.world.users.values()):
        raise ImpossibleError(pim.release.roles.in_use)
    pim.world.delete_role(role)


def save_group(pim: Pim, group: Group | None, name: str) -> Group:
    """Create a group (`group` is None) or rename one.

    Raises:
        ViolationError: the name breaks rules.
    """
    others = [one.name for one in pim.world.groups.values() if one is not group]
    if messages := _name_messages(name, others, GROUP_NAME_LIMIT):
        raise ViolationError([Violation("name", message) for message in messages])
    if group is None:
        group = Group(id=pim.world.next_id("group"), name=name)
        pim.world.groups[group.id] = group
    group.name = name
    return group


def users_named(pim: Pim, ids: str) -> list[User]:
    """The users of a form's `appendUsers` or `removeUsers`: numbers with commas between."""
    return [pim.world.users[int(one)] for one in ids.split(",") if one.isdigit() and int(one) in pim.world.users]


def _name_messages(name: str, others: list[str], limit: int) -> list[str]:
    if not name:
        return [BLANK]
    messages = []
    if len(name) > limit:
        messages.append(f"This value is too long. It should have {limit} characters or less.")
    if name.lower() in (other.lower() for other in others):
        messages.append(USED)
    return messages
