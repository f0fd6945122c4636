"""What the AppRoles of vault-pim are declared to be, and how a role that was read differs from that.

Called by `setup`, which makes them, and by `access`, which watches them.
"""

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from vault_pim.domain.connector import AppRoleAccess
from vault_pim.vault.layout import CONNECTOR_POLICY, DAEMON

CONNECTOR_TOKEN_TTL = 3600
CONNECTOR_TOKEN_MAX_TTL = 86400
DAEMON_TOKEN_PERIOD = 3600
_CIDRS = frozenset({"secret_id_bound_cidrs", "token_bound_cidrs"})
_COMMON = {
    "bind_secret_id": True,
    "secret_id_num_uses": 0,
    "token_type": "service",  # batch tokens cannot be revoked
    "token_num_uses": 0,
    "token_explicit_max_ttl": 0,
    "token_no_default_policy": False,
}


def connector_role(access: AppRoleAccess) -> dict[str, Any]:
    """The role of a connector; seconds where Vault wants durations."""
    return _COMMON | {
        "token_policies": [CONNECTOR_POLICY],
        "token_ttl": CONNECTOR_TOKEN_TTL,
        "token_max_ttl": CONNECTOR_TOKEN_MAX_TTL,
        "token_period": 0,
        "secret_id_ttl": int(access.secret_id_ttl.total_seconds()),
        # both: the first refuses the login, the second makes a token useless elsewhere (contracts/openbao.md §B)
        "secret_id_bound_cidrs": list(access.bound_cidrs),
        "token_bound_cidrs": list(access.bound_cidrs),
    }


def daemon_role() -> dict[str, Any]:
    """The role of the daemon: a periodic token, which lives as long as it is renewed."""
    return _COMMON | {
        "token_policies": [DAEMON],
        "token_ttl": 0,
        "token_max_ttl": 0,
        "token_period": DAEMON_TOKEN_PERIOD,
        "secret_id_ttl": 0,
    }


def differing(declared: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields of a role that are not as declared."""
    return tuple(key for key, value in declared.items() if _plain(key, found.get(key)) != _plain(key, value))


def _plain(key: str, value: Any) -> Any:
    """A value in one spelling: Vault gives `127.0.0.1/32` back as `127.0.0.1`, and an empty list as null."""
    if key in _CIDRS:
        return sorted(str(ip_network(text, strict=False)) for text in value or ())
    return value or ()  # null, false, 0 and empty are one
