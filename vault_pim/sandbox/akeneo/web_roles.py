"""Roles and user groups: lists, forms, deletion. A refused form is a 200, like a saved one."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from starlette.responses import Response

from vault_pim.sandbox.akeneo import grids, http, pages, roles
from vault_pim.sandbox.akeneo.http import Call
from vault_pim.sandbox.akeneo.pages import Messages
from vault_pim.sandbox.akeneo.pim import DEFAULT_GROUP
from vault_pim.sandbox.akeneo.refusals import CrashError, ImpossibleError, MissingError, ViolationError
from vault_pim.sandbox.akeneo.release import Release
from vault_pim.sandbox.akeneo.routing import Route
from vault_pim.sandbox.akeneo.world import Role, User

_WRONG_CSRF = "The CSRF token is invalid. Please try to resubmit the form."
_PRIVILEGE = re.compile(
    r"\w+_role_form\[(\w+)\]\[(\w+)\]\[(?:identity\]\[id|permissions\]\[EXECUTE\]\[(accessLevel))\]"
)


def routes(release: Release) -> list[Route]:
    lists = [("group", _group_list), *([("role", _role_list)] if release.roles.has_rest_list else [])]
    found = [
        Route(method=method, path=f"/rest/user_{name}{release.users.slash}", handler=handler)
        for name, handler in lists
        for method in ("GET", "POST")
    ]
    found.append(Route(method="GET", path="/datagrid/pim-role-grid", handler=_role_grid))
    for name, show, save, delete in (
        ("role", _show_role, _save_role, _delete_role),
        ("group", _show_group, _save_group, _delete_group),
    ):
        for action, path in (("create", "create"), ("edit", r"update/{id:\d+}")):
            for method, handler in (("GET", show), ("POST", save)):
                privilege = f"pim_user_{name}_{action}"
                found.append(Route(method=method, path=f"/user/{name}/{path}", handler=handler, privilege=privilege))
        found.append(
            Route(
                method="DELETE",
                path=rf"/user/{name}/delete/{{id:\d+}}",
                handler=delete,
                privilege=f"pim_user_{name}_remove",
                needs_xhr=True,
            )
        )
    return found


def _form_name(call: Call, name: str) -> str:
    """`role` or `group` as the release's forms and routes have it."""
    return f"{call.pim.release.roles.form}_{name}_form"


def _role_list(call: Call) -> Response:
    kind = {"type": "default"} if call.pim.release.roles.shows_type else {}
    rows = [{"id": role.id, "role": role.code, "label": role.label} | kind for role in call.pim.world.roles.values()]
    return http.json_answer(rows)


def _role_grid(call: Call) -> Response:
    rows = [
        {
            "label": role.label,
            "id": str(role.id),
            "update_link": f"/user/role/update/{role.id}",
            "delete_link": f"/user/role/delete/{role.id}",
        }
        for role in call.pim.world.roles.values()
    ]
    return grids.page(call, "pim-role-grid", rows, "label")


def _group_list(call: Call) -> Response:
    rows = [
        {"name": group.name, "meta": {"id": group.id, "default": group.name == DEFAULT_GROUP}}
        for group in sorted(call.pim.world.groups.values(), key=lambda group: group.name)
    ]
    return http.json_answer(rows)


def _show_role(call: Call) -> Response:
    role = _shown_row(call, call.pim.world.roles)
    return _role_page(call, role.label if role else "", role)


def _save_role(call: Call) -> Response:
    role, fields = _shown_row(call, call.pim.world.roles), call.parameters()
    label = str(fields.get(f"{_form_name(call, 'role')}[label]", "")).strip()
    form = _form_name(call, "role")
    if not _token_holds(call, fields, form):
        return _refused_role(call, role, label, ((), [_WRONG_CSRF]))
    try:
        saved = roles.save_role(call.pim, role, label, _privileges(fields))
    except ViolationError as no:
        at_label = [one.message for one in no.violations if one.path == "label"]
        above = [one.message for one in no.violations if one.path != "label"]
        stated = at_label if call.pim.release.roles.states_reasons else []
        return _refused_role(call, role, label, (stated, above))
    _move_users(call, fields, form, lambda user: user.roles, saved)
    return _saved(call, "role", saved.id)


