"""The only door out of a `SecretStr`.

Called by `pim`, `vault`, `client` and `breakglass` inside the very call that sends the value; importing it is a
privilege that the import contracts give to those rooms alone.
"""

from typing import Literal

from vault_pim.domain.secret import SecretStr

Destination = Literal["pim", "vault", "connector", "fingerprint", "signature", "breakglass"]


def reveal(secret: SecretStr, *, to: Destination) -> str:
    """The text of a secret.

    Args:
        secret: what to open.
        to: where the text goes; named so that every opening can be found and questioned.
    """
    del to
    return secret.get_secret_value()
