"""Who read a value, by the log of a real audit device."""

from pathlib import Path

from tests.integration.conftest import MakeWorld
from tests.integration.vault_world import VaultWorld
from vault_pim.domain.secret import SecretStr
from vault_pim.sandbox.openbao import SandboxBao
from vault_pim.vault.audit_device import AuditTrail, audit_hash
from vault_pim.vault.kv import KeyValue

VALUE = "5lvy7yu3p3k8k4s0w8o0sk0ccoc8c0s08kcsc4wggwkso4wss0c"


def test_only_the_login_that_was_given_the_value_is_named(vault_world: MakeWorld, tmp_path: Path) -> None:
    """Who wrote it is told apart; who was refused, or read another value, is not in it."""
    with SandboxBao(tmp_path / "bao") as bao:
        _see_who_read(vault_world(server=bao), bao.audit_path)


def _see_who_read(world: VaultWorld, log: Path) -> None:
    erp, web, _ = world.connectors
    written = KeyValue(world.daemon, "pim")
    written.write("connectors/prod/erp", {"client_secret": VALUE}, cas=0)
    written.write("connectors/prod/web", {"client_secret": VALUE[::-1]}, cas=0)
    for connector in (erp, web):
        KeyValue(world.as_connector(connector), "pim").read(f"connectors/prod/{connector.id.name}")
    searched = audit_hash(world.admin, "main", SecretStr(VALUE))
    found = list(AuditTrail(log).accesses(holding={searched}))
    assert [(bool(one.given), one.role) for one in found] == [(False, "vault-pim-daemon"), (True, "vault-pim.prod.erp")]
    read = found[-1]
    assert (read.path, read.kv_version, read.namespace) == ("pim/data/connectors/prod/erp", 1, "")
    world.admin.request("POST", "auth/token/revoke-accessor", {"accessor": read.accessor})
