"""The parts of this package put together for one release. Used by `driver`, when it has found out which one it is."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from vault_pim.domain.connector import Mechanism
from vault_pim.domain.generation import Generation
from vault_pim.domain.secret import SecretStr
from vault_pim.domain.separation import SetAtPim
from vault_pim.pim.clients import way_to_clients
from vault_pim.pim.connections import Connections
from vault_pim.pim.console import Console
from vault_pim.pim.inspection import inspect
from vault_pim.pim.releases import Release
from vault_pim.pim.roles import Roles
from vault_pim.pim.sets import Sets
from vault_pim.pim.user_and_client import UsersAndClients
from vault_pim.pim.users import FormUsers, RestUsers
from vault_pim.pim.web_session import WebSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What fits to the release that was found."""

    release: Release
    roles: Roles
    mechanisms: Mapping[Mechanism, Sets]
    inspect: Callable[[Iterable[Generation]], dict[str, SetAtPim]]


def parts_for(
    release: Release, web: WebSession, console: Console | None, *, own_password: Callable[[], SecretStr]
) -> Parts:
    """The parts for a release.

    Args:
        own_password: makes the password of each API user of our own.
    """
    connections = Connections(web, release) if release.connection_limit is not None else None
    users_and_clients = UsersAndClients(
        RestUsers(web) if release.users_by_rest else FormUsers(web),
        way_to_clients(web, release, console),
        connections,
        new_password=own_password,
    )
    mechanisms: dict[Mechanism, Sets] = {Mechanism.USER_AND_CLIENT: users_and_clients}
    if connections is not None:
        mechanisms[Mechanism.CONNECTIONS] = connections
    roles = Roles(web, release)
    look = partial(inspect, roles=roles, connections=connections, users_and_clients=users_and_clients)
    return Parts(release=release, roles=roles, mechanisms=mechanisms, inspect=look)
