"""The console of each release, from master back to 1.7, each saying how it differs from the next newer one.

Read by the rows of the releases alone. Sources: `by-release.md` §1, `observed-older.md` §1.
"""

from dataclasses import replace
from typing import Final

from vault_pim.sandbox.akeneo.traits import ConsoleTraits

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

MASTER: Final = ConsoleTraits(
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
)
SEVEN: Final = replace(MASTER, commands=_COMMANDS)
SIX: Final = replace(SEVEN, connection_options=frozenset(("auditable",)), speaks=False)
FIVE: Final = replace(
    SIX,
    version="Symfony 4.4.25 (env: prod, debug: false)",
    error_style="box",
    client_insert="INSERT INTO pim_api_client (random_id, redirect_uris, secret, allowed_grant_types, label) "
    "VALUES (?, ?, ?, ?, ?)",
    user_arguments=(*_USER_ARGUMENTS, "locale"),
)
FOUR: Final = replace(
    FIVE,
    version="Symfony 4.4.18 (env: prod, debug: false)",
    log_level="ERROR",
    connection_options=frozenset(),
)
THREE: Final = replace(
    FOUR,
    commands=_FIRST_COMMANDS | {"pim:user:create"},
    version="Symfony 3.4.35 (kernel: app, env: prod, debug: false)",
    token_stores=("Access token", "Refresh token", "Auth code"),
    asks_pipes=False,
)
TWO: Final = replace(THREE, version="Symfony 3.4.28 (kernel: app, env: prod, debug: false)", user_arguments=())
ONE: Final = replace(
    TWO,
    commands=_FIRST_COMMANDS,
    version="Symfony version 2.7.48 - app/prod",
    log_level="",
    error_style="titled",
    usage_kind="RuntimeException",
    truncation_kind=r"Doctrine\DBAL\DBALException",
    namespaces=_FIRST_NAMESPACES,
    labels_by_option=True,
)
