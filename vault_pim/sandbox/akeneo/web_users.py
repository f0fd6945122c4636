"""`/rest/user`, the user grid, `/rest/security/`: users of the interface. API users do not exist here."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from vault_pim.sandbox.akeneo import grids, http, users
from vault_pim.sandbox.akeneo.http import Call
from vault_pim.sandbox.akeneo.pim import DEFAULT_GROUP
from vault_pim.sandbox.akeneo.refusals import CrashError, ImpossibleError, MissingError, Violation
from vault_pim.sandbox.akeneo.routing import Handler, Route
from vault_pim.sandbox.akeneo.traits import UserTraits
from vault_pim.sandbox.akeneo.world import User

_ONE = r"/rest/user/{id:\d+}"
_GRID = "pim-user-grid"
_WRONG_PASSWORD = [Violation("current_password", "Wrong password")]


def routes() -> list[Route]:
    return [
        Route(method="GET", path="/rest/user/", handler=_current),
        _writing("POST", "/rest/user/", _create, "pim_user_user_create"),
        Route(method="GET", path=_ONE, handler=_get, privilege="pim_user_user_index"),
        _writing("POST", _ONE, _update, "pim_user_user_edit"),
        _writing("DELETE", _ONE, _delete, "pim_user_user_remove"),
        _writing("POST", f"{_ONE}/profile", _profile, ""),
        _writing("POST", f"{_ONE}/duplicate", _duplicate, "pim_user_user_create"),
        Route(method="GET", path=f"/datagrid/{_GRID}", handler=_grid, privilege="pim_user_user_index"),
    ]


def _writing(method: str, path: str, handler: Handler, privilege: str) -> Route:
    return Route(method=method, path=path, handler=_falling_over(handler), privilege=privilege, needs_xhr=True)


def _falling_over(handler: Handler) -> Handler:
    """Here the PIM does not catch what its connections catch: an unknown group is a 500."""

    def answer(call: Call) -> Response:
        try:
            return handler(call)
        except ImpossibleError as no:
            raise CrashError(str(no)) from no

    return answer


def _current(call: Call) -> Response:
    return http.json_answer({"ui_locale_decimal_separator": "."} | _shown(call, call.logged_in_user))


def _get(call: Call) -> Response:
    return http.json_answer(_shown(call, _named(call)))


def _create(call: Call) -> Response:
    return _created(call, _values(call))


def _duplicate(call: Call) -> Response:
    source = _named(call)
    inherited = {
        "roles": [role.code for role in source.roles],
        "groups": [group.name for group in source.groups],
        "user_default_locale": source.properties["user_default_locale"],
        "catalog_default_locale": source.properties["catalog_default_locale"],
    }
    return _created(call, inherited | _values(call))


def _created(call: Call, values: dict[str, Any]) -> Response:
    password, repeated = values.get("password") or "", values.pop("password_repeat", None)
    traits = call.pim.release.users
    if not password and traits.crashes_without_password:
        raise CrashError("the controller compares what is not there")
    user = users.new_user(call.pim, values)
    broken = users.violations_of(call.pim, user)
    broken += users.password_violations(traits, traits.password, "password", str(password), repeated)
    if broken:
        return http.json_answer({"values": _listed(broken)}, 400)
    return http.json_answer(_shown(call, users.store(call.pim, user)))


def _update(call: Call) -> Response:
    return _updated(call, _named(call))


def _profile(call: Call) -> Response:
    if int(call.parts["id"]) != call.logged_in_user.id:
        return http.error_page(403)
    return _updated(call, call.logged_in_user)


def _updated(call: Call, user: User) -> Response:
    values = _values(call)
    asked = {key: values.pop(key, None) for key in ("current_password", "new_password", "new_password_repeat")}
    if not call.pim.release.users.bare_password_changes:
        values.pop("password", None)
    if any(asked.values()):
        if broken := _password_change_violations(call.pim.release.users, user, asked):
            return http.json_answer(_listed(broken), 400)
        values["password"] = asked["new_password"]
    draft = users.changed(call.pim, user, values)
    if broken := users.violations_of(call.pim, draft):
        return http.json_answer(_listed(broken), 400)
    users.adopt(user, draft)
    return http.json_answer(_shown(call, user))


def _password_change_violations(traits: UserTraits, user: User, asked: Mapping[str, Any]) -> list[Violation]:
    """The current password is the one of the user to be changed, whoever asks."""
    if not user.has_password(str(asked["current_password"] or "")):
        return _WRONG_PASSWORD
    password, repeated = str(asked["new_password"] or ""), asked["new_password_repeat"]
    return users.password_violations(traits, traits.new_password, "new_password", password, repeated)


def _delete(call: Call) -> Response:
    user = _named(call)
    if user is call.logged_in_user:
        return http.html("", 403)
    call.pim.world.delete_user(user)
    return http.empty()


def _grid(call: Call) -> Response:
    rows = [
        {
            "username": user.username,
            "firstName": user.properties["first_name"],
            "lastName": user.properties["last_name"],
            "enabled": user.enabled,
            "id": str(user.id),
            "update_link": f"/user/{user.id}/edit",
            "delete_link": f"/rest/user/{user.id}",
        }
        for user in call.pim.world.users.values()
        if not user.api_type
    ]
    return grids.page(call, _GRID, rows, "username")


def _named(call: Call) -> User:
    user = call.pim.world.users.get(int(call.parts["id"]))
    if user is None or user.api_type:
        raise MissingError("there is no such user")
    return user


def _values(call: Call) -> dict[str, Any]:
    """The body's members; roles and groups are dropped in silence where the caller may not give them."""
    data = call.json()
    if not isinstance(data, dict):
        raise CrashError("the controller reads keys of what is no object")
    withheld = {key for key in ("role", "group") if not call.logged_in_user.may(f"pim_user_{key}_edit")}
    return {key: value for key, value in data.items() if key.removesuffix("s") not in withheld}


def _listed(violations: list[Violation]) -> list[dict[str, Any]]:
    return [{"path": one.path, "message": one.message, "global": False} for one in violations]


def _shown(call: Call, user: User) -> dict[str, Any]:
    properties, profile = user.properties, call.pim.release.users.shows_profile
    shown = {
        "code": user.username,
        "enabled": user.enabled,
        "username": user.username,
        "email": user.email,
        **{key: properties[key] for key in ("name_prefix", "first_name", "middle_name", "last_name", "name_suffix")},
        "phone": properties["phone"],
        "image": None,
        "last_login": int(user.last_login.timestamp()) if user.last_login else None,
        "login_count": user.login_count,
        **{key: properties[key] for key in ("catalog_default_locale", "user_default_locale")},
        **{key: properties[key] for key in ("catalog_default_scope", "default_category_tree")},
        **{key: properties[key] for key in ("email_notifications", "timezone")},
        "groups": [group.name for group in user.groups],
        "roles": [role.code for role in user.roles],
        "product_grid_filters": properties["product_grid_filters"],
        "avatar": {"filePath": None, "originalFilename": None},
        "meta": {
            "id": user.id,
            "created": int(user.created.timestamp()),
            "updated": int(user.updated.timestamp()),
            "form": "pim-user-edit-form",
            "image": {"filePath": None},
        },
        "properties": [],
    }
    if profile:
        shown["profile"] = None
        shown["visible_group_ids"] = [group.id for group in user.groups if group.name != DEFAULT_GROUP]
    return shown
