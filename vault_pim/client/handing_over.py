"""Gives a credential set to another program: as variables of its environment, as text for a file or a shell.

Called by `exec` and by the `get` command. Each variable is `PIM_` and the field's name. Refuses to decide where the set
goes: whoever calls hands it to one program, and to nobody else.
"""

import json
from typing import Literal

from vault_pim.domain.credentials import ServedSet
from vault_pim.reveal import reveal

Format = Literal["env", "dotenv", "json"]


def document(served: ServedSet) -> dict[str, str]:
    """The fields as they are in Vault (docs/reference/vault-layout.md)."""
    return {
        "base_url": served.base_url,
        "client_id": served.client_id,
        "client_secret": reveal(served.client_secret, to="connector"),
        "username": served.username,
        "password": reveal(served.password, to="connector"),
        "generation": str(served.generation),
        "issued_at": served.issued_at,
    }


def variables(served: ServedSet) -> dict[str, str]:
    """The set as an environment has it."""
    return {f"PIM_{name.upper()}": value for name, value in document(served).items()}


def written(served: ServedSet, form: Format) -> str:
    """The set as text: `env` for `eval` in a shell, `dotenv` or `json` for a file."""
    match form:
        case "json":
            return json.dumps(document(served), indent=2) + "\n"
        case "env":
            import shlex  # noqa: PLC0415 - for shells alone

            return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables(served).items())
        case "dotenv":
            return "".join(f"{name}={json.dumps(value)}\n" for name, value in variables(served).items())
