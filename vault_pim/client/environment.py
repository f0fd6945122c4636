"""Where Vault is and how a connector logs in, as its environment says.

Called by `source` and by the commands for connectors. The variables are those of `vault` and `bao`, and our own for the
login (docs/how-to/connectors-in-python.md, "Logging in"). Refuses to guess between two logins.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from vault_pim.domain.errors import ConfigurationError
from vault_pim.domain.identity import ConnectorId, Method
from vault_pim.vault.address import (
    AppRoleLogin,
    CertificateLogin,
    JwtLogin,
    KubernetesLogin,
    Login,
    TokenLogin,
    VaultAddress,
)
from vault_pim.vault.layout import Layout

PREFIX = "VAULT_PIM_"
REFRESH_VARIABLE = f"{PREFIX}REFRESH"
METHODS = ("token", "approle", "kubernetes", "jwt", "cert")
MOUNTED = {"kubernetes": Method.KUBERNETES, "jwt": Method.JWT, "cert": Method.CERTIFICATE}


def from_environment(connector: ConnectorId, environment: Mapping[str, str] = os.environ) -> VaultAddress:
    """Vault and the login of a connector.

    Raises:
        ConfigurationError: something is missing; it says which variable.
    """
    url = environment.get("VAULT_ADDR") or environment.get("BAO_ADDR")
    if not url:
        raise ConfigurationError("VAULT_ADDR is not set", advice="Set it to the address of Vault.")
    ca_cert = environment.get("VAULT_CACERT") or environment.get("BAO_CACERT")
    return VaultAddress(
        url=url,
        login=_login(connector, environment),
        namespace=environment.get("VAULT_NAMESPACE") or environment.get("BAO_NAMESPACE") or None,
        ca_cert=Path(ca_cert) if ca_cert else None,
    )


def refresh_from_environment(environment: Mapping[str, str] = os.environ) -> timedelta | None:
    """How often to look for a newer set, None where the environment does not say.

    Raises:
        ConfigurationError: it says no duration.
    """
    text = environment.get(REFRESH_VARIABLE)
    if not text:
        return None
    from vault_pim.domain.wording import read_duration  # noqa: PLC0415 - seldom said

    refresh = read_duration(text)
    if not refresh:
        raise ConfigurationError(f"{REFRESH_VARIABLE} is {text!r}", advice="Write a duration such as PT30S.")
    return refresh


def _login(connector: ConnectorId, environment: Mapping[str, str]) -> Login:
    given = {name.removeprefix(PREFIX).lower(): value for name, value in environment.items() if value}
    method = given.get("auth") or _implied(environment, given)
    mount = given.get("auth_mount") or Layout().login_mount(connector, MOUNTED.get(method, Method.APPROLE))
    role = given.get("auth_role") or connector.identity

    def file(name: str) -> Path:
        if name not in given:
            raise ConfigurationError(
                f"{PREFIX}{name.upper()} is not set", why=f"the login method is {method}", advice="Name the file."
            )
        return Path(given[name])

    match method:
        case "token":
            return TokenLogin(token_file=Path(given["token_file"]) if "token_file" in given else None)
        case "approle":
            wrapping = given.get("wrapping_token_file")
            return AppRoleLogin(
                role_id_file=file("role_id_file"),
                secret_id_file=file("secret_id_file"),
                mount=mount,
                wrapping_token_file=Path(wrapping) if wrapping else None,
                renew=given.get("secret_id_renew", "").lower() in {"1", "true", "yes"},
            )
        case "kubernetes" if "jwt_file" in given:
            return KubernetesLogin(mount=mount, role=role, token_file=file("jwt_file"))
        case "kubernetes":
            return KubernetesLogin(mount=mount, role=role)
        case "jwt":
            return JwtLogin(mount=mount, role=role, token_file=file("jwt_file"))
        case "cert":
            return CertificateLogin(mount=mount, role=role, cert_file=file("cert_file"), key_file=file("key_file"))
        case _:
            raise ConfigurationError(f"{PREFIX}AUTH is {method!r}", advice=f"Set it to one of {', '.join(METHODS)}.")


def _implied(environment: Mapping[str, str], given: Mapping[str, str]) -> str:
    """The method that the other variables speak of."""
    spoken = {
        "approle": "role_id_file" in given or "secret_id_file" in given,
        "token": bool(environment.get("VAULT_TOKEN")) or "token_file" in given,
        "jwt": "jwt_file" in given,
        "cert": "cert_file" in given,
    }
    found = [method for method, is_meant in spoken.items() if is_meant]
    if len(found) != 1:
        raise ConfigurationError(
            f"{PREFIX}AUTH is not set",
            why=f"variables of more than one login are set: {', '.join(found)}" if found else "no login is given",
            advice=f"Set {PREFIX}AUTH to one of {', '.join(METHODS)}, or VAULT_TOKEN alone.",
        )
    return found[0]
