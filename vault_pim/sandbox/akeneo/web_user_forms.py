"""`/user/...` of the oldest PIMs: users are made and changed through HTML forms, and no administrator sets a password.

Mounted where the release has no REST for users. A refused form is a 200 with the form again (observed-older.md §5).
"""

from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.responses import Response

from vault_pim.sandbox.akeneo import grids, http, user_forms, users
from vault_pim.sandbox.akeneo.http import Call
from vault_pim.sandbox.akeneo.refusals import CrashError, MissingError
from vault_pim.sandbox.akeneo.routing import Route
from vault_pim.sandbox.akeneo.traits import UserTraits
from vault_pim.sandbox.akeneo.user_forms import FORM
from vault_pim.sandbox.akeneo.world import User

_GRID: Final = "pim-user-grid"
_WRONG_CSRF: Final = "The CSRF token is invalid. Please try to resubmit the form."
_MISSING: Final = {"catalogLocale": "Catalog locale", "catalogScope": "Catalog scope", "defaultTree": "Default tree"}
_NEW_PASSWORD: Final = ("plainPassword][first", "plainPassword][second")
_OWN_PASSWORD: Final = tuple(f"change_password][{one}" for one in ("currentPassword", *_NEW_PASSWORD))


def routes(traits: UserTraits) -> list[Route]:
    one, manage = r"{id:\d+}", "pim_user_user_"
    forms = (
        ("/user/create", f"{manage}create", _show_new, _create),
        (f"/user/update/{one}", f"{manage}edit", _show, _update),
        ("/user/profile/edit", "", _show_own, _update_own),
    )
    return [
        *(Route(method=method, path=f"/rest/user{traits.slash}", handler=_current) for method in ("GET", "POST")),
        Route(method="GET", path=f"/rest/user/{one}", handler=_get, privilege=f"{manage}index"),
        Route(method="GET", path=f"/datagrid/{_GRID}", handler=_grid, privilege=f"{manage}index"),
        Route(method="GET", path=f"/user/view/{one}", handler=_view, privilege=f"{manage}index"),
        Route(
            method="DELETE", path=f"/user/delete/{one}", handler=_delete, privilege=f"{manage}remove", needs_xhr=True
        ),
        *(Route(method="GET", path=path, handler=show, privilege=privilege) for path, privilege, show, _ in forms),
        *(Route(method="POST", path=path, handler=save, privilege=privilege) for path, privilege, _, save in forms),
    ]


def _show_new(call: Call) -> Response:
    return _page(call, None, [], _NEW_PASSWORD)


def _create(call: Call) -> Response:
    fields, traits = _fields(call), call.pim.release.users
    missing = [name for field, name in _MISSING.items() if field not in fields]
    if missing and traits.surface == "empty":
        raise CrashError("the entity takes no missing value")
    messages = [f"{name} may not be empty." for name in missing]
    if not _token_holds(call, fields):
        messages = [_WRONG_CSRF]
    password, repeated = (str(fields.get(field, "")) for field in _NEW_PASSWORD)
    broken = users.password_violations(traits, traits.password, "password", password, repeated)
    if messages or broken or _chooses_unknown(call, fields):
        return _page(call, None, messages, _NEW_PASSWORD)
    user = users.new_user(call.pim, _values(call, fields) | {"password": password})
    if users.violations_of(call.pim, user):
        return _page(call, None, [], _NEW_PASSWORD)
    return http.redirect(f"/user/update/{users.store(call.pim, user).id}")


def _show(call: Call) -> Response:
    return _page(call, _named(call), [], ())


def _update(call: Call) -> Response:
    user = _named(call)
    response = _changed(call, user, ())
    if response is not None:
        return response
    return http.empty() if call.pim.release.users.surface == "empty" else http.redirect(f"/user/update/{user.id}")


def _show_own(call: Call) -> Response:
    return _page(call, call.logged_in_user, [], _OWN_PASSWORD)


def _update_own(call: Call) -> Response:
    """A user's own form, the one place where a password is changed."""
    fields, user, traits = _fields(call), call.logged_in_user, call.pim.release.users
    current, password, repeated = (str(fields.get(field, "")) for field in _OWN_PASSWORD)
    if password or repeated:
        broken = users.password_violations(traits, traits.password, "password", password, repeated)
        if broken or not user.has_password(current):
            return _page(call, user, [], _OWN_PASSWORD)
    response = _changed(call, user, _OWN_PASSWORD)
    if response is not None:
        return response
    if password:
        user.set_password(password)
    return http.redirect("/user/profile/edit")


