"""The PIM's database: users, roles, groups, clients, connections, tokens, and the rules its foreign keys keep.

Every surface reads and writes this; tests may look into it. It holds no rule that a database would not hold.
"""

import itertools
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from vault_pim.sandbox.akeneo.values import hashed

# What a user has beside the columns that rules look at, and what a new user has there.
USER_PROPERTIES: Final[Mapping[str, object]] = {
    "name_prefix": None,
    "first_name": "",
    "middle_name": None,
    "last_name": "",
    "name_suffix": None,
    "phone": None,
    "catalog_default_locale": "en_US",
    "user_default_locale": "en_US",
    "catalog_default_scope": "ecommerce",
    "default_category_tree": "master",
    "email_notifications": False,
    "timezone": "UTC",
    "product_grid_filters": [],
    "avatar": None,
}


@dataclass(slots=True, kw_only=True)
class Role:
    """A role and the privileges it grants.

    Attributes:
        cached_code: under which the cache of privileges knows it, if that may differ from its code.
    """

    id: int
    code: str
    label: str
    privileges: set[str] = field(default_factory=set)
    cached_code: str = ""

    def grants(self, privilege: str) -> bool:
        """Whether it grants this; a role that has been renamed behind the cache's back grants nothing."""
        return self.cached_code in ("", self.code) and privilege in self.privileges


@dataclass(slots=True, kw_only=True)
class Group:
    """A user group."""

    id: int
    name: str


@dataclass(slots=True, kw_only=True)
class User:
    """A user of the interface, or (`api_type`) of one connection."""

    id: int
    username: str
    email: str
    created: datetime
    updated: datetime
    roles: list[Role] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    enabled: bool = True
    api_type: bool = False
    properties: dict[str, object] = field(default_factory=dict)
    last_login: datetime | None = None
    login_count: int = 0
    failures: int = 0
    first_failure: datetime | None = None
    salt: str = field(default_factory=lambda: secrets.token_hex(8), repr=False)
    password_hash: str = field(default="", repr=False)

    def set_password(self, password: str) -> None:
        self.password_hash = hashed(password, self.salt)

    def has_password(self, password: str) -> bool:
        return secrets.compare_digest(self.password_hash, hashed(password, self.salt))

    def may(self, privilege: str) -> bool:
        return any(role.grants(privilege) for role in self.roles)


@dataclass(slots=True, kw_only=True)
class Client:
    """An OAuth client."""

    id: int
    random_id: str
    secret: str = field(repr=False)
    label: str
    grant_types: tuple[str, ...]

    @property
    def public_id(self) -> str:
        return f"{self.id}_{self.random_id}"


@dataclass(slots=True, kw_only=True)
class Connection:
    """A connection: a client and an API user under one code."""

    code: str
    label: str
    flow_type: str
    client: Client
    user: User
    auditable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access or a refresh token."""

    value: str = field(repr=False)
    client: Client
    user: User
    expires: datetime


@dataclass(slots=True)
class World:
    """All rows of one PIM."""

    users: dict[int, User] = field(default_factory=dict)
    roles: dict[int, Role] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    clients: dict[int, Client] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)
    access_tokens: dict[str, Token] = field(default_factory=dict, repr=False)
    refresh_tokens: dict[str, Token] = field(default_factory=dict, repr=False)
    wrong_credentials: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _ids: dict[str, Iterator[int]] = field(default_factory=dict, repr=False)

    def next_id(self, table: str) -> int:
        """The next value of a table's auto-increment column; deleted rows never give theirs back."""
        return next(self._ids.setdefault(table, itertools.count(1)))

    def connection(self, code: str) -> Connection | None:
        """By code, whatever its letter case, as the database's collation has it."""
        return self.connections.get(code.lower())

    def user_by_login(self, login: str) -> User | None:
        """By name or e-mail address, whatever its letter case."""
        wanted = login.lower()
        return next((one for one in self.users.values() if wanted in (one.username.lower(), one.email.lower())), None)

    def role_by_code(self, code: str) -> Role | None:
        return next((role for role in self.roles.values() if role.code == code), None)

    def group_by_name(self, name: str) -> Group | None:
        return next((group for group in self.groups.values() if group.name.lower() == name.lower()), None)

    def connection_of(self, client: Client) -> Connection | None:
        return next((one for one in self.connections.values() if one.client is client), None)

    def drop_tokens(self, *, client: Client | None = None, user: User | None = None) -> None:
        """Delete every token issued through this client, or for this user."""
        for table in (self.access_tokens, self.refresh_tokens):
            for value in [one.value for one in table.values() if one.client is client or one.user is user]:
                del table[value]

    def delete_user(self, user: User) -> None:
        self.drop_tokens(user=user)
        del self.users[user.id]

    def delete_client(self, client: Client, *, access_tokens: bool = True) -> None:
        """Delete a client and what refers to it; in the oldest schema access tokens do not."""
        if access_tokens:
            self.drop_tokens(client=client)
        else:
            self.refresh_tokens = {key: one for key, one in self.refresh_tokens.items() if one.client is not client}
        del self.clients[client.id]

    def delete_role(self, role: Role) -> None:
        for user in self.users.values():
            user.roles = [one for one in user.roles if one is not role]
        del self.roles[role.id]

    def delete_group(self, group: Group) -> None:
        for user in self.users.values():
            user.groups = [one for one in user.groups if one is not group]
        del self.groups[group.id]
