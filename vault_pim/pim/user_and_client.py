"""Credential sets of an API user and an OAuth client of our own: looked for, made, deleted.

The mechanism `user_and_client` of `driver`, which serialises every write. The user's name is the generation's label,
its last name the marker; the client's label is both, joined by a dash, since labels of clients need not differ. The
user comes first and goes first: it never stands without its role, and once it is deleted none of its tokens works, at
PIM 1.7 too, where those of a deleted client live on (contracts/akeneo/by-release.md §4.5).

Refuses to change or delete what was not made for the generation: a client whose id is not the recorded one or, before
that is known, whose label lacks the marker; a user without it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pydantic import SecretStr

from vault_pim.domain.connector import LABEL_PREFIX, Connector
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import ConfigurationError, NotOurs, PimRefusal
from vault_pim.domain.facts import Sighting
from vault_pim.domain.generation import Generation
from vault_pim.pim.clients import CLIENT_SCREEN, Client, Clients, ScreenClients
from vault_pim.pim.connections import Connections
from vault_pim.pim.sets import Seen
from vault_pim.pim.shapes import Connection, GroupRow, RoleRow, UserRow
from vault_pim.pim.users import USER_PRIVILEGES, NewUser, Users

DOMAIN: Final = "vault-pim.invalid"
"""Of the e-mail addresses of our API users: the PIM wants one each, and nothing can be delivered there (RFC 2606)."""

_JOIN: Final = "-"  # a label has none (domain/connector.py), a shell leaves it alone


@dataclass(slots=True, kw_only=True)
class _Found:
    """What stands under a label: ours, by kind, and what is not."""

    users: list[UserRow] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    strangers: list[UserRow | Client] = field(default_factory=list)

    @property
    def ours(self) -> bool:
        """Whether any of it was made for the generation."""
        return bool(self.users or self.clients)


class UsersAndClients:
    """The users and clients of one PIM.

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
        self._users = users
        self._clients = clients
        self._connections = connections
        self._new_password = new_password

    @property
    def needed(self) -> frozenset[str]:
        """`Sets.needed`."""
        return USER_PRIVILEGES | ({CLIENT_SCREEN} if isinstance(self._clients, ScreenClients) else frozenset())

    def look(self) -> Seen:
        """Look at what has a label of our form: every client, and every user without its client; `Sets.look`."""
        users = {user.username.lower(): user for user in self._users.all() if _is_label(user.username)}
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

    def traces(self) -> tuple[Sighting, ...]:
        """What is left, as far as the web interface shows it: the users; `Sets.traces`."""
        return tuple(_half(user) for user in self._users.all() if _is_label(user.username))

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
        clients, found = self._known_clients(), self._find(generation)
        if found.strangers:
            raise _not_ours(generation)
        self._end(generation, found)
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
            self._users.create(user)
            client = clients.create(f"{generation.label}{_JOIN}{generation.marker}")
        except PimRefusal:
            self._end(generation, self._find(generation))
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

        Raises:
            NotOurs: something stands under the label, and nothing of it was made for this generation.
            PimRefusal: the PIM did not delete them, or there is no way to the client.
        """
        found = self._find(generation)
        if found.strangers and not found.ours:
            raise _not_ours(generation)
        self._end(generation, found)
        if self._clients is None and generation.client_id is not None and not found.clients:
            raise PimRefusal(
                f"client {generation.client_id} can be deleted by the PIM's console alone",
                why="its user is deleted, so it opens nothing by itself; whether it is still there cannot be seen",
                advice="Give pims.<name>.console until the former sets are retired.",
            )

    def _find(self, generation: Generation) -> _Found:
        """What stands under the generation's label."""
        found = _Found()
        for user in self._users.all():
            if user.username.lower() == generation.label.lower():
                known = generation.username is not None and generation.client_id is not None
                ours = known or user.last_name == generation.marker
                (found.users if ours else found.strangers).append(user)
        for client in self._clients_near(generation):
            label, marker = _parts(client)
            if generation.client_id is not None and client.id == generation.client_id:
                found.clients.append(client)
            elif label == generation.label.lower():
                ours = generation.client_id is None and marker == generation.marker
                (found.clients if ours else found.strangers).append(client)
        return found

    def _end(self, generation: Generation, found: _Found) -> None:
        if not found.ours:
            return
        for user in found.users:
            self._users.delete(user)
        for client in found.clients:
            self._delete_client(client)
        if self._find(generation).ours:
            raise PimRefusal(f"the PIM says that it deleted {generation.label}, and still shows it")

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
