"""Reads one secret from one file, at the moment it is used; and tells beforehand whether that will work.

Called by `settings` for the PIMs' passwords and by `vault` for its own login. Refuses files that other accounts of the
machine can read, and never repeats what a file holds. Where a container's runtime mounts secrets, files that others can
read pass: there the mount is what keeps others away, and the runtime, not we, chooses the mode (Docker 0444, Kubernetes
0644).
"""

import os
import stat
from pathlib import Path

from vault_pim.domain.errors import ConfigurationError
from vault_pim.domain.secret import SecretStr

OTHERS = stat.S_IRWXG | stat.S_IRWXO
OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
LARGEST = 64 * 1024
MOUNTED = ("/run/secrets", "/var/run/secrets")
"""Where Docker and Kubernetes mount secrets; only root can make something there."""
VARIABLE = "VAULT_PIM_SECRET_DIRS"
"""Further such folders, as PATH has them."""


def read_secret(path: Path) -> SecretStr:
    """The secret that a file holds, without its final newline.

    Args:
        path: a regular file that only its owner can read, or one in a folder of mounted secrets.

    Raises:
        ConfigurationError: there is no such file, it cannot be read, others can read it, or it holds no text.
    """
    try:
        # Opened first and judged by its descriptor, so that the file judged is the file read.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        _check(path, os.fstat(descriptor), _opened(path, descriptor))
        content = os.read(descriptor, LARGEST + 1)
    finally:
        os.close(descriptor)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        # Not chained: that error's text repeats bytes of the secret.
        raise ConfigurationError(f"secret file {path} is not UTF-8 text", advice="Write the secret as text.") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text or len(content) > LARGEST:
        raise ConfigurationError(
            f"secret file {path} is empty or larger than 64 KiB", advice="Write the secret into it, on one line."
        )
    return SecretStr(text)


def check_secret_file(path: Path) -> None:
    """Raise what `read_secret` would raise about the file itself, without reading it."""
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    _check(path, status, path.resolve())
    if not os.access(path, os.R_OK):
        raise _unreadable(path, PermissionError())


def _unreadable(path: Path, error: OSError) -> ConfigurationError:
    match error:
        case FileNotFoundError():
            return ConfigurationError(f"secret file {path} does not exist", advice="Write the secret there, mode 600.")
        case PermissionError():
            return ConfigurationError(
                f"secret file {path} may not be read by this account",
                advice=f"Run: chown {_account()} {path}",
            )
        case _:
            return ConfigurationError(f"secret file {path} cannot be read", why=error.strerror or "")


def _check(path: Path, status: os.stat_result, place: Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ConfigurationError(f"secret file {path} is not a regular file", advice="Name the file itself.")
    if status.st_mode & OTHERS and not _is_mounted(place, status):
        raise ConfigurationError(
            f"secret file {path} is open to other accounts",
            why=f"its mode is {stat.S_IMODE(status.st_mode):o}; a secret is for its owner alone",
            advice=f"Run: chmod 600 {path}",
        )


def _is_mounted(place: Path, status: os.stat_result) -> bool:
    """Root's or our own, written by nobody else, and where secrets are mounted, links followed."""
    if status.st_mode & OTHERS_MAY_WRITE or status.st_uid not in (0, os.geteuid()):
        return False
    further = [name for name in os.environ.get(VARIABLE, "").split(os.pathsep) if Path(name).is_absolute()]
    return any(place.is_relative_to(Path(folder).resolve()) for folder in (*MOUNTED, *further))


def _opened(path: Path, descriptor: int) -> Path:
    """Where the open file really lies."""
    try:
        return Path(f"/proc/self/fd/{descriptor}").readlink()
    except OSError:  # no /proc
        return path.resolve()


def _account() -> str:
    return os.environ.get("USER") or str(os.getuid())
