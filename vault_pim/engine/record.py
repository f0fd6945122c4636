"""Audit what is about to be done or was done; where the log cannot be written, only a revocation goes on."""

import logging

from vault_pim.domain.errors import AuditUnavailable
from vault_pim.domain.events import Event
from vault_pim.engine.tools import Tools

logger = logging.getLogger(__name__)


def record(tools: Tools, event: Event, *, urgent: bool) -> None:
    """Record an event.

    Args:
        urgent: it belongs to a revocation, which goes on all the same; this is said.

    Raises:
        AuditUnavailable: it could not be recorded, and is not urgent: nothing must be done.
    """
    try:
        tools.audit.record(event)
    except AuditUnavailable as error:
        if not urgent:
            raise
        logger.warning("%s; the revocation of %s goes on unrecorded", error.what, event.connector)
