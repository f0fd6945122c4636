"""What vault-pim's own account at a PIM must be allowed to do: exactly this and nothing else.

Asked by `driver` before anything is done, by `doctor` for what is missing or too much, and by the playground, whose
account holds just this. Reads nothing. Source: contracts/akeneo/by-release.md §2.7, §3.1 to §3.5.
"""

from typing import Final

from vault_pim.domain.connector import Mechanism
from vault_pim.pim.releases import Release

ROLES: Final = frozenset(("pim_user_role_index", "pim_user_role_create", "pim_user_role_edit"))
"""The role of each connector. Also lets an account give itself any right, so its password is an administrator's."""
CONNECTIONS: Final = frozenset(("akeneo_connectivity_connection_manage_settings",))
USERS: Final = frozenset(("pim_user_user_index", "pim_user_user_create", "pim_user_user_remove"))
USER_FORM: Final = frozenset(("pim_user_user_edit",))
"""Where users are made by a form, what the PIM kept is read from the page of the user."""
GROUPS: Final = frozenset(("pim_user_group_edit",))
"""Without it the group of a new user is dropped in silence; a connection's is not."""
CLIENT_SCREEN: Final = frozenset(("pim_enrich_api_connection_manage",))


def needed(
    release: Release, mechanism: Mechanism, *, console: bool = False, user_groups: bool = False
) -> frozenset[str]:
    """The privileges the account needs at a PIM of that release.

    Args:
        mechanism: how sets are made there.
        console: whether clients are made by the PIM's console.
        user_groups: whether a connector there has a group of its own.
    """
    if mechanism is Mechanism.CONNECTIONS:
        return ROLES | CONNECTIONS
    by_form = frozenset() if release.users_by_rest else USER_FORM
    by_screen = CLIENT_SCREEN if release.client_screen and not console else frozenset()
    return ROLES | USERS | by_form | by_screen | (GROUPS if user_groups else frozenset())
