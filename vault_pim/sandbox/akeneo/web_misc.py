"""Small things a tool looks at: its own rights, apps, system information of the interface."""

from starlette.responses import PlainTextResponse, Response

from vault_pim.sandbox.akeneo import http
from vault_pim.sandbox.akeneo.http import Call
from vault_pim.sandbox.akeneo.refusals import CrashError, MissingError
from vault_pim.sandbox.akeneo.release import Release
from vault_pim.sandbox.akeneo.routing import Area, Route
from vault_pim.sandbox.akeneo.traits import ConnectionTraits

_MANAGE_APPS = "akeneo_connectivity_connection_manage_test_apps"


def routes(release: Release) -> list[Route]:
    system_information = Route(
        method="GET",
        path="/system_info/rest",
        handler=_system_information,
        privilege="pim_analytics_system_info_index",
    )
    apps = _app_routes(release.connections) if release.connections.apps_path else []
    security = Route(method="GET", path=f"/rest/security{release.users.slash}", handler=_security)
    report = Route(
        method="GET", path="/system_info/download", handler=_report, privilege="pim_analytics_system_info_index"
    )
    other_grids = Route(method="GET", path="/datagrid/{name}", handler=_no_such_grid)
    return [security, report, other_grids, *apps, *([system_information] if release.api.system_information else [])]


def _app_routes(traits: ConnectionTraits) -> list[Route]:
    return [
        Route(method="GET", path=traits.apps_path, handler=_apps, needs_xhr=True),
        Route(method="GET", path="/rest/apps/connected-apps", handler=_connected_apps, needs_xhr=True),
        Route(
            method="GET",
            path="/api/rest/v1/test-apps",
            handler=_test_apps,
            area=Area.WEB_API,
            privilege=_MANAGE_APPS if traits.developer_mode else "",
            refusal="Access forbidden. You are not allowed to manage custom apps.",
        ),
    ]


def _no_such_grid(_: Call) -> Response:
    raise CrashError("there is no such grid")


def _apps(_: Call) -> Response:
    """No app can be made here: apps need a person at the screen (by-release.md §3.8)."""
    return http.json_answer({"total": 0, "apps": []})


def _connected_apps(_: Call) -> Response:
    return http.json_answer([])


def _test_apps(call: Call) -> Response:
    if not call.pim.release.connections.developer_mode:
        raise MissingError("Developer mode disabled")
    return http.json_answer([])


def _system_information(call: Call) -> Response:
    pim = call.pim
    users = [user for user in pim.world.users.values() if not user.api_type]
    information = {"pim_edition": pim.release.edition, "pim_version": pim.release.version, "pim_environment": "prod"}
    return http.json_answer(information | {"nb_users": len(users)})


def _security(call: Call) -> Response:
    return http.json_answer({name: call.logged_in_user.may(name) for name in sorted(call.pim.release.privileges)})


def _report(call: Call) -> Response:
    """The report about the installation; here it ends after what tells one PIM from another."""
    release = call.pim.release
    sections = {"Edition": release.edition, "Version": release.version, "Environment": "prod"}
    return PlainTextResponse("\n".join(f"[{name}]\n{value}\n" for name, value in sections.items()))
