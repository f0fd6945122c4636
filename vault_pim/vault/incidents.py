"""The records of incidents in the state mount, one text each, under check-and-set. The `IncidentStore` of `audit`,
which signs and checks what stands in them."""

from vault_pim.vault.kv import KeyValue
from vault_pim.vault.layout import INCIDENTS, Layout, incident
from vault_pim.vault.session import VaultSession

FIELD = "record"


class VaultIncidents:
    """Loads and saves the records."""

    def __init__(self, session: VaultSession, layout: Layout) -> None:
        self._kv = KeyValue(session, layout.state_mount)

    def names(self) -> tuple[str, ...]:
        """Every incident there is."""
        return self._kv.names(INCIDENTS)

    def load(self, name: str) -> tuple[str | None, int]:
        """The text, None where there is none yet, and its KV version."""
        entry = self._kv.read(incident(name))
        return (None if entry.data is None else str(entry.data[FIELD])), entry.kv_version

    def save(self, name: str, text: str, kv_version: int) -> int:
        """Write the text if its KV version is still `kv_version`; gives the new one.

        Raises:
            TakenOver: it is not.
        """
        return self._kv.write(incident(name), {FIELD: text}, cas=kv_version)
