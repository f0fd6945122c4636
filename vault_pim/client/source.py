"""A connector's credential set, read from Vault and kept up to date.

For programs that use the PIM, and for `requests_auth`, `httpx_auth` and `exec`. Waits until the set is there, looks for
a newer one by reading metadata, keeps the last good one whatever happens to Vault, and tells who wants to know of a new
one. Safe to use from many threads and in forked processes, each of which has connections, a login and a thread of its
own. Refuses to be pickled, and to keep quiet about why it waits.
"""

import threading
import time
from datetime import timedelta
from typing import Any, Self

from vault_pim.client.environment import from_environment, refresh_from_environment
from vault_pim.client.processes import cared_for
from vault_pim.client.readers import Reader
from vault_pim.client.users import Listener, User, Users
from vault_pim.client.watch import watch
from vault_pim.client.words import say
from vault_pim.domain.credentials import ServedSet, generation_of
from vault_pim.domain.errors import ConfigurationError, NotAllowed, NotServed, VaultNoAnswer, VaultPimError
from vault_pim.domain.identity import ConnectorId
from vault_pim.domain.secret import Unpicklable
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import record
from vault_pim.vault.session import VaultAddress, VaultSession

REFRESH = timedelta(seconds=60)
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds between two attempts while there is no set yet."""
LONGEST_PAUSE_FOR_NEWER = 1.0
"""Seconds between two looks while a newer set is waited for."""
SAY_AGAIN = 60.0


class CredentialSource(Unpicklable):
    """The credential set of one connector.

    Args:
        connector: its name, `<pim>/<connector>`.
        vault: where Vault is and how to log in.
        mount: the KV v2 mount of the served sets.
        refresh: how often to look for a newer set; at most the `refresh_interval` of the connector's policy.
        timeout: how long to wait for the first set; None waits until it is there.
        acknowledge: tell vault-pim which generation is in use, so that it can retire the former one in time.

    Raises:
        ConfigurationError: the name or the address cannot be used.
    """

    def __init__(
        self,
        connector: str,
        vault: VaultAddress,
        *,
        mount: str = "pim",
        refresh: timedelta = REFRESH,
        timeout: timedelta | None = None,
        acknowledge: bool = True,
    ) -> None:
        self.connector = ConnectorId.parse(connector)
        self._vault, self._mount = vault, mount
        self._refresh, self._timeout = refresh.total_seconds(), timeout
        self._acknowledge = acknowledge
        self._set: ServedSet | None = None
        self._seen = 0
        self._trouble = ""
        self._users = Users()
        self._begin()
        cared_for(self)

    @classmethod
    def from_env(cls, connector: str, **settings: Any) -> Self:
        """A source whose Vault and login are in the environment (docs/how-to/connectors-in-python.md).

        Args:
            settings: as the class takes them.
        """
        if "refresh" not in settings and (refresh := refresh_from_environment()):
            settings["refresh"] = refresh
        return cls(connector, from_environment(ConnectorId.parse(connector)), **settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"CredentialSource({str(self.connector)!r})"

    def current(self, timeout: timedelta | None = None) -> ServedSet:
        """The newest set known; the first call waits until there is one.

        Args:
            timeout: of this call, in the place of the source's own.

        Raises:
            ConfigurationError: the login's files or variables are wrong, or the source is closed.
            VaultRefusal: a clear no; VaultLoginRefused, NotAllowed, BrokenSet and Intercepted are kinds of it.
            NotServed: it waited in vain, and Vault serves nothing.
            VaultNoAnswer: it waited in vain, and Vault gives no answer.
        """
        if self._set is not None and self._watched:
            return self._set
        return self._first(self._timeout if timeout is None else timeout)

    def look(self) -> ServedSet:
        """Ask Vault now whether there is a newer set, and give back the newest.

        Raises:
            VaultPimError: as `current`; the set in hand stays good.
        """
        if self._set is None:
            return self.current()
        with self._reading:
            before = self._set
            metadata = self._kv.metadata(self._path)
            if metadata is None or metadata.newest != self._seen:
                self._set = self._read()
                self._seen = self._set.kv_version
            now = self._set
        if now.kv_version != before.kv_version:
            say("info", "%s: generation %d follows %d", self.connector, now.generation, before.generation)
            self._users.tell(before, now)
        return now

    def wait_for_newer(self, than: ServedSet, timeout: timedelta) -> ServedSet | None:
        """Look again and again until there is a newer set; None if there is none in time."""
        end, pause = time.monotonic() + timeout.total_seconds(), FIRST_PAUSE
        while True:
            if (found := self.look_quietly()).kv_version != than.kv_version:
                return found
            if time.monotonic() + pause > end or self._closed.wait(pause):
                return None
            pause = min(pause * 1.5, LONGEST_PAUSE_FOR_NEWER)

    def look_quietly(self) -> ServedSet:
        """As `look`; whatever keeps it from that is said in the log, once, and the set in hand given back."""
        try:
            found = self.look()
        except VaultPimError as error:
            if self._set is None:
                raise
            if self._trouble != error.what:
                say("warning", "%s: keeping generation %d: %s", self.connector, self._set.generation, error)
            self._trouble = error.what
            return self._set
        if self._trouble:
            say("info", "%s: Vault gives its set again", self.connector)
        self._trouble = ""
        return found

    def on_switch(self, listener: Listener) -> None:
        """Call `listener(former, newest)` whenever a newer set was read, in the thread that read it."""
        self._users.listen(listener)

    def used_by(self, user: User) -> None:
        """Tell `user` of newer sets, and vault-pim of the generation that it uses; it is not kept alive for that."""
        self._users.add(user)

    def close(self) -> None:
        """Stop looking, tell vault-pim that this reader has gone, log out of Vault; done already is fine."""
        if self._closed.is_set():
            return
        self._closed.set()
        with self._reading:
            self._reader.leave()
            self._session.close()

    # -- the rest is for this room ------------------------------------------------------------------------------------

    def born_again(self) -> None:
        """Begin anew in a forked process, with the set in hand."""
        if not self._closed.is_set():
            self._begin()
            self._users.born_again()

    def _begin(self) -> None:
        self._closed = threading.Event()
        self._reading = threading.RLock()
        self._session = VaultSession(self._vault)
        self._kv = KeyValue(self._session, self._mount)
        self._path = record(self.connector)
        self._reader = Reader(self._kv, self.connector)
        self._watched = False

    def _first(self, timeout: timedelta | None) -> ServedSet:
        end = None if timeout is None else time.monotonic() + timeout.total_seconds()
        pause, said_at = FIRST_PAUSE, -SAY_AGAIN
        while True:
            try:
                with self._reading:
                    if self._closed.is_set():
                        raise ConfigurationError(f"the source of {self.connector} is closed", advice="Make a new one.")
                    if self._set is None:
                        self._set = self._read()
                        self._seen = self._set.kv_version
                    self._watch()
                    return self._set
            except (NotServed, VaultNoAnswer) as error:
                now = time.monotonic()
                if end is not None and now + pause > end:
                    raise
                if now >= said_at + SAY_AGAIN:
                    say("warning", "%s: waiting for its credential set: %s", self.connector, error)
                    said_at = now
            self._closed.wait(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def _read(self) -> ServedSet:
        where = f"{self._mount}/{self._path}"
        try:
            entry = self._kv.read(self._path)
        except NotAllowed as error:
            advice = f"See that {self.connector} is this connector's name, and that the login is its own."
            raise NotAllowed(error.what, why=error.why, advice=advice) from error
        if entry.data is None:
            raise NotServed(f"nothing is served at {where}", why="not provisioned yet, or revoked")
        return ServedSet.of(
            entry.data,
            where,
            generation=generation_of(entry.data),
            kv_version=entry.kv_version,
            issued_at=str(entry.data.get("issued_at", "")),
        )

    def in_use(self) -> tuple[int, int] | None:
        """The oldest generation in use, and the newest there is; None while nobody works with any."""
        oldest = self._users.oldest_in_use()
        return (oldest, self._set.generation) if oldest is not None and self._set is not None else None

    def _watch(self) -> None:
        if not self._watched:
            self._watched = True
            reader = self._reader if self._acknowledge else None
            watch(self, reader, self._refresh, self._closed, f"vault-pim {self.connector}")