def _delete_role(call: Call) -> Response:
    role = _row(call, call.pim.world.roles, MissingError)
    try:
        roles.delete_role(call.pim, role)
    except ImpossibleError as no:
        return http.json_answer({"message": str(no)}, 422)
    return http.empty()


def _refused_role(call: Call, role: Role | None, label: str, messages: Messages) -> Response:
    if call.pim.release.roles.states_reasons:
        return _role_page(call, label, None, messages, offered=())
    shown = role or call.pim.world.role_by_code(roles.code_of(label))
    return _role_page(call, label, shown, messages)


def _role_page(
    call: Call,
    label: str,
    role: Role | None,
    messages: Messages = ((), ()),
    offered: Iterable[str] | None = None,
) -> Response:
    names = call.pim.release.offered if offered is None else offered
    boxes = [(name, role is not None and role.grants(name)) for name in names]
    form = _form_name(call, "role")
    token = call.started_session().csrf_token(form)
    return http.html(pages.role_form(call.pim.release.web.form_title, form, call.path, token, label, boxes, messages))


def _privileges(fields: dict[str, Any]) -> dict[str, bool]:
    """The privileges a form names; a checked box grants, a missing one denies. Any heading and any index will do."""
    names: dict[tuple[str, str], str] = {}
    granted: set[tuple[str, str]] = set()
    for field, value in fields.items():
        if found := _PRIVILEGE.fullmatch(field):
            if found[3]:
                granted.add((found[1], found[2]))
            else:
                names[found[1], found[2]] = str(value).removeprefix("action:")
    return {name: place in granted for place, name in names.items()}


def _show_group(call: Call) -> Response:
    group = _shown_row(call, call.pim.world.groups)
    return _group_page(call, group.name if group else "")


def _save_group(call: Call) -> Response:
    group, fields = _shown_row(call, call.pim.world.groups), call.parameters()
    name = str(fields.get(f"{_form_name(call, 'group')}[name]", "")).strip()
    form = _form_name(call, "group")
    if not _token_holds(call, fields, form):
        return _group_page(call, name, ((), [_WRONG_CSRF]))
    try:
        saved = roles.save_group(call.pim, group, name)
    except ViolationError as no:
        return _group_page(call, name, ([one.message for one in no.violations], ()))
    _move_users(call, fields, form, lambda user: user.groups, saved)
    return _saved(call, "group", saved.id)


def _delete_group(call: Call) -> Response:
    group = _row(call, call.pim.world.groups, MissingError)
    call.pim.world.delete_group(group)
    return http.empty()


def _group_page(call: Call, name: str, messages: Messages = ((), ())) -> Response:
    form = _form_name(call, "group")
    return http.html(
        pages.group_form(
            call.pim.release.web.form_title, form, call.path, call.started_session().csrf_token(form), name, messages
        )
    )


def _saved(call: Call, name: str, number: int) -> Response:
    traits = call.pim.release.roles
    if traits.redirects:
        return http.redirect(f"/user/{name}/update/{number}")
    return http.json_answer({"route": f"{traits.form}_{name}_update", "params": {"id": number}})


def _token_holds(call: Call, fields: dict[str, Any], form: str) -> bool:
    return call.started_session().accepts(form, str(fields.get(f"{form}[_token]", "")))


def _move_users(call: Call, fields: dict[str, Any], form: str, held: Callable[[User], list[Any]], row: Any) -> None:
    for user in roles.users_named(call.pim, str(fields.get(f"{form}[appendUsers]", ""))):
        if row not in held(user):
            held(user).append(row)
    for user in roles.users_named(call.pim, str(fields.get(f"{form}[removeUsers]", ""))):
        if row in held(user):
            held(user).remove(row)


def _shown_row(call: Call, rows: dict[int, Any]) -> Any:
    return _row(call, rows, CrashError if call.pim.release.roles.crashes_on_unknown else MissingError)


def _row(call: Call, rows: dict[int, Any], refusal: type[CrashError | MissingError]) -> Any:
    """The row a path names; None for a path without an id."""
    if "id" not in call.parts:
        return None
    if int(call.parts["id"]) not in rows:
        raise refusal("there is no such row")
    return rows[int(call.parts["id"])]
