"""What a valid configuration names but this machine does not offer to this account: secret files, CA files, audit
folder.

Called by `vault-pim config check` and by `doctor`. Looks at files, reads none, connects to nothing.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from vault_pim.domain.errors import ConfigurationError
from vault_pim.secret_files import check_secret_file
from vault_pim.settings.loading import Settings
from vault_pim.settings.logins import CertificateLogin, TokenLogin
from vault_pim.settings.problems import Key, Problem


def findings(settings: Settings) -> tuple[Problem, ...]:
    """Everything that would fail when it is used, in the order of the configuration."""
    return (*_secrets(settings), *_authorities(settings), *_audit(settings))


def _secrets(settings: Settings) -> Iterator[Problem]:
    auth = settings.vault.auth
    keys = [key for key in type(auth).model_fields if key.endswith("_file") and key != "cert_file"]
    named: dict[Key, Path] = {("vault", "auth", key): path for key in keys if (path := getattr(auth, key))}
    if isinstance(auth, TokenLogin) and not named and not os.environ.get("VAULT_TOKEN"):
        advice = "Set it before vault-pim starts, or name a token_file."
        yield settings.places.problem(("vault", "auth"), "the environment variable VAULT_TOKEN is not set", advice)
    for name, pim in settings.pims.items():
        named["pims", name, "web", "password_file"] = pim.web.password_file
    for key, path in named.items():
        try:
            check_secret_file(path)
        except ConfigurationError as error:
            yield settings.places.problem(key, f"{error.what}: {error.why}" if error.why else error.what, error.advice)


def _authorities(settings: Settings) -> Iterator[Problem]:
    named: dict[Key, Path | None] = {("vault", "ca_cert"): settings.vault.ca_cert}
    if isinstance(settings.vault.auth, CertificateLogin):
        named["vault", "auth", "cert_file"] = settings.vault.auth.cert_file
    named |= {("pims", name, "ca_cert"): pim.ca_cert for name, pim in settings.pims.items()}
    for key, path in named.items():
        if path is not None and not (path.is_file() and os.access(path, os.R_OK)):
            yield settings.places.problem(key, f"{path} is not a file that can be read", "Put the PEM file there.")


def _audit(settings: Settings) -> Iterator[Problem]:
    path = settings.audit.path
    target = path if path.exists() else _nearest(path.parent)
    if path.is_dir() or not os.access(target, os.W_OK):
        advice = f"Make {path.parent} and let this account write there."
        yield settings.places.problem(("audit", "path"), f"{path} cannot be written", advice)


def _nearest(folder: Path) -> Path:
    return next(one for one in (folder, *folder.parents) if one.exists())
