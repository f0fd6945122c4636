"""Credential sets of an API user and an OAuth client of our own: looked for, made, deleted.

The mechanism `user_and_client` of `driver`, which serialises every write. The user's name is the generation's label,
its last name the marker; the client's label is both, joined by a dash, since labels of clients need not differ. The
user comes first and goes first: it never stands without its role, and once it is deleted none of its tokens works, at
PIM 1.7 too, where those of a deleted client live on (contracts/akeneo/by-release.md §4.5).

Refuses to change or delete what was not made for the generation: a client whose id is not the recorded one or, before
that is known, whose label lacks the marker; a user without it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import filterfalse
from typing import Final, Generic, TypeVar

from vault_pim.domain.connector import Connector
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import ConfigurationError, NotOurs, PimRefusal
from vault_pim.domain.facts import Sighting
from vault_pim.domain.generation import Generation
from vault_pim.domain.identity import LABEL_PREFIX
from vault_pim.domain.secret import SecretStr
from vault_pim.pim.clients import Client, Clients
from vault_pim.pim.connections import Connections
from vault_pim.pim.sets import Seen
from vault_pim.pim.shapes import Connection, GroupRow, RoleRow, UserRow
from vault_pim.pim.users import NewUser, Users

DOMAIN: Final = "vault-pim.invalid"
"""Of the e-mail addresses of our API users: the PIM wants one each, and nothing can be delivered there (RFC 2606)."""

_JOIN: Final = "-"  # a label has none (domain/connector.py), a shell leaves it alone


T = TypeVar("T", UserRow, Client)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found(Generic[T]):
    """What stands under a label: made for the generation, or not."""

    ours: tuple[T, ...]
    others: tuple[T, ...]


class UsersAndClients:
    """The users and clients of one PIM; `users` is the way to the users.

    Args:
        clients: None where there is neither a console nor a client screen.
        connections: where the PIM has them: after an upgrade from 3.x each client is a connection's.
        new_password: makes the password of a user.
    """

    def __init__(
        self,
        users: Users,
        clients: Clients | None,
        connections: Connections | None,
        *,
        new_password: Callable[[], SecretStr],
    ) -> None:
        self.users = users
        self._clients = clients
        self._connections = connections
        self._new_password = new_password

    def look(self) -> Seen:
        """Look at what has a label of our form: every client, and every user without its client; `Sets.look`."""
        users = {user.username.lower(): user for user in self.users.all() if _is_label(user.username)}
        seen: list[Sighting] = []
        for client in self._known_clients().all():
            label, marker = _parts(client)
            if not _is_label(label):
                continue
            user = users.get(label)
            whole = user is not None and user.last_name == marker
            if whole:
                del users[label]
            seen.append(Sighting(label=label, description=client.label, whole=whole))
        return Seen(sightings=(*seen, *map(_half, users.values())), free_slots=None)

    def clients_by_label(self) -> dict[tuple[str, str], str]:
        """The id of each client, by label and marker."""
        return {_parts(client): client.id for client in self._known_clients().all()}

    def traces(self) -> tuple[Sighting, ...]:
        """What is left, as far as the web interface shows it: the users; `Sets.traces`."""
        return tuple(_half(user) for user in self.users.all() if _is_label(user.username))

    def issue(
        self, connector: Connector, generation: Generation, *, role: RoleRow, group: GroupRow | None, base_url: str
    ) -> CredentialSet:
        """Make the user in its role, then the client.

        What stands under the label with our marker is of an earlier try whose secrets are lost: it is deleted first.

        Raises:
            ConfigurationError: there is no way to make a client.
            NotOurs: as `PimDriver.issue` says.
            PimRefusal: the PIM refused; nothing is left behind.
        """
        clients = self._known_clients()
        if self._users_under(generation).others or self._clients_under(generation).others:
            raise _not_ours(generation)
        self.delete(generation)
        user = NewUser(
            username=generation.label,
            first_name=connector.label,
            last_name=generation.marker,
            email=f"{generation.marker}@{DOMAIN}",
            password=self._new_password(),
            role=role,
            group=group,
        )
        try:
            self.users.create(user)
            client = clients.create(f"{generation.label}{_JOIN}{generation.marker}")
        except PimRefusal:
            self.delete(generation)
            raise
        return CredentialSet(
            base_url=base_url,
            client_id=client.id,
            client_secret=client.secret,
            username=user.username,
            password=user.password,
        )

    def delete(self, generation: Generation) -> None:
        """Delete user and client of the generation, with all tokens, and see that they are gone.

        The user goes before the clients are even looked at: a console that is down must not keep a set alive.

        Raises:
            NotOurs: something stands under the label, and nothing of it was made for this generation.
            PimRefusal: the PIM did not delete them, or there is no way to the client.
        """
        users = self._users_under(generation)
        for user in users.ours:
            self.users.delete(user)
        clients = self._clients_under(generation)
        for client in clients.ours:
            self._delete_client(client)
        if users.ours or clients.ours:
            if self._users_under(generation).ours or self._clients_under(generation).ours:
                raise PimRefusal(f"the PIM says that it deleted {generation.label}, and still shows it")
        elif users.others or clients.others:
            raise _not_ours(generation)
        if self._clients is None and generation.client_id is not None and not clients.ours:
            raise PimRefusal(
                f"client {generation.client_id} can be deleted by the PIM's console alone",
                why="its user is deleted, so it opens nothing by itself; whether it is still there cannot be seen",
                advice="Give pims.<name>.console until the former sets are retired.",
            )

    def _users_under(self, generation: Generation) -> _Found[UserRow]:
        recorded = generation.username is not None and generation.client_id is not None
        users = [user for user in self.users.all() if user.username.lower() == generation.label.lower()]
        return _found(users, lambda user: recorded or user.last_name == generation.marker)

    def _clients_under(self, generation: Generation) -> _Found[Client]:
        def ours(client: Client) -> bool:
            if generation.client_id is not None:
                return client.id == generation.client_id
            return _parts(client) == (generation.label.lower(), generation.marker)

        near = self._clients_near(generation)
        return _found([one for one in near if ours(one) or _parts(one)[0] == generation.label.lower()], ours)

    def _clients_near(self, generation: Generation) -> tuple[Client, ...]:
        """All clients, or those under the label that an upgrade made connections of, where no others can be seen."""
        if self._clients is not None:
            return self._clients.all()
        return tuple(Client(id=one.client_id, label=one.label) for one in self._upgraded(generation.label))

    def _upgraded(self, label: str) -> tuple[Connection, ...]:
        return () if self._connections is None else self._connections.upgraded(label)

    def _delete_client(self, client: Client) -> None:
        """Delete a client; if an upgrade made a connection of it, that connection, since the console cannot
        (contracts/akeneo/by-release.md §1.4)."""
        for one in self._upgraded(client.label):
            if self._connections is not None and one.client_id == client.id:
                self._connections.remove(one.code)
                return
        self._known_clients().delete(client.id)

    def _known_clients(self) -> Clients:
        if self._clients is None:
            raise ConfigurationError(
                "mechanism user_and_client needs the console at this PIM",
                why="from PIM 4.0 on, and at PIM 1.7, clients are made by the console alone",
                advice="Give pims.<name>.console, or set pims.<name>.mechanism to connections.",
            )
        return self._clients


def _found(under: Iterable[T], ours: Callable[[T], bool]) -> _Found[T]:
    rows = tuple(under)
    return _Found(ours=tuple(filter(ours, rows)), others=tuple(filterfalse(ours, rows)))


def _is_label(text: str) -> bool:
    return text.lower().startswith(f"{LABEL_PREFIX}_")


def _parts(client: Client) -> tuple[str, str]:
    """Label and marker of a client of ours; of another one, something else."""
    label, _, marker = client.label.partition(_JOIN)
    return label.lower(), marker


def _half(user: UserRow) -> Sighting:
    return Sighting(label=user.username, description=user.last_name or "", whole=False)


def _not_ours(generation: Generation) -> NotOurs:
    return NotOurs(
        f"a user or client {generation.label} was not made by vault-pim",
        why="its client id is another" if generation.client_id else "it lacks our marker",
        advice="Look at it at the PIM; delete or rename it there if nobody needs it.",
    )
