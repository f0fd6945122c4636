"""The console's commands about clients, connections and users: what each does and prints.

`console` chooses the command and reads its line. Texts are those of a PIM in its `prod` environment (by-release.md §1).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from vault_pim.sandbox.akeneo import connections, oauth, users
from vault_pim.sandbox.akeneo.console_input import Input, Syntax
from vault_pim.sandbox.akeneo.console_texts import CONNECTION_MESSAGES, table, without_markup
from vault_pim.sandbox.akeneo.pim import Pim
from vault_pim.sandbox.akeneo.refusals import ImpossibleError, ViolationError
from vault_pim.sandbox.akeneo.world import Client

SUCCESS: Final = 0
FAILURE: Final = 1
UNCAUGHT: Final = 255
QUESTION: Final = "This operation is irreversible. Are you sure you want to revoke this client? (Y/n)"
_NO_CLIENT: Final = "No client found for this id."
_LABEL_LIMIT: Final = 255
_LABEL_TOO_LONG: Final = (
    "An exception occurred while executing 'INSERT INTO pim_api_client (random_id, redirect_uris, secret, "
    "allowed_grant_types, label, marketplace_public_app_id) VALUES (?, ?, ?, ?, ?, ?)':\n\n"
    "SQLSTATE[22001]: String data, right truncated: 1406 Data too long for column 'label' at row 1"
)
_FOREIGN_KEY: Final = (
    "An exception occurred while executing 'DELETE FROM pim_api_client WHERE id = ?' with params [{id}]:\n\n"
    "SQLSTATE[23000]: Integrity constraint violation: 1451 Cannot delete or update a parent row: a foreign key "
    "constraint fails (`akeneo_pim`.`akeneo_connectivity_connection`, CONSTRAINT "
    "`FK_CONNECTIVITY_CONNECTION_client_id` FOREIGN KEY (`client_id`) REFERENCES `pim_api_client` (`id`))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a command leaves behind; a `question` is put to the person first, and the command run again."""

    exit: int = SUCCESS
    stdout: str = ""
    stderr: str = ""
    question: str = ""


