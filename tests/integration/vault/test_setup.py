"""`setup` against a real server: makes all, finds what differs, and is quiet when nothing does."""

from datetime import timedelta

from tests.integration.conftest import MakeWorld
from tests.integration.vault_world import a_connector
from vault_pim.domain.connector import AppRoleAccess
from vault_pim.vault.setup import plan_setup


def test_second_setup_has_nothing_to_change(vault_world: MakeWorld) -> None:
    """What was made is what is declared, whatever spelling Vault gives it back in."""
    bound = AppRoleAccess(secret_id_ttl=timedelta(days=7), bound_cidrs=("127.0.0.1/32", "10.0.0.0/8", "::1/128"))
    world = vault_world(a_connector("erp", approle=bound), a_connector("web"), a_connector("etl", approle=None))
    assert plan_setup(world.admin, world.layout, world.connectors) == []
