"""What our own account at a PIM needs, and that nothing else is asked for."""

import pytest

from vault_pim.domain.connector import Mechanism
from vault_pim.pim.account import needed
from vault_pim.pim.releases import RELEASES
from vault_pim.sandbox.akeneo.releases import RELEASES as TRAITS

ROWS = {release.name: release for release in RELEASES}
POSSIBLE = [
    (name, mechanism)
    for name, row in ROWS.items()
    for mechanism in Mechanism
    if mechanism is not Mechanism.CONNECTIONS or row.connection_limit is not None
]


@pytest.mark.parametrize(("name", "mechanism"), POSSIBLE)
@pytest.mark.parametrize("console", [True, False])
def test_every_needed_privilege_is_one_the_release_knows(name: str, mechanism: Mechanism, console: bool) -> None:
    """Others would make the driver take the PIM for another one."""
    assert needed(ROWS[name], mechanism, console=console, user_groups=True) <= TRAITS[name].privileges


@pytest.mark.parametrize(
    ("name", "console", "groups", "extra"),
    [
        ("7.0", True, False, set()),
        ("7.0", True, True, {"pim_user_group_edit"}),
        ("3.2", True, False, set()),
        ("3.2", False, False, {"pim_enrich_api_connection_manage"}),
        ("2.3", True, False, {"pim_user_user_edit"}),
        ("1.7", True, False, {"pim_user_user_edit"}),
    ],
)
def test_users_and_clients_need_what_their_way_needs(name: str, console: bool, groups: bool, extra: set[str]) -> None:
    """The screen of clients only where it is used, the user form only where there is no other way."""
    common = {f"pim_user_role_{what}" for what in ("index", "create", "edit")}
    common |= {f"pim_user_user_{what}" for what in ("index", "create", "remove")}
    privileges = needed(ROWS[name], Mechanism.USER_AND_CLIENT, console=console, user_groups=groups)
    assert privileges == common | extra


def test_connections_need_no_right_over_users() -> None:
    """The PIM makes their users itself."""
    assert not [name for name in needed(ROWS["7.0"], Mechanism.CONNECTIONS) if "_user_user_" in name]
