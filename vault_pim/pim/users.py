"""Users at the PIM: listed in their grid, made over REST (PIM 3.x and newer) or by the form that people use, deleted.

Used by `user_and_client`. A user is made with its role from the first moment on, and what the PIM kept is read back:
an account that may not give roles has them dropped in silence (contracts/akeneo/by-release.md §3.4). Whose user it is
is not decided here. Source: contracts/akeneo/observed-older.md §5.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import requests

from vault_pim.domain.errors import PimRefusal, UnknownShape
from vault_pim.domain.secret import SecretStr
from vault_pim.pim.answers import read
from vault_pim.pim.forms import read_fields
from vault_pim.pim.grids import grid_rows
from vault_pim.pim.http import Field, Fields
from vault_pim.pim.pages import messages
from vault_pim.pim.shapes import GroupRow, RoleRow, SavedUser, UserRow, UserViolations
from vault_pim.pim.web_session import WebSession

EVERYBODY: Final = "All"
"""The group that every user is in."""

_FORM: Final = "pim_user_user_form"
_ROLES: Final = f"{_FORM}[rolesCollection][]"
_GROUPS: Final = f"{_FORM}[groups][]"
_CREATE: Final = "/user/create"
_UPDATE = re.compile(r".*/user/update/(?P<id>\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A user to be made, in the role and in the group `All`; also in another group, if there is one."""

    username: str
    first_name: str
    last_name: str
    email: str
    password: SecretStr = field(repr=False)
    role: RoleRow
    group: GroupRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a user has: names of roles and of groups."""

    roles: frozenset[str]
    groups: frozenset[str]


class Users(Protocol):
    """One way to the users of a PIM."""

    def all(self) -> tuple[UserRow, ...]:
        """Every user but those of connections, which the PIM hides."""
        ...

    def held(self, user: UserRow, roles: tuple[RoleRow, ...], groups: tuple[GroupRow, ...]) -> Held:
        """What a user has, of all roles and groups there are."""
        ...

    def create(self, user: NewUser) -> None:
        """Make a user.

        Raises:
            PimRefusal: the PIM refused, or did not keep what it took; then the user may be there.
        """
        ...

    def delete(self, user: UserRow) -> None:
        """Delete a user; one that is gone already is fine."""
        ...


class RestUsers:
    """Users over REST."""

    def __init__(self, web: WebSession) -> None:
        self._web = web

    def all(self) -> tuple[UserRow, ...]:
        """Every user; `Users.all`."""
        return grid_rows(self._web, "pim-user-grid", UserRow)

    def held(self, user: UserRow, roles: tuple[RoleRow, ...], groups: tuple[GroupRow, ...]) -> Held:  # noqa: ARG002
        """What a user has; `Users.held`."""
        saved = read(self._web.call("GET", f"/rest/user/{user.id}").expect(200), SavedUser)
        return Held(
            roles=frozenset(row.label for row in roles if row.role in saved.roles), groups=frozenset(saved.groups)
        )

    def create(self, user: NewUser) -> None:
        """Make a user; `Users.create`."""
        groups = [EVERYBODY] if user.group is None else [EVERYBODY, user.group.name]
        answer = self._web.call(
            "POST",
            "/rest/user/",
            json={
                "username": user.username,
                "password": user.password,
                "password_repeat": user.password,
                "first_name": user.first_name,
                "last_name": user.last_name,
                "email": user.email,
                "roles": [user.role.role],
                "groups": groups,
                "enabled": True,
            },
        ).expect(200, 400)
        if answer.status == requests.codes.bad_request:
            raise _refused(user, [f"{one.path}: {one.message}" for one in read(answer, UserViolations).values])
        saved = read(answer, SavedUser)
        if not saved.enabled or set(saved.roles) != {user.role.role} or set(saved.groups) != set(groups):
            raise _not_kept(user)

    def delete(self, user: UserRow) -> None:
        """Delete a user; `Users.delete`."""
        self._web.call("DELETE", f"/rest/user/{user.id}").expect(204, 404)


class FormUsers:
    """Users by the form of PIM 1.7 and 2.x."""

    def __init__(self, web: WebSession) -> None:
        self._web = web

    def all(self) -> tuple[UserRow, ...]:
        """Every user; `Users.all`."""
        return grid_rows(self._web, "pim-user-grid", UserRow)

    def held(self, user: UserRow, roles: tuple[RoleRow, ...], groups: tuple[GroupRow, ...]) -> Held:
        """What a user has; `Users.held`."""
        fields = self._fields(user.id)
        return Held(
            roles=frozenset(row.label for row in roles if str(row.id) in fields.get(_ROLES, ())),
            groups=frozenset(row.name for row in groups if str(row.meta.id) in fields.get(_GROUPS, ())),
        )

    def create(self, user: NewUser) -> None:
        """Make a user; `Users.create`. Every field of the page is sent: without some of them the PIM fails."""
        group = [] if user.group is None else [str(user.group.meta.id)]

        def fill(page: str) -> Fields:
            fields: dict[str, Field] = dict(read_fields(page, f"{_FORM}[username]"))
            fields |= {
                f"{_FORM}[username]": user.username,
                f"{_FORM}[firstName]": user.first_name,
                f"{_FORM}[lastName]": user.last_name,
                f"{_FORM}[email]": user.email,
                f"{_FORM}[plainPassword][first]": user.password,
                f"{_FORM}[plainPassword][second]": user.password,
                f"{_FORM}[enabled]": "1",
                _ROLES: [str(user.role.id)],
                _GROUPS: group,
            }
            return fields

        answer = self._web.submit(_CREATE, fill).expect(200, 302)
        if answer.status == requests.codes.ok:
            raise _refused(user, messages(answer.text))
        made = _UPDATE.fullmatch(answer.redirects_to)
        if made is None:
            raise UnknownShape(f"the PIM's answer to {answer.asked} leads elsewhere", why=answer.redirects_to)
        kept = self._fields(made["id"])
        if (
            kept.get(f"{_FORM}[enabled]") != ["1"]
            or kept.get(_ROLES) != [str(user.role.id)]
            or not set(group) <= set(kept.get(_GROUPS, ()))
        ):
            raise _not_kept(user)

    def delete(self, user: UserRow) -> None:
        """Delete a user; `Users.delete`."""
        self._web.call("DELETE", f"/user/delete/{user.id}").expect(204, 404)

    def _fields(self, user_id: str) -> Mapping[str, list[str]]:
        page = self._web.call("GET", f"/user/update/{user_id}").expect(200).text
        return read_fields(page, f"{_FORM}[username]")


def _refused(user: NewUser, why: Collection[str]) -> PimRefusal:
    return PimRefusal(
        f"the PIM refused to make user {user.username}",
        why="; ".join(why) or "it gave no reason",
        advice="Look at the PIM for a user of that name or e-mail address.",
    )


def _not_kept(user: NewUser) -> PimRefusal:
    return PimRefusal(
        f"the PIM did not keep user {user.username} as posted",
        why="it is disabled, or has other roles or groups",
        advice="Give the role of vault-pim's PIM account the permissions to edit users, roles and groups.",
    )
