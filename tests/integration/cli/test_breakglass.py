"""Vault is gone: the PIM is cut from a bundle, and Vault's side is finished when it is back."""

import json
import re
from pathlib import Path

import pyrage
import pytest

from tests.fakes.signer import MemorySigner
from tests.integration.cli.conftest import MARKER, Arena, Command, Ran
from vault_pim.cli.bundles import PASSPHRASE


class Bundle:
    """A bundle, and the identity that opens it."""

    def __init__(self, arena: Arena, run: Command) -> None:
        self.file, self._run = arena.directory / "bundle.age", run
        identity = pyrage.x25519.Identity.generate()
        self.identity = arena.directory / "identity.txt"
        self.identity.touch(mode=0o600)
        self.identity.write_text(str(identity))
        self.made = run(
            "breakglass", "export", "--out", str(self.file), "--recipient", str(identity.to_public()), "--json"
        )

    def cut(self, connector: str, *options: str) -> Ran:
        """`revoke --breakglass`."""
        by = ["--breakglass", str(self.file), "--identity", str(self.identity)]
        return self._run("revoke", connector, "--reason", "leaked", *by, *options)

    def show(self, *options: str) -> Ran:
        """`breakglass show`."""
        return self._run("breakglass", "show", str(self.file), "--identity", str(self.identity), *options)


@pytest.fixture
def bundle(arena: Arena, run: Command) -> Bundle:
    """A bundle of two connectors."""
    run("apply", "shop", "erp")
    return Bundle(arena, run)


def test_connector_is_cut_without_vault_and_finished_with_it(arena: Arena, run: Command, bundle: Bundle) -> None:
    """Run twice without Vault; the record tells all three runs, and the proof is whole in the end."""
    arena.bao.stop()
    assert run("revoke", "shop", "--reason", "leaked").code == 4
    first = bundle.cut("shop", "--json")
    assert first.code == 5
    cut = json.loads(first.out)
    assert (len(cut["evidence"]), len(cut["unproven"]), cut["left"], cut["failed"]) == (1, 1, [], None)
    assert {code.rpartition("_")[0] for code in arena.pim.world.connections} == {"vp_erp"}
    assert "were not tried" in bundle.cut("shop").out
    arena.bao.start()
    finished = run("breakglass", "finish", cut["journal"], "--json")
    assert finished.code == 0
    told = json.loads(finished.out)
    assert told["incident"] == cut["incident"]
    assert any("password grant" in line for line in told["evidence"])
    shown = json.loads(run("incident", "show", "shop", "--json").out)
    assert shown["incident"] == cut["incident"]
    tags = [one["tag"] for one in shown["entries"]]
    assert tags.count("breakglass:asked") == 2
    assert shown["proven_at"] is not None
    assert [one["incident"] for one in json.loads(run("incident", "list", "--json").out)["incidents"]] == [
        cut["incident"]
    ]
    assert not Path(cut["journal"]).exists()
    assert all(MARKER not in one.out + one.err for one in (first, finished))
    assert run("audit", "verify").code == 0


def test_set_that_was_rotated_since_goes_too_if_asked(arena: Arena, run: Command, bundle: Bundle) -> None:
    """A bundle is never quite new."""
    run("rotate", "erp")
    arena.bao.stop()
    assert "add --newer" in bundle.cut("erp").err
    assert "vp_erp_2" in arena.pim.world.connections
    assert bundle.cut("erp", "--newer").code == 5
    assert {code.rpartition("_")[0] for code in arena.pim.world.connections} == {"vp_shop"}


def test_machine_without_configuration_can_cut(arena: Arena, bundle: Bundle) -> None:
    """The bundle is enough; that it is of this installation cannot be seen then, which is said."""
    arena.bao.stop()
    arena.config.unlink()
    done = bundle.cut("shop")
    assert (done.code, "was not checked" in done.err) == (5, True)
    assert "vp_shop_1" not in arena.pim.world.connections


