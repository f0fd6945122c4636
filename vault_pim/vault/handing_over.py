"""Gives a connector's side what is its own: a served credential set, or a one-time token for its first login.

Called by the `get` and `bootstrap` commands. Refuses to put a set anywhere else; the caller never sees a value.
"""

import json
import shlex
from typing import Literal, TextIO

from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import NotSetUp
from vault_pim.reveal import reveal
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import record
from vault_pim.vault.secret_ids import WrappedSecretId
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


def hand_over_wrapped(wrapped: WrappedSecretId, connector: ConnectorId, stream: TextIO, *, as_json: bool) -> None:
    """Write a one-time token to the stream: on a line of its own, or as JSON with what belongs to it."""
    if not as_json:
        stream.write(reveal(wrapped.token, to="connector") + "\n")
        return
    document = {
        "connector": str(connector),
        "token": reveal(wrapped.token, to="connector"),
        "open_until": wrapped.open_until.isoformat().replace("+00:00", "Z"),
        "accessor": wrapped.accessor,
        "role_id": wrapped.role_id,
        "mount": wrapped.mount,
    }
    json.dump(document, stream, indent=2)
    stream.write("\n")
