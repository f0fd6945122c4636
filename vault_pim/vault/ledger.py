"""Refused logins at each PIM, kept in the state mount: for all processes of vault-pim, and over restarts.

The `LoginLedger` of `pim`. Passwords are kept as keyed fingerprints and told apart by them: a corrected one is tried at
once. Processes that ask in the very same moment are each let through, so that as many tries as there are processes may
reach the PIM once; the PIM locks at five. Refuses to keep a password.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict

from vault_pim.domain.errors import TakenOver, VaultNoAnswer
from vault_pim.domain.secret import SecretStr
from vault_pim.vault.fingerprints import VaultFingerprints
from vault_pim.vault.kv import Entry, KeyValue
from vault_pim.vault.layout import Layout, logins
from vault_pim.vault.session import VaultSession

WINDOW = timedelta(minutes=10)
MOST_REFUSALS = 2
DISTRUST = timedelta(hours=1)
"""How long a refused password is not tried again; a PIM also refuses a right one while its account is disabled."""
REMEMBERED = 100
WRITES = 20


class _Refusal(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    password: str
    at: AwareDatetime


class _Book(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    refusals: tuple[_Refusal, ...] = ()


class VaultLoginLedger:
    """The memory of refused logins."""

    def __init__(self, session: VaultSession, layout: Layout, fingerprints: VaultFingerprints) -> None:
        self._kv = KeyValue(session, layout.state_mount)
        self._fingerprints = fingerprints

    def allowed(self, pim: str, password: SecretStr, now: datetime) -> bool:
        """Whether this password may be tried: it was not refused in the last hour, and less than two logins were
        refused in the last ten minutes, each time not counting what came before a success."""
        refusals = _book(self._kv.read(logins(pim))).refusals
        if sum(one.at > now - WINDOW for one in refusals) >= MOST_REFUSALS:
            return False
        lately = {one.password for one in refusals if one.at > now - DISTRUST}
        return not lately or self._fingerprint(password) not in lately

    def refused(self, pim: str, password: SecretStr, now: datetime) -> None:
        """Remember that the PIM refused this password; the password itself is not kept."""
        refusal = _Refusal(password=self._fingerprint(password), at=now)
        self._change(pim, lambda book: _Book(refusals=(*book.refusals, refusal)[-REMEMBERED:]))

    def accepted(self, pim: str) -> None:
        """Forget the refusals: a login succeeded."""
        self._change(pim, lambda _: _Book())

    def _fingerprint(self, password: SecretStr) -> str:
        return self._fingerprints.of_value(password, purpose="login")

    def _change(self, pim: str, change: Callable[[_Book], _Book]) -> None:
        for _ in range(WRITES):
            entry = self._kv.read(logins(pim))
            before = _book(entry)
            after = change(before)
            if after == before:
                return
            with suppress(TakenOver):
                self._kv.write(logins(pim), after.model_dump(mode="json"), cas=entry.kv_version)
                return
        raise VaultNoAnswer(f"too many processes log in to PIM {pim} at once")


def _book(entry: Entry) -> _Book:
    return _Book() if entry.data is None else _Book.model_validate(entry.data)
