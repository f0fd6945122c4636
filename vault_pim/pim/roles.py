"""Roles at the PIM, by the form that people use, and user groups by name.

Used by `driver`. A role is brought to exactly a declared set of privileges: every other one the form offers, those of
the user interface too, is taken away. What the form does not offer (behind a feature that is off) can neither be seen
nor be taken away; a role made here never had it. Refuses to touch the roles the PIM itself lives on. Source:
contracts/akeneo/observed.md §6, by-release.md §3.5.
"""

import re
from typing import Final

import requests

from vault_pim.domain.connector import ROLE_LABEL_LENGTH, Connector, role_code
from vault_pim.domain.errors import ConfigurationError, NotOurs, PimRefusal, UnknownPermission, UnknownShape
from vault_pim.domain.generation import Generation
from vault_pim.pim.answers import Answer, read
from vault_pim.pim.grids import grid_rows
from vault_pim.pim.http import Field, Fields
from vault_pim.pim.pages import RoleForm, messages, read_role_form
from vault_pim.pim.releases import Release
from vault_pim.pim.shapes import GroupRow, RoleGridRow, RoleRow, SavedRole
from vault_pim.pim.web_session import WebSession

_CREATE = "/user/role/create"
_SAVED = re.compile(r".*/user/role/update/(?P<id>\d+)")
_PIMS_OWN: Final = frozenset(("ROLE_ADMINISTRATOR", "ROLE_USER"))


class Roles:
    """The roles and user groups of one PIM."""

    def __init__(self, web: WebSession, release: Release) -> None:
        self._web = web
        self._release = release
        self._offered: frozenset[str] = frozenset()

    def all(self) -> tuple[RoleRow, ...]:
        """Every role but those of apps, which the PIM hides."""
        if self._release.roles_by_rest:
            return read(self._web.call("GET", "/rest/user_role/").expect(200), tuple[RoleRow, ...])
        rows = grid_rows(self._web, "pim-role-grid", RoleGridRow)
        return tuple(RoleRow(id=int(row.id), role=role_code(row.label), label=row.label) for row in rows)

    def find(self, label: str) -> RoleRow | None:
        """The role of that name, or None; the PIM compares names without regard to case."""
        return next((role for role in self.all() if role.label.casefold() == label.casefold()), None)

    def groups(self) -> tuple[GroupRow, ...]:
        """Every user group."""
        return read(self._web.call("GET", self._release.rest("user_group")).expect(200), tuple[GroupRow, ...])

    def group(self, name: str) -> GroupRow:
        """A user group.

        Raises:
            PimRefusal: there is none of that name.
        """
        for group in self.groups():
            if group.name == name:
                return group
        raise PimRefusal(
            f"the PIM has no user group {name!r}", advice="Create the group at the PIM, or correct user_group."
        )

    def of(self, connector: Connector, generation: Generation) -> tuple[RoleRow, GroupRow | None]:
        """The role of a generation, and the group its connector is declared to be in.

        Raises:
            PimRefusal: one of them is not there.
        """
        role = self.find(generation.role)
        if role is None:
            raise PimRefusal(
                f"the PIM has no role {generation.role!r}", advice="Run the command again; it makes the role first."
            )
        return role, None if connector.user_group is None else self.group(connector.user_group)

    def offered(self) -> frozenset[str]:
        """Every privilege the role form offers, by the last one that was read: a real one has 263 kB.

        What is posted is compared with the very form that is filled in, at any rate.
        """
        return self._offered or frozenset(self._form(_CREATE).privileges)

    def granted(self, role: RoleRow) -> frozenset[str]:
        """The privileges a role holds, as far as the form shows them."""
        return self._form(_update(role.id)).granted

    def put(self, label: str, permissions: frozenset[str]) -> None:
        """Make the role, or bring it to exactly these privileges, and read it back.

        Raises:
            ConfigurationError: the name is longer than a PIM allows.
            NotOurs: it is a role the PIM itself needs.
            UnknownPermission: the form does not offer one of them; nothing was posted, since the PIM would answer 500
                and leave a broken role behind.
            PimRefusal: the PIM did not take the form, or did not keep what it took.
        """
        if len(label) > ROLE_LABEL_LENGTH:
            raise ConfigurationError(f"role name {label!r} is longer than {ROLE_LABEL_LENGTH} characters")
        role = self.find(label)
        if role is not None and role.role in _PIMS_OWN:
            raise NotOurs(f"role {label!r} is one of the PIM's own", advice="Give the connector another label.")

        if role is None and (clash := next((one for one in self.all() if one.role == role_code(label)), None)):
            raise PimRefusal(  # before PIM 6.0 the form would answer 500
                f"the PIM does not take role {label!r}",
                why=f"its code would be {clash.role}, which is that of role {clash.label!r}",
                advice="Give the connector another label.",
            )

        def fill(page: str) -> Fields:
            return _filled(read_role_form(page), label, permissions)

        answer = self._web.submit(_CREATE if role is None else _update(role.id), fill).expect(200, 302)
        number = _saved(answer)
        if number is None:
            # A refused form is a 200, too, and on some releases without a word (observed.md §1 items 12 and 13).
            raise PimRefusal(
                f"the PIM does not take role {label!r}",
                why="; ".join(messages(answer.text)) or "it gave no reason; a similar role may exist",
                advice="Compare the names of the roles at the PIM; give the connector another label.",
            )
        saved = self._form(_update(number))
        if saved.label != label or saved.granted != permissions:
            raise PimRefusal(
                f"the PIM did not keep role {label!r} as posted",
                why=f"differing: {', '.join(sorted(saved.granted ^ permissions)) or 'its name'}",
            )

    def _form(self, path: str) -> RoleForm:
        form = read_role_form(self._web.call("GET", path).expect(200).text)
        self._offered = frozenset(form.privileges)
        return form


def _update(role_id: int) -> str:
    return f"/user/role/update/{role_id}"


def _saved(answer: Answer) -> int | None:
    """The number of the role that was saved, or None: PIM 1.7 leads to its page, later ones tell it."""
    if answer.status == requests.codes.ok:
        return read(answer, SavedRole).params.id if answer.is_json else None
    if page := _SAVED.fullmatch(answer.redirects_to):
        return int(page["id"])
    raise UnknownShape(f"the PIM's answer to {answer.asked} leads elsewhere", why=f"to {answer.redirects_to}")


def _filled(form: RoleForm, label: str, permissions: frozenset[str]) -> Fields:
    """The form with exactly these boxes checked; every privilege is named, since unnamed ones stay as they are."""
    unknown = sorted(permissions - form.privileges.keys())
    if unknown:
        raise UnknownPermission(f"the PIM does not offer {', '.join(unknown)}")
    fields: dict[str, Field] = {
        f"{form.name}[label]": label,
        f"{form.name}[_token]": form.token,
    }
    for index, name in enumerate(sorted(form.privileges)):
        place = f"{form.name}[{'api' if name.startswith('pim_api_') else 'action'}][{index}]"
        fields[f"{place}[identity][id]"] = f"action:{name}"
        fields[f"{place}[permissions][EXECUTE][name]"] = "EXECUTE"
        if name in permissions:
            fields[f"{place}[permissions][EXECUTE][accessLevel]"] = "1"
    return fields
