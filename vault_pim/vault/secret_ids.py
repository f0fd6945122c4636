"""Secret-ids for a first login by AppRole: made wrapped, opened once, written to files that only their owner can read.

Called by `setup`, the sandbox and `bootstrap`. A wrapped secret-id is a one-time token: if it cannot be opened,
somebody else has opened it. Refuses to put a secret anywhere but into Vault's answer or a file of mode 0600.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from vault_pim.domain.errors import NotSetUp
from vault_pim.domain.secret import SecretStr
from vault_pim.reveal import reveal
from vault_pim.secret_files import read_secret
from vault_pim.vault.address import AppRoleLogin
from vault_pim.vault.secret_id_file import write_private
from vault_pim.vault.session import VaultSession

WRAPPED_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedSecretId:
    """A role-id, which is no secret, and the one-time token that holds a secret-id.

    Attributes:
        mount: where one logs in with them, e.g. `vault-pim/prod/erp`.
        accessor: names the secret-id without being one: enough to look it up and to destroy it.
        open_until: the token ends then, opened or not.
    """

    mount: str
    role_id: str
    token: SecretStr
    accessor: str
    open_until: datetime


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
    reply = session.request("POST", f"{role}/secret-id", {}, wrap_ttl=ttl)
    wrapped = reply.body["wrap_info"]
    return WrappedSecretId(
        mount=role.removeprefix("auth/").partition("/role/")[0],
        role_id=role_id.data["role_id"],
        token=SecretStr(wrapped["token"]),
        accessor=wrapped["wrapped_accessor"],
        open_until=reply.server_now + timedelta(seconds=wrapped["ttl"]),
    )


def secret_id_end(session: VaultSession, role: str, login: AppRoleLogin) -> datetime | None:
    """When the secret-id of a login's file ends; None if it has no end, or is gone.

    Args:
        session: one that may look up the role's secret-ids, such as that login's own.
    """
    secret_id = read_secret(login.secret_id_file)
    found = session.request("POST", f"{role}/secret-id/lookup", {"secret_id": reveal(secret_id, to="vault")}).data
    life = timedelta(seconds=found.get("secret_id_ttl", 0))
    return datetime.fromisoformat(found["creation_time"]) + life if life else None


def destroy_secret_id(session: VaultSession, role: str, accessor: str) -> bool:
    """Destroy the secret-id that an accessor names.

    Returns:
        False if there is none any more.

    Raises:
        VaultNoAnswer: it may still be there.
    """
    asked = {"secret_id_accessor": accessor}
    looked_up = session.request("POST", f"{role}/secret-id-accessor/lookup", asked)
    if "secret_id_ttl" not in looked_up.data:
        return False
    session.request("POST", f"{role}/secret-id-accessor/destroy", asked)
    return True


def unwrap_secret_id(session: VaultSession, wrapped: WrappedSecretId) -> SecretStr:
    """Open a wrapped secret-id.

    Raises:
        Intercepted: it was opened before, is too old, or was made elsewhere.
    """
    return SecretStr(session.unwrap(wrapped.token, mount=wrapped.mount).data["secret_id"])


def write_login(session: VaultSession, role: str, directory: Path, mount: str) -> AppRoleLogin:
    """Make a secret-id and write it with the role-id into a directory, for whoever logs in from there.

    Args:
        mount: where the role's auth method is mounted.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    login = AppRoleLogin(role_id_file=directory / "role_id", secret_id_file=directory / "secret_id", mount=mount)
    wrapped = wrap_secret_id(session, role)
    write_private(login.role_id_file, lambda: SecretStr(wrapped.role_id))
    write_private(login.secret_id_file, lambda: unwrap_secret_id(session, wrapped))
    return login
