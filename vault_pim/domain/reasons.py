"""Why something is due, why nothing is, and why a person is needed. The values stand in audit lines and `--json`."""

from enum import StrEnum


class Reason(StrEnum):
    """One value for each answer to "why?"."""

    # why a new generation is planned
    NO_CURRENT = "no-current"
    REQUESTED = "requested"
    AGE = "age"
    CALENDAR = "calendar"
    MAX_AGE = "max-age"
    GONE_AT_PIM = "gone-at-pim"
    MECHANISM_CHANGED = "mechanism-changed"
    LABEL_CHANGED = "label-changed"
    HALF_REPLACED = "half-replaced"
    # why a generation moves on
    BROKEN_OFF = "broken-off"
    ISSUED = "issued"
    VERIFIED = "verified"
    GRACE_OVER = "grace-over"
    PICKED_UP = "picked-up"
    VERIFICATION_REFUSED = "verification-refused"
    REVOCATION_ASKED = "revocation-asked"
    # why surroundings are mended
    ROLE_DIFFERS = "role-differs"
    NOT_SERVED = "not-served"
    LOST = "lost"
    ACCESS_CUT = "access-cut"
    ORPHAN = "orphan"
    # why we wait
    NOT_DUE = "not-due"
    WINDOW_CLOSED = "window-closed"
    IN_GRACE = "in-grace"
    READERS_LATE = "readers-late"
    BACKING_OFF = "backing-off"
    TRIED_LATER = "tried-later"
    HELD_BY_ANOTHER = "held-by-another"
    CUT_OFF = "cut-off"
    FOR_DRILLS = "for-drills"
    NOT_CONFIGURED = "not-configured"
    PIM_SILENT = "pim-silent"
    STOPPING = "stopping"
    # why a person is needed
    DRILL_BROKEN_OFF = "drill-broken-off"
    FOREIGN_USER = "foreign-user"
    NO_FREE_SLOT = "no-free-slot"
    LABEL_TAKEN = "label-taken"
    ROLE_TAKEN = "role-taken"
    IN_PLACE_IMPOSSIBLE = "in-place-impossible"
    UNKNOWN_PERMISSION = "unknown-permission"
    SERVED_UNKNOWN = "served-unknown"
    STATE_WENT_BACK = "state-went-back"
    OVERDUE = "overdue"
    KEEPS_FAILING = "keeps-failing"
    STRANGER = "stranger"
    REAPPEARED = "reappeared"
    ACCESS_MISSING = "access-missing"
    GRACE_TOO_SHORT = "grace-too-short"
    LATE_READER = "late-reader"
    READERS_UNSEEN = "readers-unseen"
    SECRET_ID_ENDING = "secret-id-ending"  # noqa: S105 - no secret


SENTENCES: dict[Reason, str] = {
    Reason.NO_CURRENT: "no credential set is served yet",
    Reason.REQUESTED: "a rotation was asked for",
    Reason.AGE: "the current set has reached its rotation age",
    Reason.CALENDAR: "its rotation window is open",
    Reason.MAX_AGE: "the current set nears its max age",
    Reason.GONE_AT_PIM: "the current set no longer exists at the PIM",
    Reason.MECHANISM_CHANGED: "its PIM is to be used with another mechanism now",
    Reason.LABEL_CHANGED: "its label was changed in the configuration",
    Reason.HALF_REPLACED: "its replacement in place was broken off; the served set may be dead",
    Reason.BROKEN_OFF: "its making was broken off",
    Reason.ISSUED: "it is issued and not yet verified",
    Reason.VERIFIED: "it is verified and not yet served",
    Reason.GRACE_OVER: "its grace is over",
    Reason.PICKED_UP: "all its known readers have moved on",
    Reason.VERIFICATION_REFUSED: "it failed verification",
    Reason.REVOCATION_ASKED: "its revocation was asked for",
    Reason.ROLE_DIFFERS: "its role at the PIM differs from what is declared",
    Reason.NOT_SERVED: "the current set is not what its path serves",
    Reason.LOST: "the current set is lost",
    Reason.ACCESS_CUT: "its access to Vault is cut, though it is not revoked",
    Reason.ORPHAN: "a set that should be gone is still at the PIM",
    Reason.NOT_DUE: "nothing is due",
    Reason.WINDOW_CLOSED: "its rotation window is closed",
    Reason.IN_GRACE: "the former set is in its grace",
    Reason.READERS_LATE: "the former set is past its grace, and waits for readers who still use it",
    Reason.BACKING_OFF: "the last try failed; waiting before the next",
    Reason.TRIED_LATER: "something beside it failed and is tried again later; everything else is done",
    Reason.HELD_BY_ANOTHER: "another daemon or command works on it",
    Reason.CUT_OFF: "it was revoked; `vault-pim rotate` issues a new set",
    Reason.FOR_DRILLS: "it is there for drills alone; `vault-pim prove --drill`",
    Reason.DRILL_BROKEN_OFF: "a drill on it was broken off, and its set lives; run `vault-pim prove --drill` again",
    Reason.NOT_CONFIGURED: "it is no longer in the configuration",
    Reason.PIM_SILENT: "the PIM gives no answer",
    Reason.STOPPING: "vault-pim is about to stop; the next pass goes on",
    Reason.FOREIGN_USER: "a foreign user was let in through its client, so its client secret is in other hands",
    Reason.NO_FREE_SLOT: "the PIM has no free connection slot",
    Reason.LABEL_TAKEN: "something that we did not make holds the label",
    Reason.ROLE_TAKEN: "a role we did not make holds its name",
    Reason.IN_PLACE_IMPOSSIBLE: "this PIM has no connection that could be rotated in place",
    Reason.UNKNOWN_PERMISSION: "the PIM does not offer a declared permission",
    Reason.SERVED_UNKNOWN: "its path serves a generation that its state does not know",
    Reason.STATE_WENT_BACK: "its state in Vault is older than what was done since",
    Reason.KEEPS_FAILING: "it fails again and again; it is tried once an hour now",
    Reason.OVERDUE: "the current set is past its max age",
    Reason.STRANGER: "an object at the PIM has a label of ours, but we did not make it",
    Reason.REAPPEARED: "an upgrade of the PIM made a connection of its client",
    Reason.ACCESS_MISSING: "its entity or login in Vault is missing or differs",
    Reason.GRACE_TOO_SHORT: "its grace is too short for the access tokens of its PIM",
    Reason.LATE_READER: "a reader still uses a former set, though its grace is over",
    Reason.READERS_UNSEEN: "who uses the former set cannot be seen, so that its grace is waited for",
    Reason.SECRET_ID_ENDING: "its last secret-id ends soon, and nobody has renewed it",
}
