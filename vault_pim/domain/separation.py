"""What is known of how far one credential set reaches, and what is concluded from it. Holds no secret.

Gathered by the engine, judged by `lifecycle/separation.py`, shown by `prove`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from vault_pim.domain.connector import Connector, ConnectorId, Mechanism
from vault_pim.domain.facts import AccessSight
from vault_pim.domain.generation import Generation
from vault_pim.domain.outcomes import Refused, Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAtPim:
    """One set as its PIM shows it.

    Attributes:
        client_id: None where no client of it is there.
        roles: names of its user's roles.
        groups: names of its user's groups besides `All`.
        permissions: all that those roles grant.
        sharing: other users with one of those roles, as far as our account may see users.
    """

    client_id: str | None
    username: str
    roles: frozenset[str]
    groups: frozenset[str]
    permissions: frozenset[str]
    sharing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a connector's own login opens in Vault.

    Attributes:
        own: whether its own path lets it in.
        opened: paths that must not let it in, and do.
        refused: connectors whose paths refuse it: their sets, served and held, and what makes a login as them; by
            Vault's own reckoning of its capabilities.
        tried: at how many of these it really asked for the set.
    """

    own: bool
    opened: tuple[str, ...]
    refused: frozenset[ConnectorId]
    tried: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """What came of one set's own secrets at another's door at the PIM.

    Attributes:
        opened: what let them in.
        unsaid: what refused them for another reason than the secrets, which shows nothing.
    """

    opened: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything gathered of one connector's served set.

    Attributes:
        at_pim: None where the PIM shows nothing under its label.
        login: it logs in, may do what is declared, and is refused something else.
        neighbour: the connector at whose door at the PIM it was tried; None where it is alone there.
        knock: what came of that.
        reach: or why it could not be seen.
        fingerprints: of its secrets.
        given: those of the set that its path gives; None if that gives no whole one.
        differing: the fields in which that set is not the one that was issued.
    """

    connector: Connector
    generation: Generation
    at_pim: SetAtPim | None
    login: Verification
    neighbour: ConnectorId | None
    knock: Knock
    access: AccessSight
    reach: Reach | Refused
    fingerprints: Mapping[str, str]
    given: Mapping[str, str] | None
    differing: tuple[str, ...] = ()


class Claim(StrEnum):
    """What is to be shown of a set."""

    IDENTITY = "own-identity-in-vault"
    OWN_PATH = "opens-own-path"
    OWN_SET = "own-path-gives-own-set"
    FOREIGN_PATHS = "refused-on-other-paths"
    CLIENT_AND_USER = "own-client-and-user"
    ROLE = "own-role"
    PERMISSIONS = "permissions-as-declared"
    GROUP = "group-as-declared"
    LOGIN = "opens-own-door-at-the-pim"
    FOREIGN_LOGIN = "refused-at-another-door"
    SECRETS = "own-secrets"


class Verdict(StrEnum):
    """How a claim stands; UNPROVEN: it could not be tried."""

    PROVEN = "proven"
    BROKEN = "broken"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One claim, how it stands, and what was seen."""

    claim: Claim
    verdict: Verdict
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One connector's claims."""

    id: ConnectorId
    generation: int
    mechanism: Mechanism
    checks: tuple[Checked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Untried:
    """Why a connector was not tried; `verdict` is UNPROVEN where that leaves open what it opens, else None."""

    why: str
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Whether one connector's set opens nothing of another's; `why` where it does, or could not be shown not to."""

    of: ConnectorId
    to: ConnectorId
    verdict: Verdict
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a PIM itself does not keep apart.

    Attributes:
        bits: what one who holds another set has left to guess; None where nothing is to be guessed.
        on_average: how long that takes at the PIM; None where nothing is to be guessed, or past all ages.
    """

    what: str
    bits: int | None = None
    on_average: timedelta | None = None
