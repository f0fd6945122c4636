"""The console's commands that make connections and users: what each does and prints.

Texts are those of a PIM in its `prod` environment (by-release.md §1, observed-older.md §1).
"""

from typing import Final

from vault_pim.sandbox.akeneo import connections, users
from vault_pim.sandbox.akeneo.console_base import FAILURE, UNCAUGHT, Command, Result, UncaughtError, printed
from vault_pim.sandbox.akeneo.console_input import Input, Syntax
from vault_pim.sandbox.akeneo.console_texts import CONNECTION_MESSAGES
from vault_pim.sandbox.akeneo.pim import DEFAULT_ROLE, Pim
from vault_pim.sandbox.akeneo.refusals import ImpossibleError, ViolationError
from vault_pim.sandbox.akeneo.traits import ConsoleTraits

_ASKING: Final = "Please enter the user's information below.\n"
_FILE: Final = "CreateUserCommand.php"
_USER_VALUES: Final = ("username", "password", "email", "first name", "last name", "user default locale")


def commands(traits: ConsoleTraits) -> dict[str, Command]:
    """The commands that make connections and users, as the release spells them."""
    create = Syntax(
        description="Creates a new connection",
        required=("code",),
        values=("flow-type", "label", *(("user-group",) if "user-group" in traits.connection_options else ())),
        flags=("auditable?",) if "auditable" in traits.connection_options else (),
    )
    if not traits.user_arguments:
        user = Command(Syntax(description="Creates a PIM user"), _ask_in_vain)
    else:
        syntax = Syntax(description="Creates a PIM user", optional=traits.user_arguments, flags=("admin",))
        user = Command(syntax, _create_user)
    return {"akeneo:connectivity-connection:create": Command(create, _create_connection), "pim:user:create": user}


def _create_connection(pim: Pim, given: Input, _: str | None) -> Result:
    code, group_name = given.arguments["code"], given.option("user-group")
    group = pim.world.group_by_name(group_name)
    if group_name and group is None:
        return printed(["The user group was not found. Make sure the specified user group exists."], FAILURE)
    try:
        connection, password = connections.create(
            pim, code, given.option("label", code), given.option("flow-type", "other")
        )
    except ViolationError as no:
        reasons = [one.message for one in no.violations]
        if pim.release.console.speaks:
            reasons = [CONNECTION_MESSAGES[one.removeprefix(connections.REASON_PREFIX)] for one in reasons]
        return printed(reasons, FAILURE)
    if group is not None:
        draft = users.changed(pim, connection.user, {"groups": [group.name]})
        users.adopt(connection.user, draft)
    auditable = given.option("auditable", "false")
    connection.auditable = auditable in ("", "1", "true", "yes", "on")
    auditable_line = [f"Auditable: {'yes' if connection.auditable else 'no'}"]
    return printed(
        [
            "A new connection has been created with the following settings:",
            f"Code: {connection.code}",
            f"Client ID: {connection.client.public_id}",
            f"Secret: {connection.client.secret}",
            f"Username: {connection.user.username}",
            f"Password: {password}",
            *(auditable_line if pim.release.connections.auditable else ()),
        ]
    )


def _create_user(pim: Pim, given: Input, _: str | None) -> Result:
    """Make a user; nobody sits at the terminal to be asked, so without `-n` it ends at its first question."""
    if "no-interaction" not in given.switched_on:
        kind = r"Symfony\Component\Console\Exception\MissingInputException"
        raise UncaughtError(kind, "Aborted.", asked=(_ASKING, "Username : "))
    values: dict[str, object] = {}
    for argument, name in zip(pim.release.console.user_arguments, _USER_VALUES, strict=True):
        if not given.arguments.get(argument):
            raise UncaughtError("InvalidArgumentException", f"The {name} is mandatory.", file=_FILE)
        values[name.replace(" ", "_")] = given.arguments[argument]
    if "admin" in given.options:
        groups = [group.name for group in pim.world.groups.values()]
        values |= {"roles": ["ROLE_ADMINISTRATOR", DEFAULT_ROLE], "groups": groups}
    try:
        user = users.store(pim, users.new_user(pim, values))
    except ViolationError as no:
        lines = [f"{one.path}: {one.message}" for one in no.violations]
        message = "\n".join(["The user creation failed :", *lines])
        raise UncaughtError("InvalidArgumentException", message, file=_FILE) from no
    except ImpossibleError as no:
        kind = r"Akeneo\Tool\Component\StorageUtils\Exception\InvalidPropertyException"
        raise UncaughtError(kind, str(no), file="InvalidPropertyException.php", code=UNCAUGHT) from no
    return printed([f"User {user.username} has been created."])


def _ask_in_vain(_: Pim, __: Input, ___: str | None) -> Result:
    """The command that can only ask, and falls over the first answer that does not come."""
    message = (
        r"Return value of Pim\Bundle\UserBundle\Command\CreateUserCommand::askForUsername() "
        "must be of the type string, null returned"
    )
    raise UncaughtError("TypeError", message, file=_FILE, code=UNCAUGHT, asked=(_ASKING, ""))
