"""Remembers refused logins at a PIM, for all processes and over restarts, so that a wrong password locks nobody out.

Called by `pim` before and after each login with vault-pim's own account there. A password that was accepted last time
is let through; any other is let through twice in ten minutes, counted before it is tried, so that neither a crash nor
ten processes at once make it more. Passwords are told apart by fingerprint: a corrected one is tried at once. Refuses
to let more than four tries through altogether, since the PIM locks an account at five (contracts/akeneo/observed.md).
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict, SecretStr

from vault_pim.domain.errors import TakenOver, VaultNoAnswer
from vault_pim.vault.fingerprints import VaultFingerprints
from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import Layout
from vault_pim.vault.layout import logins as logins_path
from vault_pim.vault.session import VaultSession

WINDOW = timedelta(minutes=10)
TRIES_OF_ONE_PASSWORD = 2
TRIES = 4
WRITES = 20


class _Try(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    password: str
    at: AwareDatetime


class _Logins(BaseModel):
    """`accepted`: fingerprint of the password that worked last; `tries`: unanswered and refused ones."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)

    accepted: str | None = None
    tries: tuple[_Try, ...] = ()


class VaultLoginLedger:
    """The memory of logins at PIMs."""

    def __init__(self, session: VaultSession, layout: Layout, fingerprints: VaultFingerprints) -> None:
        self._kv = KeyValue(session, layout.state_mount)
        self._fingerprints = fingerprints
        self._asked: dict[str, str] = {}

    def allowed(self, pim: str, password: SecretStr, now: datetime) -> bool:
        """Whether a login with this password may be tried now; if so, it is counted as a try."""
        fingerprint = self._fingerprint(password)
        self._asked[pim] = fingerprint

        def admit(logins: _Logins) -> _Logins | None:
            if logins.accepted == fingerprint:
                return logins
            tries = tuple(one for one in logins.tries if one.at > now - WINDOW)
            same = sum(one.password == fingerprint for one in tries)
            if same >= TRIES_OF_ONE_PASSWORD or len(tries) >= TRIES:
                return None
            return logins.model_copy(update={"tries": (*tries, _Try(password=fingerprint, at=now))})

        return self._update(pim, admit)

    def refused(self, pim: str, password: SecretStr, now: datetime) -> None:
        """The PIM refused this password; one that used to be accepted is counted from now on."""
        fingerprint = self._fingerprint(password)

        def distrust(logins: _Logins) -> _Logins:
            if logins.accepted != fingerprint:
                return logins  # counted when it was allowed
            return _Logins(tries=(*logins.tries, _Try(password=fingerprint, at=now)))

        self._update(pim, distrust)

    def accepted(self, pim: str) -> None:
        """The PIM accepted the password asked about last; it is let through from now on."""
        self._update(pim, lambda _: _Logins(accepted=self._asked[pim]))

    def _fingerprint(self, password: SecretStr) -> str:
        return self._fingerprints.of_value(password, purpose="login")

    def _update(self, pim: str, change: Callable[[_Logins], _Logins | None]) -> bool:
        """Change what is remembered; False if the change is None."""
        for _ in range(WRITES):
            entry = self._kv.read(logins_path(pim))
            before = _Logins() if entry.data is None else _Logins.model_validate(entry.data)
            after = change(before)
            if after is None or after == before:
                return after is not None
            with suppress(TakenOver):
                self._kv.write(logins_path(pim), after.model_dump(mode="json"), cas=entry.kv_version)
                return True
        raise VaultNoAnswer(f"too many processes log in to PIM {pim} at once")
