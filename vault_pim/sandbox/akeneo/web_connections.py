"""`/rest/connections`: the HTTP side of connections, as particular about types as the PIM's controllers are."""

from datetime import timedelta
from typing import Any, Final, TypeVar

from starlette.responses import Response

from vault_pim.sandbox.akeneo import connections, http, oauth
from vault_pim.sandbox.akeneo.connections import Update
from vault_pim.sandbox.akeneo.http import Call
from vault_pim.sandbox.akeneo.pim import DEFAULT_GROUP
from vault_pim.sandbox.akeneo.refusals import CrashError, ImpossibleError, ViolationError
from vault_pim.sandbox.akeneo.release import Release
from vault_pim.sandbox.akeneo.routing import Handler, Route
from vault_pim.sandbox.akeneo.world import Connection

MANAGE: Final = "akeneo_connectivity_connection_manage_settings"
_COLLECTION: Final = "/rest/connections"
_ONE: Final = r"/rest/connections/{code:\w+}"
_Kind = TypeVar("_Kind")


def routes(release: Release) -> list[Route]:
    """The special paths come first, since each would also do as a code."""
    traits = release.connections
    optional = [
        *(_EVENTS if traits.events else ()),
        *(_LIMIT if traits.has_limit_page else ()),
        Route(method="GET", path=f"{_COLLECTION}/audit/{traits.audit_path}", handler=_audit),
    ]
    return [
        Route(method="GET", path=_COLLECTION, handler=_list),
        Route(method="POST", path=_COLLECTION, handler=_saying_why(_create), privilege=MANAGE),
        *optional,
        Route(method="GET", path=_ONE, handler=_get, privilege=MANAGE),
        Route(method="POST", path=_ONE, handler=_saying_why(_update), privilege=MANAGE),
        Route(method="DELETE", path=_ONE, handler=_saying_why(_delete), privilege=MANAGE),
        Route(method="POST", path=f"{_ONE}/regenerate-secret", handler=_saying_why(_new_secret), privilege=MANAGE),
        Route(method="POST", path=f"{_ONE}/regenerate-password", handler=_saying_why(_new_password), privilege=MANAGE),
    ]


def _saying_why(handler: Handler) -> Handler:
    def answer(call: Call) -> Response:
        try:
            return handler(call)
        except ViolationError as no:
            errors = [{"name": one.path, "reason": one.message} for one in no.violations]
            message = "akeneo_connectivity.connection.constraint_violation_list_exception"
            return http.json_answer({"errors": errors, "message": message}, 422)
        except ImpossibleError as no:
            return http.json_answer({"message": str(no)}, 400)

    return answer


def _list(call: Call) -> Response:
    rows = [
        {"code": one.code, "label": one.label, "flowType": one.flow_type, "image": None} | _newer(call, one)
        for one in call.pim.world.connections.values()
    ]
    return http.json_answer(rows)


def _create(call: Call) -> Response:
    data = _object(call)
    code, label, flow_type = (_required(data, key, str) for key in ("code", "label", "flow_type"))
    connection, password = connections.create(call.pim, code, label, flow_type)
    return http.json_answer(_shown(call, connection, password), 201)


def _get(call: Call) -> Response:
    connection = call.pim.world.connection(call.parts["code"])
    # Without a group All the PIM's query finds no connection at all (observed.md §12, further observations 3).
    if connection is None or call.pim.world.group_by_name(DEFAULT_GROUP) is None:
        return http.json_answer({}, 404)
    return http.json_answer(_shown(call, connection, None))


def _update(call: Call) -> Response:
    data = _object(call)
    change = Update(
        label=_required(data, "label", str),
        flow_type=_required(data, "flow_type", str),
        image=_optional(data, "image", str),
        role_id=_required(data, "user_role_id", str),
        group_id=_optional(data, "user_group_id", str),
        auditable=bool(_optional(data, "auditable", bool)),
    )
    connections.update(call.pim, call.parts["code"], change)
    return http.empty()


