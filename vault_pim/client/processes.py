"""What happens to sources when their process is forked, or ends.

Called by `source`. Registers with the interpreter once, when the first source is made.
"""

import atexit
import os
import weakref
from typing import Protocol


class CaredFor(Protocol):
    """A source, as seen from here."""

    def born_again(self) -> None:
        """This is a forked process."""

    def close(self) -> None:
        """The process ends."""


_all: "weakref.WeakSet[CaredFor]" = weakref.WeakSet()
_registered: list[bool] = []


def cared_for(source: CaredFor) -> None:
    """Tell the source when this process was forked from another, and when it ends."""
    _all.add(source)
    if not _registered:
        _registered.append(True)
        os.register_at_fork(after_in_child=_born_again)
        atexit.register(_close)


def _born_again() -> None:
    for source in list(_all):
        source.born_again()


def _close() -> None:
    for source in list(_all):
        source.close()
