"""A valid configuration to start from, and a way to write a variation of it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]

VALID = """\
vault:
  url: https://vault.example.com:8200
  auth: {method: approle, role_id_file: /etc/vault-pim/role_id, secret_id_file: /etc/vault-pim/secret_id}
pims:
  prod:
    url: https://pim.example.com
    web: {username: vault-pim-admin, password_file: /etc/vault-pim/pim_password}
policies:
  default: {rotate_every: P30D, max_age: P45D, grace: PT24H}
connectors:
  erp:
    pim: prod
    label: ERP
    permissions: [pim_api_overall_access, pim_api_product_list]
"""


@pytest.fixture(autouse=True)
def _no_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith("VAULT_PIM") or name == "VAULT_TOKEN":
            monkeypatch.delenv(name)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the valid configuration with each `old: new` replaced, and files of connectors.d; gives its path."""

    def write_one(changes: dict[str, str] | None = None, **extra: str) -> Path:
        text = VALID
        for old, new in (changes or {}).items():
            assert old in text, f"the valid configuration has no {old!r}"
            text = text.replace(old, new)
        (tmp_path / "vault-pim.yaml").write_text(text)
        for name, content in extra.items():
            (tmp_path / "connectors.d").mkdir(exist_ok=True)
            (tmp_path / "connectors.d" / f"{name}.yaml").write_text(content)
        return tmp_path / "vault-pim.yaml"

    return write_one
