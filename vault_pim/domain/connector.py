"""Who is served: a connector, its identity, and the names that follow from it.

Read by every room. Refuses names that could not be part of a Vault path or of a PIM connection code.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from vault_pim.domain.access import DeclaredLogin
from vault_pim.domain.errors import ConfigurationError
from vault_pim.domain.policy import Policy

NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
NAME_LENGTH = 60
ROLE_LABEL_LENGTH = 25  # contracts/akeneo/observed.md §1 item 12: longer ones are refused silently
LABEL_PREFIX = "vp"
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


def check_name(kind: str, name: str) -> str:
    """Give back a name that is safe in a Vault path and in a PIM code.

    Raises:
        ConfigurationError: it is not lower-case letters, digits, single dashes or underscores, or is too long.
    """
    if len(name) > NAME_LENGTH or not NAME.fullmatch(name):
        raise ConfigurationError(
            f"{kind} name {name!r} is not allowed",
            why=f"a name is at most {NAME_LENGTH} lower-case letters, digits, single - or _, and begins with a letter",
            advice="Rename it in the configuration.",
        )
    return name


def role_code(label: str) -> str:
    """The code that a PIM makes of a role's label (contracts/akeneo/by-release.md, "Internal role name")."""
    code = re.sub(rb"[^A-Z0-9_-]", b"_", label.encode().upper()).decode("ascii")
    return code if code.startswith("ROLE_") else f"ROLE_{code}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ConnectorId:
    """A connector's identity: the PIM it calls and its own name. Written `<pim>/<connector>`."""

    pim: str
    name: str

    def __post_init__(self) -> None:
        check_name("PIM", self.pim)
        check_name("connector", self.name)

    def __str__(self) -> str:
        return f"{self.pim}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> "ConnectorId":
        """Read `<pim>/<connector>`.

        Raises:
            ConfigurationError: the text has another form.
        """
        pim, slash, name = text.partition("/")
        if not slash:
            raise ConfigurationError(f"{text!r} does not name a connector", advice="Write it as <pim>/<connector>.")
        return cls(pim=pim, name=name)

    @property
    def identity(self) -> str:
        """The entity and AppRole of this connector in Vault; no `/`, which the default policy cannot bear
        (contracts/openbao.md §B, "Tokens, AppRole, isolation")."""
        return f"vault-pim.{self.pim}.{self.name}"

    @property
    def label_stem(self) -> str:
        """What all labels of this connector at its PIM begin with; a connection code has no dash
        (contracts/akeneo/observed.md §4)."""
        return f"{LABEL_PREFIX}_{self.name.replace('-', '_')}"

    def label(self, number: int) -> str:
        """The name of one generation at the PIM."""
        return f"{self.label_stem}_{number}"

    def number_of(self, label: str) -> int | None:
        """The generation a label belongs to, or None if the label is not of this connector."""
        stem, _, digits = label.lower().rpartition("_")
        return int(digits) if stem == self.label_stem and digits.isascii() and digits.isdigit() else None


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
