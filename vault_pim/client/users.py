"""Who works with the sets of a source: told of newer ones, and asked which generation they still use.

Called by `source`. Keeps nobody alive, and refuses to let one user's trouble reach another.
"""

import weakref
from collections.abc import Callable
from typing import Protocol

from vault_pim.client.words import say
from vault_pim.domain.credentials import ServedSet

Listener = Callable[[ServedSet, ServedSet], None]


class User(Protocol):
    """Something that works with a set of the source, and moves on to a newer one in its own time."""

    def switched(self) -> None:
        """A newer set is there."""

    def oldest_in_use(self) -> int | None:
        """The oldest generation that it still works with; None while it works with none."""

    def born_again(self) -> None:
        """This is a forked process: locks, connections and threads of the other one do not exist here."""


class Users:
    """The users of one source, and its listeners."""

    def __init__(self) -> None:
        self._users: weakref.WeakSet[User] = weakref.WeakSet()
        self._listeners: list[Listener] = []

    def add(self, user: User) -> None:
        """From now on one of them, as long as somebody else keeps it."""
        self._users.add(user)

    def listen(self, listener: Listener) -> None:
        """Call it at every switch."""
        self._listeners.append(listener)

    def tell(self, former: ServedSet, newest: ServedSet) -> None:
        """A newer set was read."""
        for listener in self._listeners:
            try:
                listener(former, newest)
            except Exception as error:  # noqa: BLE001 - a listener's trouble is not ours
                say("warning", "a listener failed with %s", type(error).__name__)
        for user in list(self._users):
            user.switched()

    def oldest_in_use(self) -> int | None:
        """The oldest generation that any of them uses; None while nobody uses any."""
        used = (user.oldest_in_use() for user in list(self._users))
        return min((one for one in used if one is not None), default=None)

    def born_again(self) -> None:
        """This is a forked process."""
        for user in list(self._users):
            user.born_again()
