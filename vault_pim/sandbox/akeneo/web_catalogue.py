"""What the web API does with the catalogue: pages, single items, writes by code.

`web_api` puts these handlers behind their privileges. Items are not validated beyond their code.
"""

import json
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from vault_pim.sandbox.akeneo import http
from vault_pim.sandbox.akeneo.catalogue import MEASUREMENT_FAMILIES, Resource
from vault_pim.sandbox.akeneo.http import Call
from vault_pim.sandbox.akeneo.refusals import MissingError
from vault_pim.sandbox.akeneo.routing import Handler

_MOST_PER_PAGE: Final = 100


def handler_of(resource: Resource, operation: str) -> Handler:
    def handle(call: Call) -> Response:
        parents = {key: value for key, value in call.parts.items() if key.endswith("Code")}
        _check_parents(call, resource, parents)
        items = call.pim.catalogue.items(resource, parents)
        code = call.parts.get("code") or call.parts.get("uuid") or ""
        if operation in ("get", "delete", "download") and code not in items:
            may_be_hidden = resource.hidden and call.pim.release.api.vague_about_products
            more = " or you do not have permission to access it" if may_be_hidden else ""
            raise MissingError(f'{resource.title} "{code}" does not exist{more}.')
        match operation:
            case "list":
                return _page(call, list(items.values()), by_search=resource.privilege == "product")
            case "delete":
                del items[code]
                return http.empty()
            case "create":
                return _create(call, resource, items)
            case "partial_update":
                return _patch(call, resource, items, code)
            case "partial_update_list":
                return _patch_many(call, resource, items)
            case _:
                return http.json_answer(items[code])

    return handle


def _check_parents(call: Call, resource: Resource, parents: dict[str, str]) -> None:
    for code in parents.values():
        if not call.pim.catalogue.has(resource.belongs_to, code):
            raise MissingError(f'{resource.belongs_to.capitalize()} "{code}" does not exist.')
    if resource.belongs_to == "attribute":
        _refuse_options(call, parents["attributeCode"])


def _refuse_options(call: Call, attribute: str) -> None:
    kinds = ("pim_catalog_simpleselect", "pim_catalog_multiselect")
    if call.pim.catalogue.item("attribute", attribute).get("type") not in kinds:
        named = ", ".join(f'"{kind}"' for kind in kinds)
        raise MissingError(
            f'Attribute "{attribute}" does not support options. Only attributes of type {named} support options.'
        )


def _create(call: Call, resource: Resource, items: dict[str, dict[str, Any]]) -> Response:
    data = call.parameters()
    code = str(data.get(resource.key) or "")
    message = "This value should not be blank." if not code else "This value is already used." if code in items else ""
    if message:
        errors = [{"property": resource.key, "message": message}]
        return http.json_answer({"code": 422, "message": "Validation failed.", "errors": errors}, 422)
    items[code] = data
    return _written(call, 201, code)


def _patch(call: Call, resource: Resource, items: dict[str, dict[str, Any]], code: str) -> Response:
    saved = _saved(resource.key, items, call.parameters() | {resource.key: code})
    return _written(call, saved["status_code"], "")


def _patch_many(call: Call, resource: Resource, items: dict[str, dict[str, Any]]) -> Response:
    """One JSON object a line; the answer has one a line as well, with a status each."""
    lines = []
    for number, line in enumerate(call.body.decode("utf-8", "replace").splitlines(), 1):
        lines.append(json.dumps({"line": number} | _patch_line(resource, items, line)))
    return Response("\n".join(lines), media_type=http.COLLECTION)


def _patch_line(resource: Resource, items: dict[str, dict[str, Any]], line: str) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        return {"status_code": 400, "message": "Invalid json message received"}
    if not data.get(resource.key):
        return {"status_code": 422, "message": f"{resource.key.capitalize()} is missing."}
    return _saved(resource.key, items, data)


def _saved(key: str, items: dict[str, dict[str, Any]], data: dict[str, Any]) -> dict[str, Any]:
    """Create or update one item; the answer is its line in the report."""
    code = str(data[key])
    status = 204 if code in items else 201
    items[code] = items.get(code, {}) | data
    return {key: code, "status_code": status}


def _written(call: Call, status: int, code: str) -> Response:
    location = f"{call.url}/{code}" if code else call.url
    headers = {"location": location} | ({"content-type": http.JSON} if status == 201 else {})
    return Response(status_code=status, headers=headers)


def _page(call: Call, items: list[dict[str, Any]], *, by_search: bool = False) -> Response:
    numbers = {name: call.query.get(name, str(default)) for name, default in (("page", 1), ("limit", 10))}
    for name, text in numbers.items():
        if not text.isdigit() or int(text) < 1:
            return http.api_error(422, f'"{text}" is not a valid {name} number.')
    page, limit = int(numbers["page"]), int(numbers["limit"])
    if limit > _MOST_PER_PAGE:
        return http.api_error(422, f"You cannot request more than {_MOST_PER_PAGE} items.")

    def link(number: int) -> dict[str, str]:
        with_count = call.query.get("with_count", "false")
        shown = {"page": number, "with_count": with_count, "pagination_type": "page", "limit": limit}
        if not by_search:
            shown = {"page": number, "limit": limit, "with_count": with_count}
        return {"href": f"{call.url}?{urlencode(shown)}"}

    links = {"self": link(page), "first": link(1)}
    if page > 1:
        links["previous"] = link(page - 1)
    if page * limit < len(items):
        links["next"] = link(page + 1)
    counted = {"items_count": len(items)} if call.query.get("with_count") == "true" else {}
    shown = [
        {"_links": {"self": {"href": f"{call.url}/{next(iter(item.values()))}"}}} | item
        for item in items[(page - 1) * limit : page * limit]
    ]
    return http.json_answer({"_links": links, "current_page": page, **counted, "_embedded": {"items": shown}})


def measurement_families(call: Call) -> Response:
    return http.json_answer(list(call.pim.catalogue.items(MEASUREMENT_FAMILIES, {}).values()))


def save_measurement_families(call: Call) -> Response:
    """A list of families is created or updated, one status each; anything else holds none."""
    items, data = call.pim.catalogue.items(MEASUREMENT_FAMILIES, {}), call.json()
    families = [one for one in data if isinstance(one, dict) and "code" in one] if isinstance(data, list) else []
    return http.json_answer([_saved("code", items, family) for family in families])


def measure_families(call: Call) -> Response:
    """The same families in the shape of before 5.0."""
    items = call.pim.catalogue.items(MEASUREMENT_FAMILIES, {})
    return _page(call, [{"code": code, "standard": item.get("standard_unit_code")} for code, item in items.items()])


def measure_family(call: Call) -> Response:
    item = call.pim.catalogue.items(MEASUREMENT_FAMILIES, {}).get(call.parts["code"])
    if item is None:
        raise MissingError(f'Measure family with code "{call.parts["code"]}" does not exist.')
    return http.json_answer({"code": item["code"], "standard": item.get("standard_unit_code")})


def category_media_file(call: Call) -> Response:
    """The sandbox keeps no files."""
    raise MissingError(f'Category media file "{call.parts["code"]}" does not exist.')
