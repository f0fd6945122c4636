"""The releases a sandbox PIM can be. The rows of those without connections, from 3.2 back to 1.7, stand here.

No surface compares release names; they ask the columns of their row. Source of these rows: `observed-older.md`.
"""

from dataclasses import replace
from typing import Final

from vault_pim.sandbox.akeneo import consoles
from vault_pim.sandbox.akeneo import privileges as known
from vault_pim.sandbox.akeneo.newer_releases import FIVE, FOUR, MASTER, SEVEN, SIX
from vault_pim.sandbox.akeneo.traits import PasswordRule

_TWO_LETTERS: Final = PasswordRule(
    2, "This value is too short. It should have 2 characters or more.", "This value is not valid."
)
_THREE = replace(
    FOUR,
    name="3.2",
    version="3.2.84",
    recorded="3.2.84",
    privileges=FOUR.privileges - {"akeneo_connectivity_connection_manage_settings"} | known.CLIENT_SCREEN,
    web=replace(FOUR.web, early_cookie="path=/; HttpOnly", types_empty_answers=True),
    login=replace(
        FOUR.login,
        logout_drops_session=False,
        ended_forgets=False,
        ends_with_password=False,
        ends_with_name=False,
    ),
    connections=replace(FOUR.connections, surface="clients", has_client_relics=False),
    api=replace(FOUR.api, vague_about_products=False),
    console=consoles.THREE,
)
_TWO = replace(
    _THREE,
    name="2.3",
    version="2.3.77",
    recorded="2.3.77",
    login=replace(_THREE.login, front_sees_form=True, ends_with_disabling=False),
    roles=replace(_THREE.roles, form="oro_user", has_rest_list=False, protects_default=False),
    users=replace(_THREE.users, surface="empty", password=_TWO_LETTERS, refuses_blanks=False),
    api=replace(_THREE.api, body_limit=None),
    console=consoles.TWO,
)
_ONE = replace(
    _TWO,
    name="1.7",
    version="1.7.41",
    recorded="1.7.41",
    privileges=_TWO.privileges - known.SINCE_TWO | known.VARIANT_GROUPS,
    web=replace(
        _TWO.web,
        form_title="Loading...",
        interface_cache="no-cache",
        api_cache="no-cache",
        grant_cache="no-store, private",
        refusal_cache="no-cache",
        challenge_cache="no-store, private",
        session_attributes="path=/",
        session_cookie="any",
        early_cookie="",
        allows_head=True,
        forgives_slash=False,
    ),
    login=replace(_TWO.login, anonymous_sees_form=False, front_sees_form=False),
    roles=replace(_TWO.roles, redirects=True, renames_code=True),
    users=replace(_TWO.users, surface="redirect", slash=""),
    connections=replace(_TWO.connections, surface=""),
    api=replace(
        _TWO.api,
        absent_routes=(
            *_TWO.api.absent_routes,
            *("currency_*", "measure_family_*", "attribute_group_*", "association_type_*", "family_variant_*"),
            *("product_model_*", "channel_create", "channel_partial_*", "attribute_option_partial_update_list"),
        ),
        tokens_know_client=False,
    ),
    console=consoles.ONE,
)

RELEASES: Final = {row.name: row for row in (_ONE, _TWO, _THREE, FOUR, FIVE, SIX, SEVEN, MASTER)}
