"""A former set goes when its readers have moved on, by what they say and by Vault's log; who is late is named."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.integration.cli.conftest import Arena
from tests.integration.client.conftest import CHANNELS, ERP, Town, until
from vault_pim.cli.main import main
from vault_pim.client import CredentialSource, PimAuth
from vault_pim.sandbox.pim_server import SandboxPim

LIFETIME = timedelta(seconds=2)
SHORT = {"refresh_interval": "PT1S", "grace": "PT3S"}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A PIM whose access tokens live two seconds."""
    directory: Path = tmp_path_factory.mktemp("pick-up")
    arena = Arena(directory)
    arena.pim = SandboxPim(release="7.0", access_token_lifetime=LIFETIME)
    with arena:
        arena.set_up()
        town = Town(arena)
        declare(town)
        assert town.run("apply", "erp") == 0
        yield town


def declare(town: Town, *, log: bool = False, **policy: str) -> None:
    """Give ERP's policy these values, and vault-pim Vault's log or not."""
    document = yaml.safe_load(town.arena.config.read_text())
    document["pims"]["sandbox"]["access_token_lifetime"] = "PT2S"
    usual = {"rotate_every": "P30D", "max_age": "P45D", "refresh_interval": "PT1S", "grace": "PT24H"}
    document["policies"]["default"] = usual | policy
    document["vault"].pop("audit_log", None)
    if log:
        document["vault"]["audit_log"] = str(town.arena.bao.audit_path)
    town.arena.config.write_text(yaml.safe_dump(document))


def stages(town: Town, capsys: pytest.CaptureFixture[str]) -> dict[int, str]:
    """The live generations of ERP and where they stand."""
    (erp,) = told(town, capsys)["connectors"]
    live = {one["number"]: one["stage"] for one in erp["generations"]}
    return {number: stage for number, stage in live.items() if stage not in ("retired", "abandoned")}


def told(town: Town, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What `status` says of ERP."""
    capsys.readouterr()
    main(["--config", str(town.arena.config), "status", "erp", "--json"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_former_set_goes_when_the_last_process_says_it_has_moved_on(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    """Long before its grace ends; none of the calls fails."""
    declare(town, retire="picked-up")
    with CredentialSource(ERP, town.address(), refresh=timedelta(seconds=1)) as source:
        session = requests.Session()
        session.auth = PimAuth(source)
        url = source.current().base_url + CHANNELS
        assert session.get(url, timeout=5).ok
        before = source.current().generation
        until(lambda: list(town.readers().values()) == [str(before)])
        assert town.run("rotate", "erp") == 0
        assert town.run("apply", "erp") == 0
        assert stages(town, capsys) == {before: "grace", before + 1: "current"}
        until(lambda: list(town.readers().values()) == [str(before + 1)])
        until(lambda: town.run("apply", "erp") == 0 and stages(town, capsys) == {before + 1: "current"})
        assert session.get(url, timeout=5).ok


def test_former_set_goes_when_all_were_given_the_new_one_and_their_tokens_are_over(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    """By Vault's log alone: any tool that reads KV v2."""
    declare(town, log=True, retire="picked-up")
    with town.connector() as reader:
        read(reader)
        (number,) = stages(town, capsys)
        assert town.run("rotate", "erp") == 0
        assert set(stages(town, capsys)) == {number, number + 1}
        read(reader)
        assert town.run("apply", "erp") == 0
        assert set(stages(town, capsys)) == {number, number + 1}, "its last token may live"
        time.sleep(LIFETIME.total_seconds() + 0.5)  # noqa: TID251 - the PIM's own time
        assert town.run("apply", "erp") == 0
        assert set(stages(town, capsys)) == {number + 1}


def test_late_reader_is_waited_for_and_named(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    """In `status` and `plan`; once it has read the new set, the former one goes."""
    declare(town, log=True, late_readers="wait", **SHORT)
    with town.connector() as reader:
        read(reader)
        (number,) = stages(town, capsys)
        assert town.run("rotate", "erp") == 0
        time.sleep(3.5)  # noqa: TID251 - the grace
        assert town.run("apply", "erp") in (0, 2)
        assert set(stages(town, capsys)) == {number, number + 1}
        (erp,) = told(town, capsys)["connectors"]
        assert [one["reason"] for one in erp["findings"]] == ["late-reader"]
        assert f"127.0.0.1 uses generation {number}" in erp["findings"][0]["detail"]
        assert erp["reason"] == "readers-late"
        assert main(["--config", str(town.arena.config), "plan", "erp"]) == 2
        assert "127.0.0.1" in capsys.readouterr().out
        read(reader)
        assert town.run("apply", "erp") == 0
        assert set(stages(town, capsys)) == {number + 1}


def test_late_reader_is_cut_and_named(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    """In `status`, for a day; and in the audit log for good."""
    declare(town, log=True, late_readers="cut", **SHORT)
    (number,) = stages(town, capsys)
    assert town.run("rotate", "erp") == 0
    time.sleep(3.5)  # noqa: TID251 - the grace
    assert town.run("apply", "erp") in (0, 2)
    assert set(stages(town, capsys)) == {number + 1}
    (erp,) = told(town, capsys)["connectors"]
    assert [one["reason"] for one in erp["findings"]] == ["late-reader"]
    assert "has ended" in erp["findings"][0]["detail"]
    log = town.arena.config.with_name("audit.jsonl").read_text()
    assert '"late_readers":"127.0.0.1"' in log.replace(": ", ":")


def read(session: Any) -> None:
    """As any tool does."""
    session.request("GET", f"pim/data/connectors/{ERP}")
