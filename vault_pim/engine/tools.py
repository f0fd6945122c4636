"""What a pass works with: the ports of one PIM and of Vault, bundled. Built in assembly.py and nowhere else."""

from dataclasses import dataclass
from datetime import timedelta

from vault_pim.ports import Access, AuditLog, Clock, CredentialStore, Fingerprints, PimDriver, Readers, StateStore

HOLD = timedelta(seconds=60)
"""How long a connector stays ours after each save, on Vault's clock; a crashed holder delays others by no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The ports for the connectors of one PIM; `me` names this process as holder and in the audit log."""

    driver: PimDriver
    credentials: CredentialStore
    states: StateStore
    access: Access
    readers: Readers
    fingerprints: Fingerprints
    audit: AuditLog
    clock: Clock
    me: str
    hold: timedelta = HOLD
