"""A connection as it is written and read: its fields as declared, whose it is, and the credential set it makes.

Used by `connections` and `regeneration`. Asks the PIM nothing. Source: contracts/akeneo/observed.md §4.
"""

from typing import Final

from vault_pim.domain.connector import Connector
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import ConfigurationError
from vault_pim.domain.generation import Generation
from vault_pim.domain.secret import SecretStr
from vault_pim.pim.shapes import Connection, GroupRow, RoleRow

LABEL_LENGTH: Final = 100


def describe(connector: Connector, generation: Generation) -> str:
    """The label text of a generation's connection: for people, and with the marker at its end.

    Raises:
        ConfigurationError: it is longer than a PIM allows.
    """
    text = f"{connector.label.strip()} #{generation.number} {generation.marker}"
    if len(text) > LABEL_LENGTH:
        raise ConfigurationError(
            f"the label of {connector.id} at the PIM would be longer than {LABEL_LENGTH} characters"
        )
    return text


def is_ours(found: Connection, generation: Generation) -> bool:
    """Whether that connection was made for that generation."""
    if generation.client_id is not None:
        return found.client_id == generation.client_id
    return found.label.split()[-1:] == [generation.marker]


def fields_of(
    connector: Connector, generation: Generation, role: RoleRow, group: GroupRow | None
) -> dict[str, str | None]:
    """What a connection is declared to be, with numbers as text (contracts/akeneo/observed.md §1 item 14)."""
    return {
        "code": generation.label,
        "label": describe(connector, generation),
        "flow_type": connector.flow_type.value,
        "user_role_id": str(role.id),
        "user_group_id": None if group is None else str(group.meta.id),
    }


def set_of(made: Connection, secret: SecretStr, password: SecretStr, base_url: str) -> CredentialSet:
    """A connection as a connector gets it."""
    return CredentialSet(
        base_url=base_url,
        client_id=made.client_id,
        client_secret=secret,
        username=made.username,
        password=password,
    )
