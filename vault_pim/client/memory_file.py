"""A file of mode 0600 that lies in memory and goes away with who made it.

Called by `exec`. Refuses every file system but tmpfs and ramfs: what was on a disk once may be found there later.
"""

import os
from pathlib import Path
from typing import Self

from vault_pim.domain.errors import ConfigurationError

IN_MEMORY = frozenset({"tmpfs", "ramfs"})
MOUNTS = Path("/proc/self/mounts")
NAME = "credentials"


class MemoryFile:
    """One file, in a directory of its own that is made when it is first written."""

    def __init__(self) -> None:
        self._directory: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._directory is not None:
            self.path.unlink(missing_ok=True)
            self._directory.rmdir()

    @property
    def path(self) -> Path:
        """Where it is."""
        if self._directory is None:
            import tempfile  # noqa: PLC0415 - takes long to load, and few want a file

            self._directory = Path(tempfile.mkdtemp(prefix="vault-pim-", dir=_place()))
        return self._directory / NAME

    def write(self, text: str) -> None:
        """Replace what it holds, in one step."""
        new = self.path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        new.replace(self.path)


def _place() -> Path:
    """The first directory that lies in memory and that we may write."""
    mounts = [line.split() for line in MOUNTS.read_text(encoding="utf-8").splitlines()]
    kinds = {Path(fields[1]): fields[2] for fields in mounts}
    for directory in (os.environ.get("XDG_RUNTIME_DIR"), "/run", "/dev/shm"):  # noqa: S108 - /dev/shm is in memory
        if not directory or not os.access(directory, os.W_OK | os.X_OK):
            continue
        place = Path(directory).resolve()
        mount = next(parent for parent in (place, *place.parents) if parent in kinds)
        if kinds[mount] in IN_MEMORY:
            return place
    raise ConfigurationError(
        "there is no place in memory for the file", advice="Mount a tmpfs at /dev/shm, or use the environment."
    )