def test_bundle_of_another_installation_is_refused(arena: Arena, bundle: Bundle) -> None:
    """By the key beside the audit log, or else by the addresses; nothing is cut."""
    key = arena.directory / "signing-key.pem"
    key.write_text(MemorySigner().public_key())
    refused = bundle.cut("shop")
    assert (refused.code, "another installation" in refused.err) == (3, True)
    key.unlink()
    arena.configure(lambda document: document["vault"].update(url="https://vault.example.com"))
    refused = bundle.show()
    assert (refused.code, "another installation" in refused.err) == (3, True)
    assert "vp_shop_1" in arena.pim.world.connections


def test_pim_whose_password_was_changed_is_said_so_and_asked_once(arena: Arena, run: Command, bundle: Bundle) -> None:
    """Five refused logins lock the account, for people too."""
    arena.bao.stop()
    account = arena.pim.world.user_by_login(json.loads(bundle.show("--json").out)["pims"]["sandbox"]["username"])
    assert account is not None
    account.set_password("another")
    refused = bundle.cut("shop")
    assert refused.code == 1
    assert "another password than when the bundle was made" in refused.err


def test_journal_that_was_tampered_with_is_refused(arena: Arena, run: Command, bundle: Bundle) -> None:
    """Exit 2; Vault's side can be done by an ordinary revoke all the same."""
    cut = json.loads(bundle.cut("shop", "--json").out)
    journal = Path(cut["journal"])
    journal.write_text(re.sub(r'"reason": "leaked"', '"reason": "a test"', journal.read_text()))
    refused = run("breakglass", "finish", str(journal))
    assert (refused.code, "is not as it was written" in refused.err) == (2, True)
    journal.write_text('{"tag": "x", "prev": "' + "0" * 64 + '"}\n')
    assert run("breakglass", "finish", str(journal)).code == 3
    assert run("revoke", "shop", "--reason", "leaked").code == 0


def test_bundle_is_shown_without_its_secrets_and_export_is_audited(arena: Arena, run: Command, bundle: Bundle) -> None:
    """What people must know of it: how old, whose, what is in it."""
    assert json.loads(bundle.made.out)["sets"] == 2
    shown = bundle.show("--json")
    document = json.loads(shown.out)
    assert (document["stale"], len(document["connectors"])) == (False, 3)
    assert arena.pim.admin_password not in shown.out
    assert "vp_shop_1" in bundle.show().out
    assert bundle.file.stat().st_mode & 0o777 == 0o600
    assert '"breakglass:exported"' in (arena.directory / "audit.jsonl").read_text()


def test_passphrase_comes_from_the_environment_or_a_file(
    arena: Arena, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never from the command line; nobody is asked where nobody can answer."""
    run("apply", "shop")
    file, secret = arena.directory / "bundle.age", arena.directory / "passphrase"
    secret.touch(mode=0o600)
    secret.write_text("correct horse battery")
    assert run("breakglass", "export", "--out", str(file)).code == 3
    assert run("breakglass", "export", "--out", str(file), "--passphrase-file", str(secret)).code == 0
    monkeypatch.setenv(PASSPHRASE, "correct horse battery")
    assert run("breakglass", "show", str(file)).code == 0
    monkeypatch.setenv(PASSPHRASE, "wrong horse battery")
    before = arena.seen()
    refused = run("revoke", "shop", "--reason", "leaked", "--breakglass", str(file))
    assert (refused.code, "passphrase" in refused.err) == (3, True)
    assert arena.seen() == before


def test_file_that_is_no_bundle_or_not_there_is_said(arena: Arena, run: Command) -> None:
    """Exit 3."""
    assert run("breakglass", "show", str(arena.config)).code == 3
    assert run("breakglass", "show", str(arena.directory / "none.age")).code == 3
    assert run("breakglass", "export", "--out", str(arena.directory / "none" / "x"), "--recipient", "age1x").code == 3
