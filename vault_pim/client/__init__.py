"""The connector's side: a credential set from Vault, kept up to date, and tokens of the PIM made with it.

For programs that use the PIM (docs/how-to/connectors-in-python.md). Each name is loaded when it is first used, so that
nobody loads requests who uses httpx. Loads nothing that administers.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vault_pim.client.asynchronous import AsyncCredentialSource
    from vault_pim.client.httpx_auth import HttpxPimAuth
    from vault_pim.client.requests_auth import PimAuth
    from vault_pim.client.settings_source import CredentialSettingsSource
    from vault_pim.client.source import CredentialSource
    from vault_pim.domain.credentials import ServedSet
    from vault_pim.domain.errors import (
        BrokenSet,
        ConfigurationError,
        Intercepted,
        NoAnswer,
        NotAllowed,
        NotServed,
        PimNoAnswer,
        SetRefused,
        VaultLoginRefused,
        VaultNoAnswer,
        VaultPimError,
        VaultRefusal,
        VaultSealed,
    )

__all__ = [
    "AsyncCredentialSource",
    "BrokenSet",
    "ConfigurationError",
    "CredentialSettingsSource",
    "CredentialSource",
    "HttpxPimAuth",
    "Intercepted",
    "NoAnswer",
    "NotAllowed",
    "NotServed",
    "PimAuth",
    "PimNoAnswer",
    "ServedSet",
    "SetRefused",
    "VaultLoginRefused",
    "VaultNoAnswer",
    "VaultPimError",
    "VaultRefusal",
    "VaultSealed",
]

_HOMES = {
    "AsyncCredentialSource": "vault_pim.client.asynchronous",
    "CredentialSettingsSource": "vault_pim.client.settings_source",
    "CredentialSource": "vault_pim.client.source",
    "HttpxPimAuth": "vault_pim.client.httpx_auth",
    "PimAuth": "vault_pim.client.requests_auth",
    "ServedSet": "vault_pim.domain.credentials",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "vault_pim.domain.errors")), name)
