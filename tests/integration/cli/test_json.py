"""What `--json` prints is what docs/reference/json.md says: the same keys, on real answers of every command."""

import json
from collections.abc import Callable
from typing import Any

import pyrage
import pytest

from tests.docs.json_page import missing, surplus
from tests.integration.cli.conftest import Arena, Command
from vault_pim.sandbox.akeneo.connections import create
from vault_pim.sandbox.connector import Connector
from vault_pim.sandbox.faults import Fault

Seen = dict[str, list[dict[str, Any]]]


def looking(run: Command) -> tuple[Seen, Callable[..., None]]:
    """What was seen, and what runs a command, keeps its answer and finds no key in it that the page has not."""
    seen: Seen = {}

    def look(title: str, *arguments: str) -> None:
        document = json.loads(run(*arguments, "--json").out)
        assert surplus("error" if set(document) == {"error"} else title, document.get("error", document)) == set()
        seen.setdefault(title, []).append(document)

    return seen, look


def unseen(seen: Seen) -> dict[str, set[str]]:
    """Keys that the page has and no answer had, by section."""
    return {title: keys for title, documents in seen.items() if (keys := missing(title, documents))}


def test_every_key_is_documented_and_every_documented_key_is_there(
    arena: Arena, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One life of a playground: with findings, an alarm, a failure, a revocation; each answer is one object."""
    seen, look = looking(run)
    look("config check", "config", "check")
    monkeypatch.setenv("VAULT_TOKEN", arena.admin_token_file.read_text().strip())
    arena.configure(lambda document: document["connectors"]["dam"]["auth"].update(approle={"secret_id_ttl": "P1D"}))
    look("setup", "setup", "--dry-run")
    look("doctor", "doctor")
    create(arena.pim._pim, "vp_erp_77", "Somebody's own", "other")
    create(arena.pim._pim, "vp_dam_1", "Somebody's own", "other")
    look("plan, apply, rotate", "plan")
    look("plan, apply, rotate", "apply")
    arena.configure(lambda document: document["connectors"]["shop"].update(rotation="in-place"))
    look("plan, apply, rotate", "rotate", "shop")
    arena.configure(lambda document: document["connectors"]["shop"]["permissions"].append("pim_api_locale_list"))
    arena.pim.faults.add(Fault(kind="html_500", method="POST", path="/user/role/update/*"))
    look("plan, apply, rotate", "apply", "shop")
    look("status", "status")
    assert run("apply", "shop").code == 0
    look("get", "get", "shop")
    look("bootstrap", "bootstrap", "shop")
    look("bootstrap", "bootstrap", "shop", "--intercepted", seen["bootstrap"][0]["accessor"])
    leak = arena.directory / "leak.txt"
    shop = Connector("sandbox/shop", arena.bao.url, arena.login_of("shop"))
    assert shop.log_in()
    leak.write_text(f"{seen['get'][0]['client_secret']} Bearer {shop.new_token()}")
    look("identify", "identify", "--who-read", str(leak))
    arena.pim.world.roles[max(arena.pim.world.roles)].privileges.add("oro_config_system")
    arena.configure(lambda document: document["connectors"]["erp"].pop("auth"))
    look("prove", "prove")
    look("revoke", "revoke", "shop", "--reason", "leaked")
    look("revoke, several at once", "revoke", "sh*", "--reason", "leaked", "--no-reissue")
    look("incident list", "incident", "list")
    look("incident show", "incident", "show", "shop")
    look("audit key", "audit", "key")
    look("audit verify", "audit", "verify")
    leak.write_text("{}\n")
    look("audit verify", "audit", "verify", str(leak))
    (arena.directory / "pim_password").unlink()
    look("plan, apply, rotate", "plan")
    arena.configure(lambda document: document["connectors"]["dam"].update(colour="red"))
    look("config check", "config", "check")
    look("plan, apply, rotate", "plan")
    assert unseen(seen) == {}


def test_every_key_of_an_emergency_is_documented_and_there(arena: Arena, run: Command) -> None:
    """Cut at the PIM alone, and finished."""
    seen, look = looking(run)
    identity = pyrage.x25519.Identity.generate()
    opened_by = arena.directory / "identity.txt"
    opened_by.touch(mode=0o600)
    opened_by.write_text(str(identity))
    bundle, by = str(arena.directory / "bundle.age"), ["--identity", str(opened_by)]
    run("apply", "erp")
    look("breakglass export", "breakglass", "export", "--out", bundle, "--recipient", str(identity.to_public()))
    look("breakglass show", "breakglass", "show", bundle, *by)
    look("revoke --breakglass", "revoke", "erp", "--reason", "leaked", "--breakglass", bundle, *by)
    look("breakglass finish", "breakglass", "finish", f"{bundle}.sandbox.erp.jsonl")
    assert unseen(seen) == {}
