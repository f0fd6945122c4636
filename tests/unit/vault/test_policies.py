"""The policies as they stand in config/policies/ are those that `setup` writes."""

from pathlib import Path

import pytest

from vault_pim.vault.layout import CONNECTOR_POLICY, DAEMON, Layout
from vault_pim.vault.policies import connector_policy, daemon_policy

POLICIES = Path(__file__).parents[3] / "config" / "policies"


@pytest.mark.parametrize(
    ("name", "rendered"), [(DAEMON, daemon_policy(Layout())), (CONNECTOR_POLICY, connector_policy(Layout()))]
)
def test_policy_file_is_the_rendered_default(name: str, rendered: str) -> None:
    """What an administrator reads before `setup` is what `setup` does."""
    assert (POLICIES / f"{name}.hcl").read_text() == rendered


def test_policy_of_other_mounts_names_no_default_mount() -> None:
    """Every path follows the configuration."""
    layout = Layout(credentials_mount="c", state_mount="s", connectors_auth="a")
    text = daemon_policy(layout) + connector_policy(layout)
    assert not any(word in text for word in ('"pim/', '"pim-state/', "auth/vault-pim/"))
