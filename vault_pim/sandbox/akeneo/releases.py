"""The releases a sandbox PIM can be: one frozen row each, from master back to 1.7, each saying how it differs.

No surface compares release names; they ask the columns of `release`. Sources: `contracts/akeneo/observed.md` for 7.0
and master, `observed-older.md` for 5.0 and older, `by-release.md` for 6.0, which nobody has recorded.
"""

from dataclasses import replace
from typing import Final

from vault_pim.sandbox.akeneo import privileges as known
from vault_pim.sandbox.akeneo.release import (
    ApiTraits,
    ConnectionTraits,
    ConsoleTraits,
    LoginTraits,
    PasswordRule,
    Release,
    RoleTraits,
    UserTraits,
    WebTraits,
)

_SERVER_SESSION_CACHE: Final = "max-age=0, must-revalidate, private"
_UNSTORED_SESSION_CACHE: Final = "max-age=0, must-revalidate, no-store, private"
_CLIENT_COMMANDS: Final = frozenset(
    (
        "fos:oauth-server:clean",
        "fos:oauth-server:create-client",
        "pim:oauth-server:create-client",
        "pim:oauth-server:list-clients",
        "pim:oauth-server:revoke-client",
        "pim:system:information",
    )
)
_FIRST_COMMANDS: Final = _CLIENT_COMMANDS - {"fos:oauth-server:create-client"}
_FIRST_NAMESPACES: Final = (
    *("pim", "pim:system", "pim:oauth-server", "pim:product", "pim:mongodb", "pim:objects", "pim:product-template"),
    *("pim:completeness", "pim:connector", "pim:connector:analyzer", "pim:installer", "pim:reference-data"),
    "pim:versioning",
)
_STORES: Final = (
    r"FOS\OAuthServerBundle\Entity\AccessTokenManager",
    r"FOS\OAuthServerBundle\Entity\RefreshTokenManager",
    r"FOS\OAuthServerBundle\Entity\AuthCodeManager",
)
_USER_ARGUMENTS: Final = ("username", "password", "email", "firstName", "lastName")
_COMMANDS: Final = _CLIENT_COMMANDS | {"akeneo:connectivity-connection:create", "pim:user:create"}
_APP_PRIVILEGES: Final = frozenset(
    (
        "akeneo_connectivity_connection_manage_apps",
        "akeneo_connectivity_connection_manage_test_apps",
        "akeneo_connectivity_connection_open_apps",
    )
)
_EIGHT_LETTERS: Final = PasswordRule(8, "Password must contain at least 8 characters", "Passwords do not match")
_TWO_LETTERS: Final = PasswordRule(
    2, "This value is too short. It should have 2 characters or more.", "This value is not valid."
)
_JOB_VIEWER: Final = "pim_enrich_job_tracker_view_all_jobs"