def _delete(call: Call) -> Response:
    connections.delete(call.pim, call.parts["code"])
    return http.empty()


def _new_secret(call: Call) -> Response:
    connections.regenerate_secret(call.pim, call.parts["code"])
    return http.empty()


def _new_password(call: Call) -> Response:
    return http.json_answer({"password": connections.regenerate_password(call.pim, call.parts["code"])})


def _limit(call: Call) -> Response:
    return http.json_answer({"limitReached": connections.limit_reached(call.pim)})


def _wrong_credentials(call: Call) -> Response:
    listed = {
        code: {"code": code, "users": [{"username": name, "date": date} for name, date in users]}
        for code, users in oauth.wrong_credentials(call.pim).items()
    }
    return http.json_answer(listed or [])


def _audit(call: Call) -> Response:
    """The traffic of the last eight days, which nobody counts here."""
    today, traits = call.pim.clock.now().date(), call.pim.release.connections
    days = {(today - timedelta(days=ago)).isoformat(): 0 for ago in range(7, -1, -1)}
    told: Any = {"daily": days, "weekly_total": 0} if traits.auditable else days
    flow_type = "data_destination" if call.query.get("event_type") == "product_read" else "data_source"
    audited = (one for one in call.pim.world.connections.values() if one.auditable and one.flow_type == flow_type)
    codes = sorted(one.code for one in (audited if traits.auditable else call.pim.world.connections.values()))
    return http.json_answer(dict.fromkeys((*codes, "<all>"), told))


def _webhook(call: Call) -> Response:
    connection = call.pim.world.connection(call.parts["code"])
    if connection is None:
        return http.json_answer({}, 404)
    subscription: dict[str, Any] = {
        "connectionCode": connection.code, "enabled": False, "secret": None, "url": None,
    }  # fmt: skip
    if call.pim.release.connections.uuid_events:
        subscription["isUsingUuid"] = False
    limit = {"limit": 3, "current": 0}
    return http.json_answer({"event_subscription": subscription, "active_event_subscriptions_limit": limit})


def _shown(call: Call, connection: Connection, password: str | None) -> dict[str, Any]:
    group = connections.group_of(connection)
    return {
        "code": connection.code,
        "label": connection.label,
        "flow_type": connection.flow_type,
        "image": None,
        "client_id": connection.client.public_id,
        "secret": connection.client.secret,
        "username": connection.user.username,
        "password": password,
        "user_role_id": str(connection.user.roles[0].id),
        "user_group_id": str(group.id) if group else None,
    } | _newer(call, connection)


def _newer(call: Call, connection: Connection) -> dict[str, Any]:
    """What not every release shows."""
    traits = call.pim.release.connections
    auditable = {"auditable": connection.auditable} if traits.auditable else {}
    return auditable | ({"type": "default"} if traits.shows_type else {})


def _object(call: Call) -> dict[str, Any]:
    data = call.json()
    if not isinstance(data, dict):
        raise CrashError("the controller reads keys of what is no object")
    return data


def _required(data: dict[str, Any], key: str, kind: type[_Kind]) -> _Kind:
    value = data.get(key)
    if not isinstance(value, kind):
        raise CrashError(f"{key} is missing or of the wrong type")
    return value


def _optional(data: dict[str, Any], key: str, kind: type[_Kind]) -> _Kind | None:
    return None if data.get(key) is None else _required(data, key, kind)


_LIMIT: Final = (Route(method="GET", path=f"{_COLLECTION}/max-limit-reached", handler=_limit, needs_xhr=True),)
_EVENTS: Final = (
    Route(method="GET", path=f"{_COLLECTION}/wrong-credentials-combination", handler=_wrong_credentials),
    Route(method="GET", path=f"{_ONE}/webhook", handler=_webhook, privilege=MANAGE),
)
