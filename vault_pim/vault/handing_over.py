"""Gives a connector's side the one-time token for its first login.

Called by the `bootstrap` command. Refuses to put it anywhere else; the caller never sees the value.
"""

import json
from typing import TextIO

from vault_pim.domain.connector import ConnectorId
from vault_pim.reveal import reveal
from vault_pim.vault.secret_ids import WrappedSecretId


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
