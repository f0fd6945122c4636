"""The releases with connections, from master back to 4.0: one frozen row each, each saying how it differs.

Read by `releases`. Sources: `contracts/akeneo/observed.md` for 7.0 and master, `observed-older.md` for 5.0 and 4.0,
`by-release.md` for 6.0, which nobody has recorded.
"""

from dataclasses import replace
from typing import Final

from vault_pim.sandbox.akeneo import consoles
from vault_pim.sandbox.akeneo import privileges as known
from vault_pim.sandbox.akeneo.release import Release
from vault_pim.sandbox.akeneo.traits import (
    ApiTraits,
    ConnectionTraits,
    LoginTraits,
    PasswordRule,
    RoleTraits,
    UserTraits,
    WebTraits,
)

_SERVER_SESSION_CACHE: Final = "max-age=0, must-revalidate, private"
_UNSTORED_SESSION_CACHE: Final = "max-age=0, must-revalidate, no-store, private"
_APP_PRIVILEGES: Final = frozenset(
    (
        "akeneo_connectivity_connection_manage_apps",
        "akeneo_connectivity_connection_manage_test_apps",
        "akeneo_connectivity_connection_open_apps",
    )
)
_EIGHT_LETTERS: Final = PasswordRule(8, "Password must contain at least 8 characters", "Passwords do not match")
_JOB_VIEWER: Final = "pim_enrich_job_tracker_view_all_jobs"

