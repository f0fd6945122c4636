"""What is left of an incident, as people and auditors see it: both runs, the proof, and what was tampered with."""

import json
import subprocess
from pathlib import Path

from tests.integration.cli.conftest import Arena, Command
from tests.integration.cli.test_people import program
from vault_pim.audit.chain import ChainFile
from vault_pim.sandbox.faults import Fault


def killed_at_the_deletion(arena: Arena, *arguments: str) -> None:
    """Run a command and kill it when its deletion took effect and nothing was answered."""
    arena.pim.faults.add(Fault(kind="delay", method="DELETE", seconds=60, after_effect=True))
    process = subprocess.Popen(program(arena, *arguments), stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    while arena.pim.world.connections:
        assert process.poll() is None, process.communicate()
    process.kill()
    process.communicate()


def test_record_tells_of_the_run_that_was_killed_and_of_the_one_that_finished_on_another_host(
    arena: Arena, run: Command
) -> None:
    """The other host has nothing of the first but Vault; what it exports is checked without Vault, by the key alone."""
    run("apply", "shop")
    killed_at_the_deletion(arena, "revoke", "shop", "--reason", "in a public repository")
    elsewhere = arena.directory / "elsewhere"
    elsewhere.mkdir()
    arena.configure(lambda document: document["audit"].update(path=str(elsewhere / "audit.jsonl")))
    assert run("revoke", "shop", "--reason", "again").code == 0
    shown = json.loads(run("incident", "show", "shop", "--json").out)
    assert (len(shown["runs"]), shown["reason"]) == (2, "in a public repository")
    assert shown["seconds"] > 0
    assert [one["incident"] for one in json.loads(run("incident", "list", "--json").out)["incidents"]] == [
        shown["incident"]
    ]
    assert "revocation asked for again" in run("incident", "show", shown["incident"]).out
    record, key = elsewhere / "record.json", elsewhere / "key.pem"
    assert run("incident", "export", "shop", "--format", "json", "--out", str(record)).code == 0
    key.write_text(run("audit", "key").out)
    assert run("incident", "export", "shop").out.startswith("<!DOCTYPE html>")
    arena.bao.stop()
    arena.config.unlink()
    checked = run("audit", "verify", str(record), "--key", str(key))
    assert (checked.code, "Vault was not asked" in checked.out) == (0, False)
    log = run("audit", "verify", str(elsewhere / "audit.jsonl"), "--key", str(key))
    assert (log.code, "Vault was not asked" in log.out) == (0, True)
    record.write_text(record.read_text().replace("public repository", "private repository"))
    refused = run("audit", "verify", str(record), "--key", str(key))
    assert (refused.code, "was changed after it was signed" in refused.out) == (2, True)


def test_audit_log_that_was_changed_or_cut_off_is_found_out(arena: Arena, run: Command) -> None:
    """It names the line; what is missing at the end, Vault knows."""
    run("apply", "shop")
    log = arena.directory / "audit.jsonl"
    assert json.loads(run("audit", "verify", "--json").out)["files"][0]["genuine"]
    before = log.read_text()
    lines = before.splitlines(keepends=True)
    lines[2] = lines[2].replace("sandbox/shop", "sandbox/erp")
    log.write_text("".join(lines))
    changed = run("audit", "verify")
    assert (changed.code, "line 3 of" in changed.out) == (2, True)
    log.write_text("".join(before.splitlines(keepends=True)[:-3]))
    assert "lacks lines at its end" in run("audit", "verify").out
    log.write_text(before)
    assert run("audit", "verify").code == 0
    hidden = run("audit", "verify", str(log), str(arena.directory / "none.jsonl"))
    assert (hidden.code, f"{log} is as it was written" in hidden.out) == (3, True)
    log.write_text("")
    emptied = run("audit", "verify")
    assert (emptied.code, "is not the log that was there" in emptied.out, "not seen: log" in emptied.out) == (
        2,
        True,
        True,
    )
    log.with_name("audit.jsonl.1").write_text(before)
    assert run("audit", "verify").code == 0


def test_incident_is_shown_while_vault_is_away(arena: Arena, run: Command) -> None:
    """What this machine knows of it; it cannot be signed then."""
    run("apply", "shop")
    run("revoke", "shop", "--reason", "leaked")
    arena.bao.stop()
    shown = run("incident", "show", "shop", "--json")
    assert (shown.code, json.loads(shown.out)["reason"]) == (0, "leaked")
    assert "not signed" in shown.err
    assert run("incident", "export", "shop").code == 4


def test_record_that_was_changed_in_vault_is_a_finding_and_hides_no_other(arena: Arena, run: Command) -> None:
    """Listed by name; not shown as if it were true."""
    run("apply", "shop", "erp")
    run("revoke", "shop", "--reason", "leaked")
    run("revoke", "erp", "--reason", "leaked")
    name = json.loads(run("incident", "show", "shop", "--json").out)["incident"]
    token = {"X-Vault-Token": arena.admin_token_file.read_text().strip()}
    path = f"pim-state/data/incidents/{name}"
    kept = arena.bao.call("GET", path, headers=token)["data"]
    changed = {"record": kept["data"]["record"].replace("leaked", "a test")}
    body = {"data": changed, "options": {"cas": kept["metadata"]["version"]}}
    arena.bao.call("POST", path, body, headers=token)
    listed = run("incident", "list", "--json")
    assert (listed.code, json.loads(listed.out)["changed"]) == (2, [name])
    assert [one["connector"] for one in json.loads(listed.out)["incidents"]] == ["sandbox/erp"]
    refused = run("incident", "show", "shop")
    assert (refused.code, "was changed after it was signed" in refused.err) == (2, True)


def test_unknown_incident_and_unwritable_file_are_said(run: Command, tmp_path: Path) -> None:
    """Exit 3, and nothing made."""
    assert "There was no incident." in run("incident", "list").out
    assert "no incident of shop" in run("incident", "show", "shop").err
    assert run("incident", "show", "nobody").code == 3
    run("apply", "shop")
    run("revoke", "shop", "--reason", "leaked")
    assert run("incident", "export", "shop", "--out", str(tmp_path / "none" / "x.html")).code == 3


def test_looking_at_an_incident_writes_nothing(arena: Arena, run: Command) -> None:
    """What somebody put into its file is told as not signed; only an export takes it in."""
    run("apply", "shop")
    run("revoke", "shop", "--reason", "leaked")
    folder = arena.directory / "incidents"
    (folder / "notes.jsonl").touch()
    (empty := folder / "20260302T090000000Z.sandbox.shop.jsonl").touch()
    name = json.loads(run("incident", "show", "shop", "--json").out)["incident"]
    ChainFile(folder / f"{name}.jsonl").append({"at": "2026-03-02T09:00:00+00:00", "tag": "x:done", "by": "nobody"})
    listed = run("incident", "list", "--json")
    (one,) = json.loads(listed.out)["incidents"]
    assert (listed.code, len(one["unsigned"]), "is not signed yet" in listed.err) == (0, 1, True)
    assert json.loads(run("incident", "show", name, "--json").out)["unsigned"] == one["unsigned"]
    assert run("incident", "export", empty.stem).code == 3
    token = {"X-Vault-Token": arena.admin_token_file.read_text().strip()}
    kept = arena.bao.call("GET", "pim-state/metadata/incidents?list=true", headers=token)["data"]["keys"]
    assert kept == [name]
    assert run("incident", "export", name).code == 0
    assert json.loads(run("incident", "show", name, "--json").out)["unsigned"] == []
