"""The main job by its commands: provision, rotate, revoke, identify, against a real OpenBao."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.integration.cli.conftest import MARKER, Arena, Command, rotate_under_load
from vault_pim.sandbox.connector import Connector

ALLOWED, REFUSED, DEAD = 200, 403, 401


def connectors(arena: Arena) -> dict[str, Connector]:
    """The three connectors, each logged in by its own AppRole."""
    made = {name: Connector(f"sandbox/{name}", arena.bao.url, arena.login_of(name)) for name in ("erp", "shop", "dam")}
    assert all(connector.log_in() for connector in made.values())
    return made


def test_plan_says_what_is_due_and_apply_does_it(arena: Arena, run: Command) -> None:
    """`plan` exits 2 while something is due and changes nothing; after `apply` it exits 0."""
    before = arena.seen()
    planned = run("plan", "--json")
    assert planned.code == 2
    assert [one["next"]["step"] for one in json.loads(planned.out)["connectors"]] == ["issue"] * 3
    assert arena.seen() == before
    assert run("apply").code == 0
    assert run("plan").code == 0


def test_each_connector_reads_its_own_path_alone(arena: Arena, run: Command) -> None:
    """Own path yes; the others' paths, the state mount and listing no."""
    run("apply")
    for name, connector in connectors(arena).items():
        for other in ("erp", "shop", "dam"):
            expected = ALLOWED if other == name else REFUSED
            assert connector.reads(f"pim/data/connectors/sandbox/{other}") == expected
        assert connector.reads(f"pim-state/data/connectors/sandbox/{name}") == REFUSED
        assert connector.reads("pim/metadata/connectors/?list=true") == REFUSED
        assert connector.reads("pim/metadata/connectors/sandbox/?list=true") == REFUSED


def test_rotation_under_load_fails_no_call(arena: Arena, run: Command) -> None:
    """A connector that calls without pause sees the new set and not one failure, also after the old set is retired."""
    run("apply")
    erp = connectors(arena)["erp"]
    assert rotate_under_load(run, erp).code == 0
    assert erp.tally.failures == []
    assert sorted(arena.pim.world.connections) == ["vp_dam_1", "vp_erp_2", "vp_shop_1"]


def test_revocation_of_one_leaves_the_others_untouched(arena: Arena, run: Command) -> None:
    """The revoked set is refused in every way; tokens that the others took before still answer 200."""
    run("apply")
    three = connectors(arena)
    tokens = {name: connector.new_token() for name, connector in three.items()}
    revoked = run("revoke", "shop", "--reason", "leaked", "--no-reissue", "--json")
    assert revoked.code == 0
    proof = json.loads(revoked.out)
    assert proof["proven"]
    assert [line for line in proof["evidence"] if "401" in line]
    assert len([line for line in proof["evidence"] if "422" in line]) == 2
    answers = {name: connector.status_of(tokens[name]) for name, connector in three.items()}
    assert answers == {"erp": ALLOWED, "shop": DEAD, "dam": ALLOWED}
    assert three["shop"].reads("pim/data/connectors/sandbox/shop") == REFUSED
    versions = arena.seen()["served"]["connectors/sandbox/shop"]
    assert versions
    assert all(version["destroyed"] for version in versions.values())
    assert run("revoke", "shop", "--reason", "again").code == 0


def test_a_revoked_connector_gets_a_new_set_only_when_asked(arena: Arena, run: Command) -> None:
    """Passes leave it cut off; `rotate` issues a new generation and lets it in again."""
    run("apply")
    assert run("revoke", "shop", "--reason", "leaked", "--no-reissue").code == 0
    assert run("apply").code == 0
    assert "vp_shop_2" not in arena.pim.world.connections
    assert run("rotate", "shop").code == 0
    assert "vp_shop_2" in arena.pim.world.connections
    assert json.loads(run("status", "shop", "--json").out)["connectors"][0]["stage"] == "current"


@pytest.mark.holds_secrets
def test_a_leaked_value_names_its_owner(arena: Arena, run: Command, tmp_path: Path) -> None:
    """`identify` finds a secret in a text, says whose it is, and whether it is alive; the value is not repeated."""
    run("apply")
    secret = connectors(arena)["shop"].secret
    leak = tmp_path / "pasted.txt"
    leak.write_text(f"config(secret='{secret}')\n" + "noise " * 1000)
    found = run("identify", str(leak), "--json")
    assert found.code == 2
    (match,) = json.loads(found.out)["matches"]
    assert (match["connector"], match["field"], match["alive"]) == ("sandbox/shop", "client_secret", "live")
    assert secret not in found.out + found.err
    run("revoke", "shop", "--reason", "leaked")
    (match,) = json.loads(run("identify", str(leak), "--json").out)["matches"]
    assert (match["stage"], match["alive"]) == ("revoked", "dead")
    leak.write_text("nothing of ours: " + "x" * 50)
    assert run("identify", str(leak)).code == 0


def test_get_gives_a_connector_its_set(arena: Arena, run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its own Vault token a connector needs no configuration; for another's path it is refused."""
    run("apply")
    three = connectors(arena)
    monkeypatch.setenv("VAULT_ADDR", arena.bao.url)
    monkeypatch.setenv("VAULT_TOKEN", three["erp"].vault_token)
    assert run("get", "sandbox/shop").code == 1
    assert run("get", "sandbox/nobody").code == 1


def test_get_writes_what_a_shell_a_dotenv_file_and_a_program_read(arena: Arena, run: Command) -> None:
    """The three forms hold the same set; `env` can be evaluated."""
    run("apply", "erp")
    served = json.loads(run("get", "erp").out)
    assert served["username"].startswith("vp_erp_1_")
    evaluated = subprocess.run(
        ["/bin/sh", "-c", 'eval "$(cat)"; printf "%s %s" "$PIM_CLIENT_SECRET" "$PIM_GENERATION"'],
        input=run("get", "erp", "--format", "env").out,
        capture_output=True,
        text=True,
        check=True,
    )
    assert evaluated.stdout == f"{served['client_secret']} 1"
    dotenv = dict(line.split("=", 1) for line in run("get", "erp", "--format", "dotenv").out.splitlines())
    assert json.loads(dotenv["PIM_PASSWORD"]) == served["password"]


def test_get_says_that_nothing_is_served_yet(run: Command) -> None:
    """One line of what, and where to look."""
    ran = run("get", "erp")
    assert ran.code == 1
    assert "nothing is served" in ran.err
    assert ran.out == ""


def test_no_secret_is_in_any_output_or_record(arena: Arena, run: Command) -> None:
    """The canary that stands in every secret is in no output, no audit line and no state record."""
    ran = [
        run("apply", "-vv"),
        run("rotate", "erp", "-vv"),
        run("status", "--json"),
        run("plan", "--json"),
        run("doctor", "--json"),
        run("revoke", "shop", "--reason", "leaked", "-vv"),
        run("status"),
    ]
    assert all(MARKER not in one.out + one.err for one in ran)
    audit = (arena.directory / "audit.jsonl").read_text()
    assert MARKER not in audit
    assert '"revocation:asked"' in audit
    token = {"X-Vault-Token": arena.admin_token_file.read_text().strip()}
    state = arena.bao.call("GET", "pim-state/data/connectors/sandbox/erp", headers=token)
    assert MARKER not in json.dumps(state)
