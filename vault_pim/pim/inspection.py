"""What the PIM shows of whole sets: their clients, users, roles and groups, and who else holds those roles.

Used by `driver` for `prove`. Reads each connection or user once, so it is for now and then. Users of connections cannot
be seen but through their connections, and other users only by an account that may list users: the one of mechanism
`user_and_client`. Writes nothing, judges nothing. Source: contracts/akeneo/observed.md §4 and §6.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from vault_pim.domain.connector import Mechanism
from vault_pim.domain.generation import Generation
from vault_pim.domain.separation import SetAtPim
from vault_pim.pim.connections import Connections
from vault_pim.pim.roles import Roles
from vault_pim.pim.shapes import GroupRow, RoleRow
from vault_pim.pim.user_and_client import UsersAndClients
from vault_pim.pim.users import EVERYBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holder:
    """A user with roles, and the set he belongs to, if he does."""

    label: str
    username: str
    client_id: str | None
    roles: frozenset[str]
    groups: frozenset[str]


def inspect(
    generations: Iterable[Generation],
    *,
    roles: Roles,
    connections: Connections | None,
    users_and_clients: UsersAndClients,
) -> dict[str, SetAtPim]:
    """These sets as the PIM has them, by label; those that it has not are left out."""
    labels = {one.label.lower(): one.label for one in generations}
    mechanisms = {one.mechanism for one in generations}
    rows, groups = roles.all(), roles.groups()
    holders: list[_Holder] = []
    if Mechanism.CONNECTIONS in mechanisms and connections is not None:
        holders += _of_connections(connections, rows, groups)
    if Mechanism.USER_AND_CLIENT in mechanisms:
        holders += _of_users(users_and_clients, rows, groups)

    @cache
    def granted(role: RoleRow) -> frozenset[str]:
        return roles.granted(role)

    return {
        labels[one.label.lower()]: SetAtPim(
            client_id=one.client_id,
            username=one.username,
            roles=one.roles,
            groups=one.groups,
            permissions=frozenset().union(*(granted(row) for row in rows if row.label in one.roles)),
            sharing=tuple(sorted(other.username for other in holders if other is not one and other.roles & one.roles)),
        )
        for one in holders
        if one.label.lower() in labels
    }


def _of_connections(connections: Connections, rows: Iterable[RoleRow], groups: Iterable[GroupRow]) -> Iterator[_Holder]:
    roles = {str(row.id): row.label for row in rows}
    names = {str(row.meta.id): row.name for row in groups}
    for listed in connections.all():
        found = None if listed.type == "app" else connections.get(listed.code)
        if found is not None:
            yield _Holder(
                label=found.code,
                username=found.username,
                client_id=found.client_id,
                roles=frozenset((roles.get(found.user_role_id, found.user_role_id),)),
                groups=frozenset(names.get(one, one) for one in (found.user_group_id,) if one is not None),
            )


def _of_users(sets: UsersAndClients, rows: tuple[RoleRow, ...], groups: tuple[GroupRow, ...]) -> Iterator[_Holder]:
    clients = sets.clients_by_label()
    for user in sets.users.all():
        held = sets.users.held(user, rows, groups)
        yield _Holder(
            label=user.username,
            username=user.username,
            client_id=clients.get((user.username.lower(), user.last_name or "")),
            roles=held.roles,
            groups=held.groups - {EVERYBODY},
        )
