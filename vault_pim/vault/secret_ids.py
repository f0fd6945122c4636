"""Secret-ids for a first login by AppRole: made wrapped, opened once, written to files that only their owner can read.

Called by `setup`, the sandbox and `bootstrap`. A wrapped secret-id is a one-time token: if it cannot be opened,
somebody else has opened it. Refuses to put a secret anywhere but into Vault's answer or a file of mode 0600.
"""

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from vault_pim.domain.errors import NotSetUp
from vault_pim.reveal import reveal
from vault_pim.vault.address import AppRoleLogin
from vault_pim.vault.session import VaultSession

WRAPPED_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedSecretId:
    """A role-id, which is no secret, and the one-time token that holds a secret-id."""

    role_id: str
    token: SecretStr


def wrap_secret_id(session: VaultSession, role: str, ttl: timedelta = WRAPPED_FOR) -> WrappedSecretId:
    """Make a secret-id, wrapped.

    Args:
        role: path of the AppRole (`Layout.daemon_role`, `Layout.connector_role`).
        ttl: how long the one-time token lives.

    Raises:
        NotSetUp: there is no such role.
    """
    role_id = session.request("GET", f"{role}/role-id")
    if not role_id.found:
        raise NotSetUp(f"Vault has no role at {role}")
    wrapped = session.request("POST", f"{role}/secret-id", {}, wrap_ttl=ttl)
    return WrappedSecretId(role_id=role_id.data["role_id"], token=SecretStr(wrapped.body["wrap_info"]["token"]))


def unwrap_secret_id(session: VaultSession, wrapped: WrappedSecretId) -> SecretStr:
    """Open a wrapped secret-id.

    Raises:
        BadRequest: it was opened before, or is too old.
    """
    return SecretStr(session.unwrap(wrapped.token).data["secret_id"])


def write_login(session: VaultSession, role: str, directory: Path, mount: str) -> AppRoleLogin:
    """Make a secret-id and write it with the role-id into a directory, for whoever logs in from there.

    Args:
        mount: where the role's auth method is mounted.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    login = AppRoleLogin(role_id_file=directory / "role_id", secret_id_file=directory / "secret_id", mount=mount)
    wrapped = wrap_secret_id(session, role)
    secret_id = unwrap_secret_id(session, wrapped)
    _write_private(login.role_id_file, SecretStr(wrapped.role_id))
    _write_private(login.secret_id_file, secret_id)
    return login


def _write_private(path: Path, line: SecretStr) -> None:
    """Replace a file in one step; it is never readable by others, not even for a moment."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(reveal(line, to="connector") + "\n")
    new.replace(path)
