"""What stands in the audit log: one event before an act, one after it. Holds no secret."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from vault_pim.domain.connector import ConnectorId


class Tag(StrEnum):
    """`subject:action[:outcome]`, to be searched for."""

    STEP_BEGUN = "generation:step:begun"
    STEP_DONE = "generation:step:done"
    STEP_FAILED = "generation:step:failed"
    MEND_BEGUN = "surroundings:mend:begun"
    MEND_DONE = "surroundings:mend:done"
    MEND_FAILED = "surroundings:mend:failed"
    ROTATION_ASKED = "rotation:asked"
    REVOCATION_ASKED = "revocation:asked"
    REVOCATION_RESUMED = "revocation:resumed"
    BREAKGLASS_ASKED = "breakglass:asked"
    BREAKGLASS_BEGUN = "breakglass:begun"
    BREAKGLASS_CUT = "breakglass:cut"
    BREAKGLASS_FAILED = "breakglass:failed"
    SECRET_ID_ASKED = "secret-id:asked"  # noqa: S105 - no secret
    SECRET_ID_WRAPPED = "secret-id:wrapped"  # noqa: S105 - no secret
    SECRET_ID_INTERCEPTED = "secret-id:intercepted"  # noqa: S105 - no secret
    BREAKGLASS_EXPORTED = "breakglass:exported"
    DRILL_DONE = "drill:done"
    CHECKPOINT = "audit:checkpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the audit log.

    Attributes:
        by: who acted: the holder's name (daemon or command, host, process id).
        incident: the name of the incident that it belongs to.
        detail: further facts, all strings, none secret.
    """

    at: datetime
    tag: Tag
    by: str
    connector: ConnectorId | None = None
    generation: int | None = None
    step: str | None = None
    reason: str | None = None
    incident: str | None = None
    detail: dict[str, str] = field(default_factory=dict)
