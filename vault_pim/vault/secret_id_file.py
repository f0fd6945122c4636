"""The secret-id that a login keeps in a file: taken from a one-time token at first, replaced before it ends.

Called by `login` and `session` with the login's own token, so the daemon and every connector renew their own. Several
processes may share the file: a lock on its directory lets one at a time take a new one. Refuses to take a secret-id
before it is sure that it can be kept, and to destroy the old one before the new one stands in the file.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from vault_pim.domain.errors import ConfigurationError, NoAnswer, Refusal
from vault_pim.domain.secret import SecretStr
from vault_pim.reveal import reveal
from vault_pim.secret_files import read_secret
from vault_pim.vault.address import AppRoleLogin
from vault_pim.vault.answers import Reply
from vault_pim.vault.transport import Transport
from vault_pim.vault.wrapping import open_wrapped

RENEW_AT = 1 / 2
"""Share of a secret-id's life after which it is replaced: the second half is for mending what keeps it from that."""
TO_THE_SECOND = timedelta(seconds=1)
"""Vault's clock is read from a header without fractions; so it is rather a little early than late."""
WRAPPED_FOR = "60s"


def write_private(path: Path, make: Callable[[], SecretStr]) -> None:
    """Replace a file in one step; it is never readable by others, not even for a moment.

    Args:
        make: gives its line; called when the place for it is there, so that what is made once is not lost.

    Raises:
        ConfigurationError: the directory cannot be written; nothing was made.
    """
    new = path.with_name(f".{path.name}.new")
    try:
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"{path.parent} cannot be written", why=error.strerror or "", advice="Let this account write there."
        ) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(reveal(make(), to="connector") + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def open_first(transport: Transport, login: AppRoleLogin) -> None:
    """Put what the login's one-time token holds into its secret-id file, unless there is one.

    Raises:
        Intercepted: the token was opened by somebody else, or was made elsewhere.
        ConfigurationError: a file is missing or wrong, or cannot be written; the token is still good.
    """
    token_file = login.wrapping_token_file
    if token_file is None or login.secret_id_file.exists():
        return
    with _alone(login.secret_id_file.parent, wait=True):
        if login.secret_id_file.exists():
            return
        token = read_secret(token_file)
        write_private(login.secret_id_file, lambda: _secret_id(open_wrapped(transport, token, mount=login.mount)))
    with suppress(OSError):  # it is spent
        token_file.unlink()


def renew_secret_id(transport: Transport, login: AppRoleLogin, token: SecretStr, role: str) -> bool:
    """Replace the secret-id if it has lived half its life, or is used up; one without an end is let be.

    Args:
        token: the login's own.
        role: the name of the AppRole.

    Returns:
        Whether it was replaced.

    Raises:
        VaultPimError: it could not be; the old one still stands in the file, and is still good.
    """
    path = f"auth/{login.mount}/role/{role}/secret-id"
    with _alone(login.secret_id_file.parent, wait=False) as alone:
        old = read_secret(login.secret_id_file)

        def ask(what: str) -> Reply:
            return transport.exchange("POST", f"{path}/{what}", {"secret_id": reveal(old, to="vault")}, token=token)

        if not alone or not _is_due(ask("lookup")):
            return False

        def take() -> SecretStr:
            wrapped = transport.exchange("POST", path, {}, token=token, headers={"X-Vault-Wrap-TTL": WRAPPED_FOR})
            one_time = SecretStr(wrapped.body["wrap_info"]["token"])
            return _secret_id(open_wrapped(transport, one_time, mount=login.mount))

        write_private(login.secret_id_file, take)
        with suppress(Refusal, NoAnswer):  # it ends with its TTL
            ask("destroy")
        return True


def _is_due(looked_up: Reply) -> bool:
    """Vault answers nothing about a secret-id that is used up, destroyed or past its end."""
    data = looked_up.data
    if not data:
        return True
    life = timedelta(seconds=data["secret_id_ttl"])
    lived = looked_up.server_now + TO_THE_SECOND - datetime.fromisoformat(data["creation_time"])
    return bool(life) and lived >= life * RENEW_AT


def _secret_id(opened: Reply) -> SecretStr:
    return SecretStr(opened.data["secret_id"])


@contextmanager
def _alone(directory: Path, *, wait: bool) -> Iterator[bool]:
    """Hold the lock of a directory; without waiting, False where another process of this machine holds it."""
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ConfigurationError(f"{directory} cannot be opened", advice="Make it, for this account.") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
