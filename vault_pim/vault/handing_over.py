"""Gives a served credential set to a connector's side: as environment, as dotenv, or as JSON, written to a stream.

Called by the `get` command. Refuses to put a set anywhere else; the caller never sees a value.
"""

import json
import shlex
from typing import Literal, TextIO

from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import NotSetUp
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import record
from vault_pim.vault.session import VaultSession

Format = Literal["env", "dotenv", "json"]
FIELDS = ("base_url", "client_id", "client_secret", "username", "password", "generation", "issued_at")


def hand_over(session: VaultSession, mount: str, connector: ConnectorId, form: Format, stream: TextIO) -> None:
    """Read what the connector's path serves and write it to the stream.

    Args:
        form: `env` for `eval` in a shell, `dotenv` for a file, `json` with the fields as they are in Vault.

    Raises:
        NotSetUp: the path serves nothing.
        VaultRefusal: the login may not read it.
    """
    entry = KeyValue(session, mount).read(record(connector))
    if entry.data is None:
        raise NotSetUp(
            f"nothing is served at {mount}/{record(connector)}",
            advice=f"Run `vault-pim status {connector}`; it may not be provisioned yet, or it was revoked.",
        )
    served = {field: str(entry.data[field]) for field in FIELDS if field in entry.data}
    match form:
        case "json":
            json.dump(served, stream, indent=2)
            stream.write("\n")
        case "env":
            stream.writelines(f"export PIM_{key.upper()}={shlex.quote(value)}\n" for key, value in served.items())
        case "dotenv":
            stream.writelines(f"PIM_{key.upper()}={json.dumps(value)}\n" for key, value in served.items())
