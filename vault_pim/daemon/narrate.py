"""Tells the log and the metrics what the audit log is told: every step, once, with the same words.

Wrapped around the audit log by `fleet.py`. The audit log comes first; what it does not take is told nobody.
"""

import logging
from datetime import datetime

from vault_pim.daemon.metrics import Metrics
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.events import Event, Tag
from vault_pim.ports import AuditLog

logger = logging.getLogger(__name__)

_DONE = (Tag.STEP_DONE, Tag.MEND_DONE)
_FAILED = (Tag.STEP_FAILED, Tag.MEND_FAILED)


class Narrated:
    """The `AuditLog` of a daemon."""

    def __init__(self, audit: AuditLog, metrics: Metrics) -> None:
        self._audit = audit
        self._metrics = metrics

    def record(self, event: Event) -> None:
        """Record the event, then tell it.

        Raises:
            AuditUnavailable: it could not be recorded.
        """
        self._audit.record(event)
        known = {
            "connector": event.connector,
            "generation": event.generation,
            "step": event.step,
            "reason": event.reason,
        }
        outcome = None
        if event.tag in _DONE:
            outcome = "refused" if "refusal" in event.detail else "done"
        elif event.tag in _FAILED:
            outcome = "failed"
        if outcome and event.connector and event.step:
            self._metrics.stepped(event.connector.pim, event.step, outcome)
        why = event.detail.get("refusal") or event.detail.get("what")
        level = logging.WARNING if outcome in {"refused", "failed"} else logging.INFO if outcome else logging.DEBUG
        logger.log(level, "%s", event.tag, extra=known | {"outcome": outcome, "why": why})

    def revoked_at(self, connector: ConnectorId) -> datetime | None:
        """As the audit log knows it."""
        return self._audit.revoked_at(connector)