def _changed(call: Call, user: User, passwords: tuple[str, ...]) -> Response | None:
    """Change a user as the form says; an answer if it may not be."""
    fields = _fields(call)
    messages = [] if _token_holds(call, fields) else [_WRONG_CSRF]
    if any(field.startswith("plainPassword") for field in fields):
        quotes = '"' if call.pim.release.users.surface == "redirect" else '""'
        messages.append(f"This form should not contain extra fields: {quotes}plainPassword{quotes}")
    if messages:
        return _page(call, user, messages, passwords)
    if "username" not in fields or any(field not in fields for field in _MISSING):
        raise CrashError("the entity takes no missing value")
    if _chooses_unknown(call, fields):
        return _page(call, user, [], passwords)
    draft = users.changed(call.pim, user, _values(call, fields))
    if users.violations_of(call.pim, draft):
        return _page(call, user, [], passwords)
    users.adopt(user, draft)
    return None


def _fields(call: Call) -> dict[str, Any]:
    """The form's fields by the name between its brackets; those that end in `[]` as lists."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True):
        field = name.removeprefix(f"{FORM}[").removesuffix("]")
        if field.endswith("]["):
            found.setdefault(field.removesuffix("]["), []).append(value)
        else:
            found[field] = value
    return found


def _values(call: Call, fields: dict[str, Any]) -> dict[str, object]:
    """What a form says of a user. A box or a choice that is not sent is not set: a user may end up disabled."""
    world, traits = call.pim.world, call.pim.release.users
    values: dict[str, object] = {
        key: fields.get(field) or None for field, key in user_forms.texts(traits).items() if key and key != "birthday"
    }
    values |= {key: fields.get(field, "") for field, key in (("firstName", "first_name"), ("lastName", "last_name"))}
    values |= {
        key: options.get(fields[field]) for field, (key, options) in user_forms.CHOICES.items() if field in fields
    }
    groups = [group.name for group in world.groups.values() if str(group.id) in fields.get("groups", [])]
    return values | {
        "username": fields.get("username", ""),
        "email": fields.get("email", ""),
        "enabled": fields.get("enabled") == "1",
        "roles": [world.roles[int(one)].code for one in fields.get("rolesCollection", [])],
        "groups": groups,
    }


def _chooses_unknown(call: Call, fields: dict[str, Any]) -> bool:
    """Whether the form has a role or another choice that its page did not offer."""
    offered = [str(number) for number in call.pim.world.roles]
    unknown = [
        field for field, (_, options) in user_forms.CHOICES.items() if fields.get(field, "") not in ("", *options)
    ]
    return bool(unknown) or any(one not in offered for one in fields.get("rolesCollection", []))


def _token_holds(call: Call, fields: dict[str, Any]) -> bool:
    return call.started_session().accepts(FORM, str(fields.get("_token", "")))


def _page(call: Call, user: User | None, messages: list[str], passwords: tuple[str, ...]) -> Response:
    token = call.started_session().csrf_token(FORM)
    return http.html(user_forms.page(call.pim, call.path, token, user, messages, passwords))


def _current(call: Call) -> Response:
    user, traits = call.logged_in_user, call.pim.release.users
    properties = user.properties
    shown: dict[str, Any] = {
        "username": user.username,
        "email": user.email,
        **{field: properties.get(key) for field, key in user_forms.texts(traits).items() if key and key != "phone"},
        "birthday": None,
        "image": None,
        "lastLogin": int(user.last_login.timestamp()) if user.last_login else None,
        "loginCount": user.login_count,
        **{field: properties[key] for field, (key, _) in user_forms.CHOICES.items()},
        "meta": {"id": user.id},
    }
    return http.json_answer(shown | ({"avatar": None, "timezone": "UTC"} if traits.surface == "empty" else {}))


def _get(call: Call) -> Response:
    """Nothing to be learnt here: an empty object, or a crash."""
    if call.pim.release.users.surface == "empty":
        raise CrashError("the serialiser falls over the user")
    return http.json_answer({})


def _grid(call: Call) -> Response:
    rows = []
    for user in call.pim.world.users.values():
        row: dict[str, Any] = {
            "username": user.username,
            "firstName": user.properties["first_name"],
            "lastName": user.properties["last_name"],
            "enabled": user.enabled,
            "id": str(user.id),
            **{f"{action}_link": f"/user/{action}/{user.id}" for action in ("update", "view", "delete")},
        }
        if call.pim.release.users.surface == "redirect":
            dates = {"createdAt": user.created, "updatedAt": user.updated}
            row |= {"email": user.email, **{key: f"{moment:%m/%d/%Y %I:%M %p}" for key, moment in dates.items()}}
        rows.append(row)
    return grids.page(call, _GRID, rows, "username")


def _view(call: Call) -> Response:
    return http.html(user_forms.card(call.pim, _named(call)))


def _delete(call: Call) -> Response:
    user = _named(call)
    if user is call.logged_in_user:
        return http.json_answer("", 403)
    call.pim.world.delete_user(user)
    return http.empty()


def _named(call: Call) -> User:
    user = call.pim.world.users.get(int(call.parts["id"]))
    if user is None:
        raise MissingError("there is no such user")
    return user
