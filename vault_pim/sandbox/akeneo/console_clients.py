"""The console's commands about OAuth clients and their tokens: what each does and prints.

Texts are those of a PIM in its `prod` environment (by-release.md §1, observed-older.md §1).
"""

from typing import Final

from vault_pim.sandbox.akeneo import clients, oauth
from vault_pim.sandbox.akeneo.console_base import FAILURE, UNCAUGHT, Command, Result, Thrown, UncaughtError, printed
from vault_pim.sandbox.akeneo.console_input import Input, Syntax
from vault_pim.sandbox.akeneo.console_texts import table, without_markup
from vault_pim.sandbox.akeneo.pim import Pim
from vault_pim.sandbox.akeneo.traits import ConsoleTraits

QUESTION: Final = "This operation is irreversible. Are you sure you want to revoke this client? (Y/n)"
_NO_CLIENT: Final = "No client found for this id."
_TOO_LONG: Final = "SQLSTATE[22001]: String data, right truncated: 1406 Data too long for column 'label' at row 1"
_DELETION: Final = "DELETE FROM pim_api_client WHERE id = ?' with params [{}]"
_REFERRED_TO: Final = (
    "SQLSTATE[23000]: Integrity constraint violation: 1451 Cannot delete or update a parent row: a foreign key "
    "constraint fails (`akeneo_pim`.`akeneo_connectivity_connection`, CONSTRAINT "
    "`FK_CONNECTIVITY_CONNECTION_client_id` FOREIGN KEY (`client_id`) REFERENCES `pim_api_client` (`id`))"
)


def commands(traits: ConsoleTraits) -> dict[str, Command]:
    """The commands about clients, as the release spells them."""
    label = () if traits.labels_by_option else ("label",)
    options = ("redirect_uri", "grant_type", *(("label",) if traits.labels_by_option else ()))
    create = Syntax(
        description="Creates a new pair of client id / secret for the web API", required=label, options=options
    )
    listing = Syntax(description="Lists all existing pairs of client id / secret for the web API")
    return {
        "pim:oauth-server:create-client": Command(create, _create_client),
        "pim:oauth-server:list-clients": Command(listing, _list_clients),
        "pim:oauth-server:revoke-client": Command(
            Syntax(description="Revokes a client", required=("client_id",)), _revoke_client
        ),
        "pim:oauth-server:delete-expired-tokens": Command(
            Syntax(description="Deletes expired tokens"), _delete_expired_tokens
        ),
        "fos:oauth-server:clean": Command(Syntax(description="Clean expired tokens"), _clean),
        "pim:system:information": Command(Syntax(description="Displays PIM system information"), _system_information),
        "fos:oauth-server:create-client": Command(Syntax(description="Creates a new client"), _not_here),
    }


def _create_client(pim: Pim, given: Input, _: str | None) -> Result:
    named = given.arguments if "label" in given.arguments else {key: one[-1] for key, one in given.options.items()}
    label = named.get("label")
    if len(label or "") > clients.LABEL_LIMIT:
        traits = pim.release.console
        shown = "" if traits.error_style == "line" else ' with params ["..."]'
        raise _database_error(traits, traits.client_insert + "'" + shown, _TOO_LONG, traits.truncation_kind)
    grant_types = tuple(given.options.get("grant_type", clients.GRANT_TYPES))
    client = clients.new_client(pim, label or "", grant_types)
    lines = ["A new client has been added.", f"client_id: {client.public_id}", f"secret: {client.secret}"]
    return printed(lines if label is None else [*lines, f"label: {without_markup(label)}"])


def _list_clients(pim: Pim, *_: object) -> Result:
    if not pim.world.clients:
        return printed(["No client is currently registered."])
    rows = [(client.public_id, client.secret, without_markup(client.label)) for client in pim.world.clients.values()]
    return printed(table(("client id", "secret", "label"), rows))


def _revoke_client(pim: Pim, given: Input, answer: str | None) -> Result:
    client = clients.named(pim, given.arguments["client_id"])
    if client is None:
        return printed([_NO_CLIENT], UNCAUGHT)
    if "no-interaction" not in given.switched_on:
        if answer is None:
            return Result(question=QUESTION)
        if answer and not answer.lower().startswith("y"):
            return printed(["Client revocation cancelled."])
    if pim.world.connection_of(client):
        kind = r"Doctrine\DBAL\Exception\ForeignKeyConstraintViolationException"
        raise _database_error(pim.release.console, _DELETION.format(client.id), _REFERRED_TO, kind)
    pim.world.delete_client(client, access_tokens=pim.release.api.tokens_know_client)
    return printed([f"Client with public id {client.public_id} and secret {client.secret} has been revoked."])


def _delete_expired_tokens(pim: Pim, *_: object) -> Result:
    oauth.delete_expired(pim)
    return Result()


def _clean(pim: Pim, *_: object) -> Result:
    tables = (pim.world.access_tokens, pim.world.refresh_tokens)
    before = [len(one) for one in tables]
    oauth.delete_expired(pim)
    removed = [old - len(one) for old, one in zip(before, tables, strict=True)]
    stores = zip(pim.release.console.token_stores, [*removed, 0], strict=True)
    return printed([f"Removed {count} items from {name} storage." for name, count in stores])


def _system_information(pim: Pim, *_: object) -> Result:
    """The report about the installation; here it ends after what tells one PIM from another."""
    rows = (("Edition", pim.release.edition), ("Version", pim.release.version), ("Environment", "prod"))
    border, *lines = table(rows[0], rows[1:])
    ruled = [text for line in lines if line != border for text in (line, border)]
    return printed(["", "System information", "=" * 18, "", border, *ruled, ""])


def _not_here(*_: object) -> Result:
    return Result(exit=FAILURE, stderr="The sandbox knows this command by name only.\n")


def _database_error(traits: ConsoleTraits, statement: str, message: str, kind: str) -> UncaughtError:
    """An error of the database, as it comes through the layers above it."""
    text = f"An exception occurred while executing '{statement}:\n\n{message}"
    driver = Thrown(kind="PDOException", message=message, file="PDOStatement.php")
    causes = [driver] if traits.error_style == "titled" else [driver, driver]
    return UncaughtError(kind, text, file="AbstractMySQLDriver.php", causes=causes)