_MASTER = Release(
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
        checks_json=True,
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
    console=ConsoleTraits(
        commands=_COMMANDS | {"pim:oauth-server:delete-expired-tokens"},
        version="Symfony 5.4.16 (env: prod, debug: false) #StandWithUkraine https://sf.to/ukraine",
        log_level="CRITICAL",
        error_style="line",
        usage_kind=r"Symfony\Component\Console\Exception\RuntimeException",
        truncation_kind=r"Doctrine\DBAL\Exception\DriverException",
        client_insert="INSERT INTO pim_api_client (random_id, redirect_uris, secret, allowed_grant_types, label, "
        "marketplace_public_app_id) VALUES (?, ?, ?, ?, ?, ?)",
        token_stores=_STORES,
        namespaces=(),
        asks_pipes=True,
        labels_by_option=False,
        connection_options=frozenset(("auditable", "user-group")),
        speaks=True,
        user_arguments=(*_USER_ARGUMENTS, "userDefaultLocaleCode"),
    ),
)
_SEVEN = replace(
    _MASTER,
    name="7.0",
    version="7.0.22",
    recorded="7.0.22",
    privileges=known.INTERFACE | known.WEB_API | known.CATALOGS,
    hidden=known.CATALOGS | known.CATEGORY_TEMPLATES | {"akeneo_connectivity_connection_manage_test_apps"},
    withheld=known.CATALOGS | _APP_PRIVILEGES | {_JOB_VIEWER},
    web=replace(_MASTER.web, grant_cache=_UNSTORED_SESSION_CACHE, refusal_cache=_SERVER_SESSION_CACHE),
    roles=replace(_MASTER.roles, states_reasons=True),
    users=replace(_MASTER.users, bare_password_changes=True),
    connections=replace(_MASTER.connections, apps_path="/rest/marketplace/test-apps", developer_mode=False),
    api=replace(
        _MASTER.api,
        absent_routes=("category_media_file_*",),
        unprotected=frozenset(("category",)),
        vague_refusals=frozenset(),
    ),
    console=replace(_MASTER.console, commands=_COMMANDS),
)
_SIX = replace(
    _SEVEN,
    name="6.0",
    version="6.0.90",
    recorded="",
    privileges=_SEVEN.privileges
    - known.CATALOGS
    - known.CATEGORY_TEMPLATES
    - {"akeneo_connectivity_connection_manage_test_apps"},
    hidden=frozenset(),
    web=replace(
        _SEVEN.web, api_cache=_SERVER_SESSION_CACHE, challenge_cache=_UNSTORED_SESSION_CACHE, checks_json=False
    ),
    login=replace(_SEVEN.login, lock_counts="passwords", strangers_see_form=False),
    roles=replace(_SEVEN.roles, crashes_on_unknown=False),
    connections=replace(_SEVEN.connections, limit=None, uuid_events=False, has_limit_page=False, apps_path=""),
    api=replace(
        _SEVEN.api,
        absent_routes=(*_SEVEN.api.absent_routes, "product_uuid_*", "product_model_delete"),
        unprotected=frozenset(),
        challenges=True,
        disabled_message="User account is disabled.",
    ),
    console=replace(_SEVEN.console, connection_options=frozenset(("auditable",)), speaks=False),
)
_FIVE = replace(
    _SIX,
    name="5.0",
    version="5.0.118",
    recorded="5.0.118",
    privileges=_SIX.privileges
    - _APP_PRIVILEGES
    - {"pim_api_product_edit", "pim_api_product_list", "pim_api_product_remove", "view_catalog_volume_monitoring"},
    web=replace(
        _SIX.web,
        cookie_attributes="path=/; HttpOnly",
        session_attributes="path=/; HttpOnly",
        session_cookie="used",
        early_cookie="",
        names_whole_urls=False,
    ),
    login=replace(_SIX.login, failure_keeps_cookies=True, masks_csrf=False, ended_forgets=True),
    roles=replace(
        _SIX.roles,
        shows_type=False,
        checks_code=False,
        in_use="You can not delete this role, otherwise some users will no longer have a role.",
    ),
    users=replace(
        _SIX.users,
        password=PasswordRule(1, "This value should not be blank.", "Passwords do not match"),
        new_password=PasswordRule(2, "Password must contains at least 2 characters", "Password does not match"),
        caps_password=False,
        username_path="[username]",
        shows_profile=False,
    ),
    connections=replace(_SIX.connections, shows_type=False, has_client_relics=True),
    api=replace(
        _SIX.api,
        system_information=False,
        dates_categories=False,
        unprotected=frozenset(("product",)),
        disabled_message="User account is locked.",
        grants_disabled=True,
    ),
    console=replace(
        _SIX.console,
        version="Symfony 4.4.25 (env: prod, debug: false)",
        error_style="box",
        client_insert="INSERT INTO pim_api_client (random_id, redirect_uris, secret, allowed_grant_types, label) "
        "VALUES (?, ?, ?, ?, ?)",
        user_arguments=(*_USER_ARGUMENTS, "locale"),
    ),
)
_FOUR = replace(
    _FIVE,
    name="4.0",
    version="4.0.125",
    recorded="4.0.125",
    privileges=_FIVE.privileges - known.SINCE_FIVE,
    withheld=frozenset(),
    login=replace(_FIVE.login, lock_counts="nothing", disabled_message="Account is locked."),
    users=replace(_FIVE.users, crashes_without_password=True),
    connections=replace(_FIVE.connections, auditable=False, events=False, audit_path="source-connections-event"),
    api=replace(_FIVE.api, absent_routes=(*_FIVE.api.absent_routes, "measurement_family_*"), legacy=""),
    console=replace(
        _FIVE.console,
        version="Symfony 4.4.18 (env: prod, debug: false)",
        log_level="ERROR",
        connection_options=frozenset(),
    ),
)
_THREE = replace(
    _FOUR,
    name="3.2",
    version="3.2.84",
    recorded="3.2.84",
    privileges=_FOUR.privileges - {"akeneo_connectivity_connection_manage_settings"} | known.CLIENT_SCREEN,
    web=replace(_FOUR.web, early_cookie="path=/; HttpOnly", types_empty_answers=True),
    login=replace(
        _FOUR.login,
        logout_drops_session=False,
        ended_forgets=False,
        ends_with_password=False,
        ends_with_name=False,
    ),
    connections=replace(_FOUR.connections, surface="clients", has_client_relics=False),
    api=replace(_FOUR.api, vague_about_products=False),
    console=replace(
        _FOUR.console,
        commands=_FIRST_COMMANDS | {"pim:user:create"},
        version="Symfony 3.4.35 (kernel: app, env: prod, debug: false)",
        token_stores=("Access token", "Refresh token", "Auth code"),
        asks_pipes=False,
    ),
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
    console=replace(_THREE.console, version="Symfony 3.4.28 (kernel: app, env: prod, debug: false)", user_arguments=()),
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
    console=replace(
        _TWO.console,
        commands=_FIRST_COMMANDS,
        version="Symfony version 2.7.48 - app/prod",
        log_level="",
        error_style="titled",
        usage_kind="RuntimeException",
        truncation_kind=r"Doctrine\DBAL\DBALException",
        namespaces=_FIRST_NAMESPACES,
        labels_by_option=True,
    ),
)

RELEASES: Final = {row.name: row for row in (_ONE, _TWO, _THREE, _FOUR, _FIVE, _SIX, _SEVEN, _MASTER)}
