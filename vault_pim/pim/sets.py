"""What a mechanism is to `driver`: credential sets looked for, made and deleted. Implemented by `connections` and
`user_and_client`; everything else (roles, verification, proof) is the same for both."""

from dataclasses import dataclass
from typing import Protocol

from vault_pim.domain.connector import Connector
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.facts import Sighting
from vault_pim.domain.generation import Generation
from vault_pim.pim.shapes import GroupRow, RoleRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The sets at a PIM; `free_slots` is None where there is no limit."""

    sightings: tuple[Sighting, ...]
    free_slots: int | None


class Sets(Protocol):
    """One mechanism at one PIM."""

    def look(self) -> Seen:
        """Look at every set."""
        ...

    def traces(self) -> tuple[Sighting, ...]:
        """What is left of sets at a PIM where another mechanism has taken over."""
        ...

    def issue(
        self, connector: Connector, generation: Generation, *, role: RoleRow, group: GroupRow | None, base_url: str
    ) -> CredentialSet:
        """Make the set, in its role and group before anyone could use it; see `PimDriver.issue`."""
        ...

    def delete(self, generation: Generation) -> None:
        """Delete the set; see `PimDriver.delete`."""
        ...
