"""Opens a one-time token that holds a secret-id, after a look at who made it.

Called by `session` and `login`. A token that was made elsewhere was put in the place of ours; one that cannot be opened
was opened by somebody else, or is too old, and Vault does not say which. Both are reported as an interception. Refuses
to open a token before it has been looked at: opening tells whoever made it that we took it.
"""

from vault_pim.domain.errors import Intercepted
from vault_pim.domain.secret import SecretStr
from vault_pim.reveal import reveal
from vault_pim.vault.answers import BadRequest, Reply
from vault_pim.vault.transport import Transport


def open_wrapped(transport: Transport, token: SecretStr, *, mount: str) -> Reply:
    """What a one-time token holds.

    Args:
        mount: the AppRole mount that must have made it (contracts/openbao.md §B, "Wrapping").

    Raises:
        Intercepted: another path made it, or it cannot be opened any more.
        VaultNoAnswer: nothing is known; if Vault had answered, the token may be spent.
    """
    try:
        made = transport.exchange("POST", "sys/wrapping/lookup", {"token": reveal(token, to="vault")}, token=None)
        path = str(made.data.get("creation_path"))
        if not (path.startswith(f"auth/{mount}/role/") and path.endswith("/secret-id")):
            raise Intercepted(
                "INTERCEPTION: this one-time token was not made for this login",
                why=f"it was made at {path}, not at auth/{mount}; somebody has put it in the place of ours",
            )
        return transport.exchange("POST", "sys/wrapping/unwrap", token=token)
    except BadRequest as error:
        raise Intercepted(
            "INTERCEPTION: this one-time token does not open",
            why="somebody else has opened it, or it is past its life; Vault does not say which",
        ) from error
