"""A configuration whose files can all be used, and a call of the command line as the console script makes it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from vault_pim.cli.main import main

CONFIGURATION = """\
vault:
  url: http://127.0.0.1:8200
  auth: {{method: token, token_file: {folder}/secret}}
pims:
  prod: {{url: "http://127.0.0.1:8080", web: {{username: me, password_file: {folder}/secret}}}}
policies:
  default: {{rotate_every: P30D, max_age: P45D, grace: PT24H}}
connectors:
  erp: {{pim: prod, label: ERP, permissions: [pim_api_overall_access]}}
  prod/shop: {{label: Shop, permissions: [pim_api_overall_access]}}
audit: {{path: {folder}/audit.jsonl}}
"""


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    code: int
    out: str
    err: str


Call = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith(("VAULT_PIM", "_VAULT_PIM")) or name in {"VAULT_TOKEN", "FORCE_COLOR", "NO_COLOR"}:
            monkeypatch.delenv(name)


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """A configuration without a problem or a finding."""
    secret = tmp_path / "secret"
    secret.write_text("canary-2b9d\n")
    secret.chmod(0o600)
    path = tmp_path / "vault-pim.yaml"
    path.write_text(CONFIGURATION.format(folder=tmp_path))
    return path


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    """Run `vault-pim` with these arguments in this process."""

    def call_one(*arguments: object) -> Ended:
        code = main([str(one) for one in arguments])
        out, err = capfd.readouterr()
        return Ended(code, out, err)

    return call_one
