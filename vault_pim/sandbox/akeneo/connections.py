"""The rules of connections: validation, creation, update, regeneration, deletion.

Asked by `/rest/connections` and by the console. Regenerating or deleting kills tokens in the same breath, with no
overlap (observed.md §13).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from vault_pim.sandbox.akeneo import clients, users
from vault_pim.sandbox.akeneo.pim import DEFAULT_GROUP, Pim
from vault_pim.sandbox.akeneo.refusals import ImpossibleError, Violation, ViolationError
from vault_pim.sandbox.akeneo.world import Connection, Group, Role

FLOW_TYPES: Final = ("data_source", "data_destination", "other")
REASON_PREFIX: Final = "akeneo_connectivity.connection.connection.constraint."
_Row = TypeVar("_Row", Role, Group)


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What an update of a connection carries, already of the right types."""

    label: str
    flow_type: str
    image: str | None
    role_id: str
    group_id: str | None
    auditable: bool


def create(pim: Pim, code: str, label: str, flow_type: str) -> tuple[Connection, str]:
    """Create a connection with its client and its API user.

    Returns:
        The connection and its password, which the PIM shows this once.

    Raises:
        ViolationError: the input breaks rules, or there are too many connections.
        ImpossibleError: the group All is gone.
    """
    broken = [Violation("code", REASON_PREFIX + reason) for reason in _code_reasons(pim, code.strip())]
    broken += _common_violations(label, flow_type)
    if limit_reached(pim):
        broken.append(Violation("", REASON_PREFIX + "connections_number_limit_reached"))
    if broken:
        raise ViolationError(broken)
    password = pim.mint.connection_password()
    username = _free_username(pim, code)
    values = {"username": username, "email": f"{username}@example.com", "first_name": label, "last_name": " "}
    user = users.new_user(pim, values | {"password": password}, api_type=True)
    if wrong := users.violations_of(pim, user):
        raise ImpossibleError("\n".join(f"{one.path}: {one.message}" for one in wrong))
    users.store(pim, user)
    connection = Connection(
        code=code, label=label, flow_type=flow_type, client=clients.new_client(pim, label), user=user
    )
    pim.world.connections[code.lower()] = connection
    return connection, password


def existing(pim: Pim, code: str) -> Connection:
    """The connection of this code.

    Raises:
        ImpossibleError: there is none.
    """
    connection = pim.world.connection(code)
    if connection is None:
        raise ImpossibleError(f'Connection with code "{code}" does not exist')
    return connection


def update(pim: Pim, code: str, change: Update) -> None:
    """Change a connection; the role replaces the user's role, the group is added to All.

    Raises:
        ViolationError: the input breaks rules.
        ImpossibleError: unknown connection, role or group.
    """
    broken = _common_violations(change.label, change.flow_type)
    if change.image is not None:
        broken.append(Violation("image", REASON_PREFIX + "image.must_exist"))
    if broken:
        raise ViolationError(broken)
    connection = existing(pim, code)
    role = _by_id("Role", change.role_id, pim.world.roles)
    group = None if change.group_id is None else _by_id("Group", change.group_id, pim.world.groups)
    draft = users.changed(pim, connection.user, {"roles": [role.code], "groups": [group.name] if group else []})
    users.adopt(connection.user, draft)
    connection.label, connection.flow_type = change.label, change.flow_type
    connection.auditable = change.auditable


def regenerate_secret(pim: Pim, code: str) -> None:
    """Give the client a new secret and kill every token issued through it.

    Raises:
        ImpossibleError: unknown connection.
    """
    connection = existing(pim, code)
    connection.client.secret = pim.mint.client_secret()
    pim.world.drop_tokens(client=connection.client)


def regenerate_password(pim: Pim, code: str) -> str:
    """Give the API user a new password and kill every token of that user.

    Raises:
        ImpossibleError: unknown connection.
    """
    connection = existing(pim, code)
    password = pim.mint.connection_password()
    connection.user.set_password(password)
    pim.world.drop_tokens(user=connection.user)
    return password


def delete(pim: Pim, code: str) -> None:
    """Delete a connection with its client, its user and all their tokens.

    Raises:
        ImpossibleError: unknown connection.
    """
    connection = existing(pim, code)
    del pim.world.connections[connection.code.lower()]
    pim.world.delete_user(connection.user)
    pim.world.delete_client(connection.client)


def group_of(connection: Connection) -> Group | None:
    """The user group chosen for a connection; All does not count."""
    return next((group for group in connection.user.groups if group.name != DEFAULT_GROUP), None)


def limit_reached(pim: Pim) -> bool:
    limit = pim.release.connections.limit
    return limit is not None and len(pim.world.connections) >= limit


def _code_reasons(pim: Pim, code: str) -> list[str]:
    """At most one reason: the PIM stops at the first."""
    rules: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("required", lambda: not code),
        ("too_short", lambda: len(code) < 3),
        ("too_long", lambda: len(code) > 100),
        ("invalid", lambda: not re.fullmatch(r"[0-9a-zA-Z_]+", code)),
        ("must_be_unique", lambda: pim.world.connection(code) is not None),
    )
    return [f"code.{reason}" for reason, broken in rules if broken()][:1]


def _common_violations(label: str, flow_type: str) -> list[Violation]:
    broken, length = [], len(label.strip())
    if reason := "required" if not length else "too_short" if length < 3 else "too_long" if length > 100 else "":
        broken.append(Violation("label", f"{REASON_PREFIX}label.{reason}"))
    if flow_type not in FLOW_TYPES:
        broken.append(Violation("flowType", f"{REASON_PREFIX}flow_type.invalid"))
    return broken


def _free_username(pim: Pim, code: str) -> str:
    """`<code>_<4 digits>`; a real PIM takes the one clash in ten thousand, a test bed should not."""
    while True:
        username = f"{code}_{pim.mint.username_digits()}"
        if pim.world.user_by_login(username) is None:
            return username


def _by_id(name: str, text: str, rows: dict[int, _Row]) -> _Row:
    digits = re.match(r"\d+", text)
    number = int(digits[0]) if digits else 0
    if number not in rows:
        raise ImpossibleError(f'{name} with id "{number}" not found.')
    return rows[number]
