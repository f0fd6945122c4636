"""`/client/rest` and its grid: the screen of API clients, which connections replaced.

Mounted where the release has the screen. A created client is not shown to its maker, who finds it in the grid by its
label (observed-older.md §6).
"""

from typing import Final

from starlette.responses import Response

from vault_pim.sandbox.akeneo import clients, grids, http
from vault_pim.sandbox.akeneo.http import Call
from vault_pim.sandbox.akeneo.refusals import CrashError, MissingError
from vault_pim.sandbox.akeneo.routing import Handler, Route
from vault_pim.sandbox.akeneo.traits import ConnectionTraits
from vault_pim.sandbox.akeneo.users import BLANK

_MANAGE: Final = "pim_enrich_api_connection_manage"
_GRID: Final = "api-connection-grid"


def routes(traits: ConnectionTraits) -> list[Route]:
    """The screen, or what is left of it: newer releases keep its routes with nothing behind them."""
    if traits.surface == "clients":
        return _routes(_create, _delete, _list, privilege=_MANAGE)
    return _routes(_nothing, _nothing, _nothing, privilege="") if traits.has_client_relics else []


def _routes(create: Handler, delete: Handler, listing: Handler, *, privilege: str) -> list[Route]:
    return [
        Route(method="POST", path="/client/rest", handler=create, privilege=privilege, needs_xhr=True),
        Route(method="DELETE", path="/client/rest/{public_id}", handler=delete, privilege=privilege),
        Route(method="GET", path=f"/datagrid/{_GRID}", handler=listing, privilege=privilege),
    ]


def _create(call: Call) -> Response:
    data = call.json()
    given = data.get("label") if isinstance(data, dict) else None
    label = "" if given is None else str(given)
    message = BLANK if not label else ""
    if len(label) > clients.LABEL_LIMIT:
        message = f"This value is too long. It should have {clients.LABEL_LIMIT} characters or less."
    if message:
        return http.json_answer({"values": [{"path": "label", "message": message, "global": False}]}, 400)
    clients.new_client(call.pim, label)
    return http.json_answer({})


def _delete(call: Call) -> Response:
    if not call.is_xhr:
        raise CrashError("the controller returns a redirect where it promises JSON")
    client = clients.named(call.pim, call.parts["public_id"])
    if client is None:
        raise MissingError("there is no such client")
    call.pim.world.delete_client(client)
    return http.empty()


def _list(call: Call) -> Response:
    rows = [
        {
            "label": client.label,
            "credentials": f"{client.public_id}|{client.secret}",
            "delete_link": f"/client/rest/{client.public_id}",
        }
        for client in call.pim.world.clients.values()
    ]
    return grids.page(call, _GRID, rows, "label")


def _nothing(_: Call) -> Response:
    raise CrashError("there is no controller any more")
