"""A connector's identity: its name, the names that follow from it, and by which methods it proves to be it.

Read by every room, and by each connector at its start, so kept apart from what is declared of connectors. Refuses names
that could not be part of a Vault path or of a PIM connection code.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from vault_pim.domain.errors import ConfigurationError

NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
NAME_LENGTH = 60
LABEL_PREFIX = "vp"


class Method(StrEnum):
    """A way to log in, by its key in the configuration."""

    APPROLE = "approle"
    KUBERNETES = "kubernetes"
    JWT = "jwt"
    CERTIFICATE = "certificate"


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
