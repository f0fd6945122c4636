"""All surfaces of one PIM put together."""

from vault_pim.sandbox.akeneo import (
    web_api,
    web_clients,
    web_connections,
    web_login,
    web_misc,
    web_roles,
    web_token,
    web_user_forms,
    web_users,
)
from vault_pim.sandbox.akeneo.kernel import Kernel
from vault_pim.sandbox.akeneo.pim import Pim


def application(pim: Pim) -> Kernel:
    """The ASGI application of this PIM, with the surfaces its release has."""
    traits = pim.release.connections
    by_rest = pim.release.users.surface == "rest"
    routes = [
        *web_login.routes(pim.release),
        *(web_users.routes() if by_rest else web_user_forms.routes(pim.release.users)),
        *web_roles.routes(pim.release),
        *(web_connections.routes(pim.release) if traits.surface == "connections" else ()),
        *web_clients.routes(traits),
        *web_token.routes(),
        *web_api.routes(pim.release),
        *web_misc.routes(pim.release),
    ]
    return Kernel(pim, routes)
