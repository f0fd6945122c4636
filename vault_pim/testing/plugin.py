"""The pytest plugin: fixtures, marker and settings. Loaded by pytest wherever vault-pim is installed.

So it loads nothing of vault-pim until a test asks for a connector, and refuses to do anything before that.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from vault_pim.testing.connector import PimConnector
    from vault_pim.testing.world import Worlds

MARKER = "pim"
HELP = "pim(release=, mechanism=, permissions=, token_lifetime=): the PIM and the rights of this test's `pim_connector`"


def pytest_addoption(parser: pytest.Parser) -> None:
    """What holds for a whole run; a marker says otherwise for a test."""
    group = parser.getgroup("vault-pim")
    group.addoption("--pim-release", metavar="RELEASE", help="release that the sandbox PIM behaves as, such as 5.0")
    parser.addini("pim_release", "release that the sandbox PIM behaves as", default="7.0")
    parser.addini("pim_mechanism", "how credential sets are made: connections or user_and_client", default="")
    parser.addini("pim_permissions", "Web API privileges of the connector, one a line", type="linelist", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """The marker is known, also under --strict-markers."""
    config.addinivalue_line("markers", HELP)


@pytest.fixture(scope="session")
def pim_worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Worlds"]:
    """The sandboxes of this run, one for each kind of PIM that is asked for; started when it is first asked for."""
    from vault_pim.testing.world import Worlds  # noqa: PLC0415 - nothing is loaded before a test asks

    with Worlds(tmp_path_factory.mktemp("vault-pim")) as worlds:
        yield worlds


@pytest.fixture
def pim_connector(request: pytest.FixtureRequest, pim_worlds: "Worlds") -> Iterator["PimConnector"]:
    """A connector with a name, a login and a credential set of its own; what is broken under it is whole afterwards."""
    from vault_pim.domain.errors import VaultPimError  # noqa: PLC0415
    from vault_pim.testing.wanted import wanted  # noqa: PLC0415

    with ExitStack() as stack:
        try:
            asked = wanted(request.config, request.node.get_closest_marker(MARKER))
            connector = stack.enter_context(pim_worlds.connector(asked))
        except VaultPimError as error:
            why = f" ({error.why})" if error.why else ""
            pytest.fail(f"pim_connector: {error.what}{why}. {error.advice}", pytrace=False)
        yield connector


@pytest.fixture
def pim_environment(pim_connector: "PimConnector", monkeypatch: pytest.MonkeyPatch) -> "PimConnector":
    """The same connector, and the environment of this process is its own: `CredentialSource.from_env` works."""
    for name, value in pim_connector.environment.items():
        monkeypatch.setenv(name, value)
    return pim_connector
