"""What counts as a difference between a declared role and the one Vault gives back."""

from datetime import timedelta

import pytest

from vault_pim.domain.access import AppRoleAccess
from vault_pim.domain.connector import ConnectorId
from vault_pim.vault.layout import Layout
from vault_pim.vault.logins import differing, login_mount

BOUND = AppRoleAccess(secret_id_ttl=timedelta(days=7), bound_cidrs=("127.0.0.1/32", "10.0.0.0/8"))
DECLARED = login_mount(Layout(), ConnectorId(pim="prod", name="erp"), BOUND).role


@pytest.mark.parametrize(
    "spelling",
    [
        {},
        {"token_bound_cidrs": ["127.0.0.1", "10.0.0.0/8"]},
        {"token_bound_cidrs": ["10.0.0.0/8", "127.0.0.1"]},
        {"token_period": None, "token_num_uses": None},
        {"local_secret_ids": False, "a_field_of_a_later_release": 1},
    ],
)
def test_other_spelling_of_the_same_is_no_difference(spelling: dict[str, object]) -> None:
    """contracts/openbao.md §B: an address without its mask, lists in any order, null for nothing."""
    assert differing(DECLARED, {**DECLARED, **spelling}) == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("token_policies", ["vault-pim-connector", "more"]),
        ("token_policies", None),
        ("secret_id_ttl", 0),
        ("secret_id_bound_cidrs", []),
        ("token_bound_cidrs", ["127.0.0.1", "10.0.0.0/7"]),
        ("bind_secret_id", False),
        ("token_type", "batch"),
    ],
)
def test_role_that_permits_more_differs(key: str, value: object) -> None:
    """Each is a way in, or a way to stay, that was not declared."""
    assert differing(DECLARED, {**DECLARED, key: value}) == (key,)
