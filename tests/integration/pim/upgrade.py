"""What an upgrade of a PIM from 3.x to 4.0 does to credentials, done to a sandbox PIM."""

import re
from dataclasses import fields

from vault_pim.sandbox.akeneo import users
from vault_pim.sandbox.akeneo.world import Connection, World
from vault_pim.sandbox.pim_server import SandboxPim


def upgrade(old: SandboxPim, new: SandboxPim) -> None:
    """Let a fresh PIM 4.0 go on where a PIM 3.2 was: every client becomes a connection with a user of its own, and
    the users and tokens from before stay as they were (contracts/akeneo/by-release.md §3.1)."""
    admin, rights = new.admin_username, {one.code: one.privileges for one in new.world.roles.values()}
    for one in fields(World):
        setattr(new.world, one.name, getattr(old.world, one.name))
    for role in new.world.roles.values():
        role.privileges |= rights.get(role.code, set())
    assert new.world.user_by_login(admin) is not None
    for client in new.world.clients.values():
        code = re.sub(r"\W", "_", client.label)
        name = f"{code}_{client.id:04d}"
        values = {"username": name, "email": f"{name}@example.com", "first_name": client.label, "last_name": " "}
        user = users.store(new._pim, users.new_user(new._pim, values, api_type=True))
        new.world.connections[code.lower()] = Connection(
            code=code, label=client.label, flow_type="other", client=client, user=user
        )
