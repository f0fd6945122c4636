"""One PIM as a whole, freshly installed: what every rule and every surface is handed."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from vault_pim.sandbox.akeneo.catalogue import Catalogue
from vault_pim.sandbox.akeneo.clock import MovableClock
from vault_pim.sandbox.akeneo.release import Release
from vault_pim.sandbox.akeneo.sessions import Sessions
from vault_pim.sandbox.akeneo.values import Mint
from vault_pim.sandbox.akeneo.world import USER_PROPERTIES, Group, Role, User, World

DEFAULT_ROLE = "ROLE_USER"
DEFAULT_GROUP = "All"
ACCESS_LIFETIME: Final = timedelta(seconds=3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pim:
    """A PIM of one release with its state.

    Attributes:
        access_token_lifetime: how long a granted access token lives; integrators change it, whole seconds.
    """

    release: Release
    clock: MovableClock
    mint: Mint
    world: World
    sessions: Sessions
    catalogue: Catalogue
    access_token_lifetime: timedelta


def install(
    release: Release,
    *,
    admin_username: str,
    admin_password: str,
    marker: str = "",
    access_token_lifetime: timedelta = ACCESS_LIFETIME,
) -> Pim:
    """A PIM as the installer leaves it: default roles and groups, one administrator, the minimal catalogue.

    Every default role holds nearly everything (observed.md §12 item 11).
    """
    clock, world = MovableClock(), World()
    mint = Mint(clock, marker)
    for label in ("Administrator", "Catalog manager", "User"):
        code = "ROLE_" + label.upper().replace(" ", "_")
        role = Role(id=world.next_id("role"), code=code, label=label, privileges=set(release.default_grants))
        world.roles[role.id] = role
    for name in ("IT support", "Manager", "Redactor", DEFAULT_GROUP):
        group = Group(id=world.next_id("group"), name=name)
        world.groups[group.id] = group
    pim = Pim(
        release=release, clock=clock, mint=mint, world=world, sessions=Sessions(world, clock, mint, release.login),
        catalogue=Catalogue(clock.now(), dates_categories=release.api.dates_categories),
        access_token_lifetime=access_token_lifetime,
    )  # fmt: skip
    admin = add_user(pim, admin_username, admin_password, world.roles[1])
    admin.groups = list(world.groups.values())
    return pim


def add_user(pim: Pim, username: str, password: str, role: Role) -> User:
    """A user of the interface, made past all rules, as the installer makes one."""
    now, world = pim.clock.now(), pim.world
    user = User(
        id=world.next_id("user"), username=username, email=f"{username}@example.com", created=now, updated=now,
        roles=[role], groups=[group for group in world.groups.values() if group.name == DEFAULT_GROUP],
        properties=dict(USER_PROPERTIES) | {"first_name": "Ad", "last_name": "Min"},
    )  # fmt: skip
    user.set_password(password)
    world.users[user.id] = user
    return user
