"""Who is served: a connector as declared. Read by every room that administers; its identity stands in `identity`."""

import re
from dataclasses import dataclass
from enum import StrEnum

from vault_pim.domain.access import DeclaredLogin
from vault_pim.domain.errors import ConfigurationError
from vault_pim.domain.identity import NAME, NAME_LENGTH, ConnectorId, check_name
from vault_pim.domain.policy import Policy

__all__ = [
    "NAME",
    "NAME_LENGTH",
    "OVERALL_ACCESS",
    "ROLE_LABEL_LENGTH",
    "Connector",
    "ConnectorId",
    "FlowType",
    "Mechanism",
    "Rotation",
    "check_name",
    "role_code",
]

ROLE_LABEL_LENGTH = 25  # contracts/akeneo/observed.md §1 item 12: longer ones are refused silently
OVERALL_ACCESS = "pim_api_overall_access"


class FlowType(StrEnum):
    """What a connection does, in the PIM's own words (contracts/akeneo/observed.md §4)."""

    DATA_SOURCE = "data_source"
    DATA_DESTINATION = "data_destination"
    OTHER = "other"


class Mechanism(StrEnum):
    """How credential sets are made at a PIM."""

    CONNECTIONS = "connections"
    USER_AND_CLIENT = "user_and_client"


class Rotation(StrEnum):
    """How a set is replaced: beside its successor, which fails no call, or in its own connection, which keeps its code
    and ends the former set before the new one can be read."""

    OVERLAP = "overlap"
    IN_PLACE = "in-place"


def role_code(label: str) -> str:
    """The code that a PIM makes of a role's label (contracts/akeneo/by-release.md, "Internal role name")."""
    code = re.sub(rb"[^A-Z0-9_-]", b"_", label.encode().upper()).decode("ascii")
    return code if code.startswith("ROLE_") else f"ROLE_{code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """A program that uses the PIM's API and owns one credential set, as declared.

    Attributes:
        label: what people call it; also the name of its role at the PIM (at most 25 characters).
        permissions: the Web API privileges it may have, exactly; overall access is always among them.
        user_group: name of the PIM user group its API user belongs to besides `All`, or None.
        owner: whom to tell, or None.
        logins: how it logs in to Vault, at most one of each method.
        rotation: how its sets are replaced.
        drill: nobody uses it; it has a set only while a revocation is rehearsed on it.
    """

    id: ConnectorId
    label: str
    flow_type: FlowType
    permissions: frozenset[str]
    user_group: str | None
    policy: Policy
    owner: str | None
    logins: tuple[DeclaredLogin, ...]
    rotation: Rotation = Rotation.OVERLAP
    drill: bool = False

    def __post_init__(self) -> None:
        if self.label != self.label.strip() or not 1 <= len(self.label) <= ROLE_LABEL_LENGTH:
            raise ConfigurationError(
                f"label {self.label!r} of connector {self.id} is not allowed",
                why=f"it names the connector's role at the PIM, which takes 1 to {ROLE_LABEL_LENGTH} characters and "
                "keeps no space around them",
                advice="Shorten or trim the label.",
            )
        if not self.permissions:
            raise ConfigurationError(
                f"connector {self.id} declares no permission",
                advice=f"List what it may do under permissions, at least {OVERALL_ACCESS}.",
            )
        if OVERALL_ACCESS not in self.permissions:
            raise ConfigurationError(
                f"connector {self.id} lacks {OVERALL_ACCESS}",
                why="without it the PIM refuses every API call",
                advice=f"Add {OVERALL_ACCESS} to its permissions.",
            )
