"""The page for authors of connectors: every example runs as it stands, and every error it names is one of ours."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import python_blocks
from tests.integration.client.conftest import ERP, Town
from vault_pim import client
from vault_pim.domain.errors import VaultPimError

PAGE = Path(__file__).parents[3] / "docs/how-to/connectors-in-python.md"
BLOCKS = dict(
    zip(("requests", "httpx", "async", "settings", "workers", "switch", "errors"), python_blocks(PAGE), strict=True)
)
IN_WORKERS = """
import os

for worker in range(2):
    if (pid := os.fork()) == 0:
        told = []
        body = application({}, lambda *line: told.append(line))
        os._exit(0 if told[0][0] == "200 OK" and b"ecommerce" in body[0] else 1)
    print("worker", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.fixture
def environment(town: Town) -> dict[str, str]:
    """Of a program of ERP."""
    login = town.login("erp")
    return os.environ | {
        "VAULT_ADDR": town.arena.bao.url,
        "VAULT_PIM_ROLE_ID_FILE": str(login.role_id_file),
        "VAULT_PIM_SECRET_ID_FILE": str(login.secret_id_file),
        "VAULT_PIM_REFRESH": "PT1S",
        "VAULT_TOKEN": "",
    }


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("requests", "", r"'code': 'ecommerce'"),
        ("httpx", "", r"'code': 'ecommerce'"),
        ("async", "", r"^\[200, 200, 200, 200, 200, 200, 200, 200\]$"),
        ("settings", "", r"pim_username='vp_erp_[\d_]+' pim_password=SecretStr\('\*+'\) page_size=100"),
        ("workers", IN_WORKERS, r"^worker 0\nworker 0$"),
        ("switch", "", r"^(\d+) \1$"),
        ("errors", "", r"^vp_erp_[\d_]+$"),
    ],
)
def test_example_runs_as_it_stands(
    environment: dict[str, str], tmp_path: Path, name: str, more: str, said: str
) -> None:
    """Against a real OpenBao and the sandbox PIM; the connector's name alone is another."""
    program = tmp_path / "program.py"
    program.write_text(BLOCKS[name].replace("prod/erp", ERP) + more)
    ran = subprocess.run([sys.executable, str(program)], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert re.search(said, ran.stdout, re.MULTILINE)


def test_example_of_errors_says_what_is_wrong(environment: dict[str, str], tmp_path: Path) -> None:
    """Vault away is to be tried again; a refusal comes with advice."""
    program = tmp_path / "program.py"
    program.write_text(BLOCKS["errors"].replace("prod/erp", ERP).replace("seconds=20", "seconds=0.2"))

    def ended(**changes: str) -> str:
        command = [sys.executable, str(program)]
        ran = subprocess.run(command, env=environment | changes, capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stdout) == (1, "")
        return ran.stderr

    assert "try again later: Vault at http://127.0.0.1:9 was not reached" in ended(VAULT_ADDR="http://127.0.0.1:9")
    nowhere = str(tmp_path / "nowhere")
    assert "Run `vault-pim" not in (told := ended(VAULT_PIM_SECRET_ID_FILE=nowhere))
    assert nowhere in told


def test_every_error_of_the_table_is_of_the_documented_type() -> None:
    """And every error that the package offers is spoken of."""
    text = PAGE.read_text()
    named = set(re.findall(r"^\| `(\w+)` \|", text.split("## What can be wrong")[1], re.MULTILINE))
    offered = {one for one in client.__all__ if _is_error(one)}
    assert named <= offered
    assert [one for one in offered if f"`{one}`" not in text and one != "PimNoAnswer"] == []


def test_every_variable_of_the_environment_is_in_the_table() -> None:
    """Those that the code reads, and no others."""
    source = (Path(client.__file__).parent / "environment.py").read_text()
    read = {f"VAULT_PIM_{name.upper()}" for name in re.findall(r'"(\w+_file|auth\w*|\w+_renew)"', source)}
    table = PAGE.read_text().split("## Logging in")[1].split("##")[0]
    named = set(re.findall(r"`(VAULT_PIM_\w+)`", table))
    assert named == read | {"VAULT_PIM_REFRESH"}


def _is_error(name: str) -> bool:
    found = getattr(client, name)
    return isinstance(found, type) and issubclass(found, VaultPimError)
