"""The rules of API clients: creation, and the limits of a label. Asked by the client screen and by the console."""

from typing import Final

from vault_pim.sandbox.akeneo.pim import Pim
from vault_pim.sandbox.akeneo.world import Client

GRANT_TYPES: Final = ("password", "refresh_token")
LABEL_LIMIT: Final = 255


def new_client(pim: Pim, label: str, grant_types: tuple[str, ...] = GRANT_TYPES) -> Client:
    """Create an OAuth client; labels are free text and need not be unique."""
    client = Client(
        id=pim.world.next_id("client"), random_id=pim.mint.random_id(), secret=pim.mint.client_secret(),
        label=label, grant_types=grant_types,
    )  # fmt: skip
    pim.world.clients[client.id] = client
    return client


def named(pim: Pim, public_id: str) -> Client | None:
    """The client of this public id; nothing but the whole id will do."""
    number = public_id.partition("_")[0]
    client = pim.world.clients.get(int(number)) if number.isdigit() else None
    return client if client is not None and client.public_id == public_id else None