class UncaughtError(Exception):
    """An error that no command catches, with the class a PIM names."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Command:
    """A command: what it takes and what it does; `answer` is None where nobody has been asked yet."""

    syntax: Syntax
    run: Callable[[Pim, Input, str | None], Result]


def _create_client(pim: Pim, given: Input, _: str | None) -> Result:
    label = given.arguments["label"]
    if len(label) > _LABEL_LIMIT:
        raise UncaughtError(
            r"Doctrine\DBAL\Exception\DriverException",
            _LABEL_TOO_LONG,
        )
    grant_types = tuple(given.options.get("grant_type", connections.GRANT_TYPES))
    client = connections.new_client(pim, label, grant_types)
    lines = ["A new client has been added.", f"client_id: {client.public_id}", f"secret: {client.secret}"]
    return _printed([*lines, f"label: {without_markup(label)}"])


def _list_clients(pim: Pim, *_: object) -> Result:
    clients = pim.world.clients.values()
    if not clients:
        return _printed(["No client is currently registered."])
    rows = [(client.public_id, client.secret, without_markup(client.label)) for client in clients]
    return _printed(table(("client id", "secret", "label"), rows))


def _revoke_client(pim: Pim, given: Input, answer: str | None) -> Result:
    client = _client(pim, given.arguments["client_id"])
    if client is None:
        return _printed([_NO_CLIENT], UNCAUGHT)
    if "no-interaction" not in given.switched_on:
        if answer is None:
            return Result(question=QUESTION)
        if answer and not answer.lower().startswith("y"):
            return _printed(["Client revocation cancelled."])
    if pim.world.connection_of(client):
        raise UncaughtError(
            r"Doctrine\DBAL\Exception\ForeignKeyConstraintViolationException",
            _FOREIGN_KEY.format(id=client.id),
        )
    pim.world.delete_client(client)
    return _printed([f"Client with public id {client.public_id} and secret {client.secret} has been revoked."])


def _delete_expired_tokens(pim: Pim, *_: object) -> Result:
    oauth.delete_expired(pim)
    return Result()


def _clean(pim: Pim, *_: object) -> Result:
    tables = (pim.world.access_tokens, pim.world.refresh_tokens)
    before = [len(one) for one in tables]
    oauth.delete_expired(pim)
    removed = [old - len(one) for old, one in zip(before, tables, strict=True)]
    managers = zip(("AccessToken", "RefreshToken", "AuthCode"), [*removed, 0], strict=True)
    kind = r"FOS\OAuthServerBundle\Entity"
    return _printed([f"Removed {count} items from {kind}\\{name}Manager storage." for name, count in managers])


def _create_connection(pim: Pim, given: Input, _: str | None) -> Result:
    code, group_name = given.arguments["code"], given.option("user-group")
    group = pim.world.group_by_name(group_name)
    if group_name and group is None:
        return _printed(["The user group was not found. Make sure the specified user group exists."], FAILURE)
    try:
        connection, password = connections.create(
            pim, code, given.option("label", code), given.option("flow-type", "other")
        )
    except ViolationError as no:
        reasons = [one.message.removeprefix(connections.REASON_PREFIX) for one in no.violations]
        return _printed([CONNECTION_MESSAGES[reason] for reason in reasons], FAILURE)
    if group is not None:
        draft = users.changed(pim, connection.user, {"groups": [group.name]})
        users.adopt(connection.user, draft)
    auditable = given.option("auditable", "false")
    connection.auditable = auditable in ("", "1", "true", "yes", "on")
    return _printed(
        [
            "A new connection has been created with the following settings:",
            f"Code: {connection.code}",
            f"Client ID: {connection.client.public_id}",
            f"Secret: {connection.client.secret}",
            f"Username: {connection.user.username}",
            f"Password: {password}",
            f"Auditable: {'yes' if connection.auditable else 'no'}",
        ]
    )


def _create_user(pim: Pim, given: Input, _: str | None) -> Result:
    if "no-interaction" not in given.switched_on:
        raise UncaughtError(r"Symfony\Component\Console\Exception\MissingInputException", "Aborted.")
    for argument, name in _USER_ARGUMENTS.items():
        if not given.arguments.get(argument):
            raise UncaughtError("InvalidArgumentException", f"The {name} is mandatory.")
    values: dict[str, object] = {
        key: given.arguments[argument] for argument, key in zip(_USER_ARGUMENTS, _USER_KEYS, strict=True)
    }
    if "admin" in given.options:
        groups = [group.name for group in pim.world.groups.values()]
        values |= {"roles": ["ROLE_ADMINISTRATOR"], "groups": groups}
    try:
        user = users.store(pim, users.new_user(pim, values))
    except ViolationError as no:
        lines = [f"{one.path}: {one.message}" for one in no.violations]
        raise UncaughtError("InvalidArgumentException", "\n".join(["The user creation failed :", *lines])) from no
    except ImpossibleError as no:
        kind = r"Akeneo\Tool\Component\StorageUtils\Exception\InvalidPropertyException"
        raise UncaughtError(kind, str(no)) from no
    return _printed([f"User {user.username} has been created."])


def _not_here(*_: object) -> Result:
    return Result(exit=FAILURE, stderr="The sandbox knows this command by name only.\n")


def _printed(lines: list[str], exit_code: int = SUCCESS) -> Result:
    return Result(exit=exit_code, stdout="".join(f"{line}\n" for line in lines))


def _client(pim: Pim, public_id: str) -> Client | None:
    number = re.match(r"(\d+)_", public_id)
    client = pim.world.clients.get(int(number[1])) if number else None
    return client if client is not None and client.public_id == public_id else None


_USER_ARGUMENTS: Final = {
    "username": "username",
    "password": "password",
    "email": "email",
    "firstName": "first name",
    "lastName": "last name",
    "userDefaultLocaleCode": "user default locale",
}
_USER_KEYS: Final = ("username", "password", "email", "first_name", "last_name", "user_default_locale")

COMMANDS: Final = {
    "pim:oauth-server:create-client": Command(
        Syntax(
            description="Creates a new pair of client id / secret for the web API",
            required=("label",),
            options=("redirect_uri", "grant_type"),
        ),
        _create_client,
    ),
    "pim:oauth-server:list-clients": Command(
        Syntax(description="Lists all existing pairs of client id / secret for the web API"), _list_clients
    ),
    "pim:oauth-server:revoke-client": Command(
        Syntax(description="Revokes a client", required=("client_id",)), _revoke_client
    ),
    "pim:oauth-server:delete-expired-tokens": Command(
        Syntax(description="Deletes expired tokens"), _delete_expired_tokens
    ),
    "akeneo:connectivity-connection:create": Command(
        Syntax(
            description="Creates a new connection",
            required=("code",),
            options=("flow-type", "label", "user-group"),
            flags=("auditable?",),
        ),
        _create_connection,
    ),
    "pim:user:create": Command(
        Syntax(description="Creates a PIM user", optional=tuple(_USER_ARGUMENTS), flags=("admin",)), _create_user
    ),
    "fos:oauth-server:clean": Command(Syntax(description="Clean expired tokens"), _clean),
    "fos:oauth-server:create-client": Command(Syntax(description="Creates a new client"), _not_here),
}
