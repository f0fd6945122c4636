"""Who this process is, and what time it is here. The one clock; used by `assembly`, and by commands without it."""

import getpass
import os
import socket
from datetime import UTC, datetime


class SystemClock:
    """The wall clock of this machine."""

    def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the one clock


def host() -> str:
    """What this machine calls itself."""
    return socket.gethostname()


def who(role: str) -> str:
    """Who this process is, as holder of connectors and in the audit log: `<command>/<account>@<host>:<process id>`."""
    return f"{role}/{_account()}@{host()}:{os.getpid()}"


def _account() -> str:
    """The account of the operating system that runs this; its number where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