MASTER = Release(
    name="master",
    version="master",
    recorded="master-2024-04",
    privileges=known.INTERFACE
    | known.WEB_API
    | known.MASS_DELETE
    | known.IDENTIFIER_GENERATOR
    | {"pim_reset_instance"},
    hidden=known.IDENTIFIER_GENERATOR | {"pim_reset_instance"},
    withheld=_APP_PRIVILEGES | {_JOB_VIEWER, "pim_identifier_generator_manage"},
    web=WebTraits(
        form_title="",
        interface_cache=_SERVER_SESSION_CACHE,
        api_cache="no-cache, private",
        grant_cache="no-store, private",
        refusal_cache="no-cache, private",
        challenge_cache="no-cache, private",
        cookie_attributes="path=/; httponly; samesite=lax",
        session_attributes="path=/; httponly; samesite=lax",
        session_cookie="new",
        early_cookie="path=/; HttpOnly; SameSite=lax",
        types_empty_answers=False,
        names_whole_urls=True,
        allows_head=False,
        forgives_slash=True,
    ),
    login=LoginTraits(
        anonymous_sees_form=True,
        front_sees_form=False,
        lock_counts="failures",
        strangers_see_form=True,
        failure_keeps_cookies=False,
        logout_drops_session=True,
        disabled_message="Invalid credentials.",
        masks_csrf=True,
        ended_forgets=False,
        ends_with_password=True,
        ends_with_name=True,
        ends_with_disabling=True,
    ),
    roles=RoleTraits(
        form="pim_user",
        redirects=False,
        states_reasons=False,
        crashes_on_unknown=True,
        has_rest_list=True,
        shows_type=True,
        renames_code=False,
        checks_code=True,
        protects_default=True,
        in_use="You can not delete this role because it is used by either users or connections.",
    ),
    users=UserTraits(
        surface="rest",
        slash="/",
        password=_EIGHT_LETTERS,
        new_password=_EIGHT_LETTERS,
        crashes_without_password=False,
        caps_password=True,
        bare_password_changes=False,
        username_path="username",
        shows_profile=True,
        refuses_blanks=True,
    ),
    connections=ConnectionTraits(
        surface="connections",
        limit=50,
        auditable=True,
        shows_type=True,
        events=True,
        uuid_events=True,
        has_limit_page=True,
        audit_path="weekly",
        has_client_relics=False,
        apps_path="/rest/custom-apps",
        developer_mode=True,
    ),
    api=ApiTraits(
        absent_routes=(),
        legacy="legacy_",
        system_information=True,
        unprotected=frozenset(),
        dates_categories=True,
        vague_about_products=True,
        vague_refusals=frozenset(("category",)),
        body_limit=300,
        challenges=False,
        disabled_message="Bad credentials.",
        grants_disabled=False,
        tokens_know_client=True,
    ),
    console=consoles.MASTER,
)
SEVEN = replace(
    MASTER,
    name="7.0",
    version="7.0.22",
    recorded="7.0.22",
    privileges=known.INTERFACE | known.WEB_API | known.CATALOGS,
    hidden=known.CATALOGS | known.CATEGORY_TEMPLATES | {"akeneo_connectivity_connection_manage_test_apps"},
    withheld=known.CATALOGS | _APP_PRIVILEGES | {_JOB_VIEWER},
    web=replace(MASTER.web, grant_cache=_UNSTORED_SESSION_CACHE, refusal_cache=_SERVER_SESSION_CACHE),
    roles=replace(MASTER.roles, states_reasons=True),
    users=replace(MASTER.users, bare_password_changes=True),
    connections=replace(MASTER.connections, apps_path="/rest/marketplace/test-apps", developer_mode=False),
    api=replace(
        MASTER.api,
        absent_routes=("category_media_file_*",),
        unprotected=frozenset(("category",)),
        vague_refusals=frozenset(),
    ),
    console=consoles.SEVEN,
)
SIX = replace(
    SEVEN,
    name="6.0",
    version="6.0.90",
    recorded="",
    privileges=SEVEN.privileges
    - known.CATALOGS
    - known.CATEGORY_TEMPLATES
    - {"akeneo_connectivity_connection_manage_test_apps"},
    hidden=frozenset(),
    web=replace(SEVEN.web, api_cache=_SERVER_SESSION_CACHE, challenge_cache=_UNSTORED_SESSION_CACHE),
    login=replace(SEVEN.login, lock_counts="passwords", strangers_see_form=False),
    roles=replace(SEVEN.roles, crashes_on_unknown=False),
    connections=replace(SEVEN.connections, limit=None, uuid_events=False, has_limit_page=False, apps_path=""),
    api=replace(
        SEVEN.api,
        absent_routes=(*SEVEN.api.absent_routes, "product_uuid_*", "product_model_delete"),
        unprotected=frozenset(),
        dates_categories=False,
        challenges=True,
        disabled_message="User account is disabled.",
    ),
    console=consoles.SIX,
)
FIVE = replace(
    SIX,
    name="5.0",
    version="5.0.118",
    recorded="5.0.118",
    privileges=SIX.privileges
    - _APP_PRIVILEGES
    - {"pim_api_product_edit", "pim_api_product_list", "pim_api_product_remove", "view_catalog_volume_monitoring"},
    web=replace(
        SIX.web,
        cookie_attributes="path=/; HttpOnly",
        session_attributes="path=/; HttpOnly",
        session_cookie="used",
        early_cookie="",
        names_whole_urls=False,
    ),
    login=replace(SIX.login, failure_keeps_cookies=True, masks_csrf=False, ended_forgets=True),
    roles=replace(
        SIX.roles,
        shows_type=False,
        checks_code=False,
        in_use="You can not delete this role, otherwise some users will no longer have a role.",
    ),
    users=replace(
        SIX.users,
        password=PasswordRule(1, "This value should not be blank.", "Passwords do not match"),
        new_password=PasswordRule(2, "Password must contains at least 2 characters", "Password does not match"),
        caps_password=False,
        username_path="[username]",
        shows_profile=False,
    ),
    connections=replace(SIX.connections, shows_type=False, has_client_relics=True),
    api=replace(
        SIX.api,
        system_information=False,
        unprotected=frozenset(("product",)),
        disabled_message="User account is locked.",
        grants_disabled=True,
    ),
    console=consoles.FIVE,
)
FOUR = replace(
    FIVE,
    name="4.0",
    version="4.0.125",
    recorded="4.0.125",
    privileges=FIVE.privileges - known.SINCE_FIVE,
    withheld=frozenset(),
    login=replace(FIVE.login, lock_counts="nothing", disabled_message="Account is locked."),
    users=replace(FIVE.users, crashes_without_password=True),
    connections=replace(FIVE.connections, auditable=False, events=False, audit_path="source-connections-event"),
    api=replace(FIVE.api, absent_routes=(*FIVE.api.absent_routes, "measurement_family_*"), legacy=""),
    console=consoles.FOUR,
)
