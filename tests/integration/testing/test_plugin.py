"""The test kit as an author of connectors uses it: pytest in a process of its own, on a small connector's tests."""

from pathlib import Path

import pytest

from tests.docs.blocks import python_blocks

PAGE = Path(__file__).parents[3] / "docs/how-to/test-your-connector.md"

CARELESS = """
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


def test_grace(pim_connector):
    connector = Careless(pim_connector.source())
    pim_connector.rotate()
    connector.channels()
    assert (pim_connector.generation, pim_connector.generation_in_use) == (2, 1)


def test_rotation(pim_connector):
    connector = Careless(pim_connector.source())
    pim_connector.rotate()
    pim_connector.retire()
    connector.channels()


def test_pick_up(pim_connector):
    from datetime import timedelta
    connector = Careless(pim_connector.source())
    connector.channels()
    pim_connector.rotate()
    connector.channels()
    pim_connector.wait_until_picked_up(timedelta(seconds=0.5))


def test_expiry(pim_connector):
    connector = Careless(pim_connector.source())
    pim_connector.expire_tokens()
    connector.channels()
"""


def test_examples_of_the_page_are_a_test_suite_that_passes(pytester: pytest.Pytester) -> None:
    """Connector and tests as they stand there, with a process of the connector beside them."""
    connector, tests, of_process = python_blocks(PAGE)
    program = "import sys, time\nsource = CredentialSource.from_env(sys.argv[1])\nprices = PriceList(source)\n"
    pytester.makepyfile(
        price_list=connector,
        test_price_list=tests,
        program=f"{connector}\n\n{program}while True:\n    prices.channels()\n    time.sleep(0.05)\n",
        test_process=of_process,
    )
    run = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--strict-markers", "-W", "error")
    run.assert_outcomes(passed=8)


def test_connector_that_does_not_survive_is_found(pytester: pytest.Pytester) -> None:
    """One that reads once passes during the grace, and fails when the set is retired or its token too old."""
    pytester.makepyfile(CARELESS)
    run = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    run.assert_outcomes(passed=1, failed=3)
    run.stdout.fnmatch_lines_random(
        [
            "FAILED *::test_rotation - *401*",
            "FAILED *::test_expiry - *401*",
            "FAILED *::test_pick_up - *uses generation 1, and 2 is served*",
        ]
    )
