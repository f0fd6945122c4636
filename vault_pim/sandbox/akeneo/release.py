"""One PIM release: what it is called, the privileges it knows, and its traits.

`releases` has one row per release; surfaces are handed theirs and ask it. None compares release names.
"""

from dataclasses import dataclass

from vault_pim.sandbox.akeneo.traits import (
    ApiTraits,
    ConnectionTraits,
    ConsoleTraits,
    LoginTraits,
    RoleTraits,
    UserTraits,
    WebTraits,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The capabilities of one PIM release.

    Attributes:
        name: how users call it (`4.0`, `master`).
        version: what it says itself.
        recorded: the release whose answers this row is held to; empty where it was written from documents alone.
        privileges: every privilege the PIM knows.
        hidden: the known privileges that the role form does not offer.
        withheld: the known privileges that the default roles do not hold.
    """

    name: str
    version: str
    recorded: str
    edition: str = "CE"
    privileges: frozenset[str]
    hidden: frozenset[str]
    withheld: frozenset[str]
    web: WebTraits
    login: LoginTraits
    roles: RoleTraits
    users: UserTraits
    connections: ConnectionTraits
    api: ApiTraits
    console: ConsoleTraits

    @property
    def offered(self) -> list[str]:
        """The privileges of the role form, in its order: those of the web API by object, overall access last."""
        return sorted(self.privileges - self.hidden, key=_form_order)

    @property
    def default_grants(self) -> frozenset[str]:
        """What each default role holds after an installation."""
        return self.privileges - self.withheld


def _form_order(privilege: str) -> tuple[bool, bool, list[str]]:
    return privilege.startswith("pim_api_"), privilege == "pim_api_overall_access", privilege.rsplit("_", 1)
