"""`/api/rest/v1`: the route index, system information and the catalogue, each behind its privilege."""

import fnmatch
import re
from collections.abc import Iterable
from typing import Final

from starlette.responses import Response

from vault_pim.sandbox.akeneo import http, web_catalogue
from vault_pim.sandbox.akeneo.catalogue import RESOURCES, Resource
from vault_pim.sandbox.akeneo.http import Call
from vault_pim.sandbox.akeneo.release import Release
from vault_pim.sandbox.akeneo.routing import NO_OVERALL_ACCESS, Area, Route

ROOT: Final = "/api/rest/v1"
_METHODS: Final = {
    "list": "GET", "get": "GET", "download": "GET", "create": "POST",
    "partial_update": "PATCH", "partial_update_list": "PATCH", "delete": "DELETE",
}  # fmt: skip


def routes(release: Release) -> list[Route]:
    """The index and everything it names."""
    named = {
        name: route
        for name, route in _named_routes(release)
        if not any(fnmatch.fnmatchcase(name, f"*_{absent}") for absent in release.api.absent_routes)
    }
    index = {name: {"route": _shown_path(route.path), "methods": [route.method]} for name, route in named.items()}

    def show_index(call: Call) -> Response:
        token = {"route": "/api/oauth/v1/token", "methods": ["POST"]}
        body = {"host": call.base_url, "authentication": {"fos_oauth_server_token": token}, "routes": index}
        return http.json_answer(body)

    return [Route(method="GET", path=ROOT, handler=show_index, area=Area.PUBLIC), *named.values()]


def _named_routes(release: Release) -> Iterable[tuple[str, Route]]:
    for resource in RESOURCES:
        for operation in resource.operations:
            yield f"pim_api_{resource.name}_{operation}", _resource_route(release, resource, operation)
    if release.api.system_information:
        yield (
            "pim_analytics_external_api_system_info_get",
            Route(method="GET", path=f"{ROOT}/system-information", handler=_system_information, area=Area.WEB_API),
        )
    for name, method, path, handler in (
        ("pim_api_measurement_family_get", "GET", "measurement-families", web_catalogue.measurement_families),
        (
            "pim_api_measurement_family_create_or_update",
            "PATCH",
            "measurement-families",
            web_catalogue.save_measurement_families,
        ),
        (f"{release.api.legacy}pim_api_measure_family_list", "GET", "measure-families", web_catalogue.measure_families),
        (
            f"{release.api.legacy}pim_api_measure_family_get",
            "GET",
            "measure-families/{code}",
            web_catalogue.measure_family,
        ),
    ):
        yield name, Route(method=method, path=f"{ROOT}/{path}", handler=handler, area=Area.WEB_API)
    yield (
        "pim_api_category_media_file_download",
        Route(
            method="GET",
            path=f"{ROOT}/category-media-files/{{code}}/download",
            handler=web_catalogue.category_media_file,
            area=Area.WEB_API,
            privilege="pim_api_category_list",
        ),
    )


def _resource_route(release: Release, resource: Resource, operation: str) -> Route:
    method, path = _METHODS[operation], f"{ROOT}/{resource.path}"
    if operation in ("get", "partial_update", "delete", "download"):
        path += f"/{resource.code}"
    if operation == "download":
        path += "/download"
    right, verb = {"GET": ("list", "list"), "DELETE": ("remove", "delete")}.get(method, ("edit", "create or update"))
    protected = resource.privilege and not release.api.unprotected & {resource.name, resource.privilege}
    content_type = http.COLLECTION if operation == "partial_update_list" else http.JSON
    if resource.name == "media_file":
        content_type = http.MULTIPART
    return Route(
        method=method,
        path=path,
        handler=web_catalogue.handler_of(resource, operation),
        area=Area.WEB_API,
        privilege=f"pim_api_{resource.privilege}_{right}" if protected else "",
        refusal=NO_OVERALL_ACCESS
        if resource.name in release.api.vague_refusals
        else f"Access forbidden. You are not allowed to {verb} {resource.objects}.",
        content_types=(content_type,) if method in ("POST", "PATCH") else (),
    )


def _system_information(call: Call) -> Response:
    release = call.pim.release
    return http.json_answer({"version": release.version, "edition": release.edition})


def _shown_path(path: str) -> str:
    """A path as the index has it: without the narrowing of its parts."""
    return re.sub(r":[^{}]+", "", path)
