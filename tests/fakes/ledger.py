"""The ledger of refused logins, kept in memory."""

from datetime import datetime, timedelta

from vault_pim.domain.secret import SecretStr

WINDOW = timedelta(minutes=10)
MOST = 2
DISTRUST = timedelta(hours=1)


class InMemoryLoginLedger:
    """`LoginLedger` for one process."""

    def __init__(self) -> None:
        self._refused: dict[str, list[tuple[datetime, SecretStr]]] = {}

    def allowed(self, pim: str, password: SecretStr, now: datetime) -> bool:
        """Not that password within the hour, and no more than two refusals in ten minutes."""
        refused = self._refused.get(pim, [])
        lately = [one for at, one in refused if at > now - DISTRUST]
        return password not in lately and sum(at > now - WINDOW for at, _ in refused) < MOST

    def refused(self, pim: str, password: SecretStr, now: datetime) -> None:
        """Remember it."""
        self._refused.setdefault(pim, []).append((now, password))

    def accepted(self, pim: str) -> None:
        """Forget what was refused."""
        self._refused.pop(pim, None)
