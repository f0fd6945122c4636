"""A PIM and a logged-in administrator for each test."""

from collections.abc import Iterator

import pytest

from tests.unit.sandbox.browser import Browser
from vault_pim.sandbox.pim_server import SandboxPim


@pytest.fixture
def pim() -> Iterator[SandboxPim]:
    """A fresh PIM 7.0."""
    with SandboxPim(release="7.0") as running:
        yield running


@pytest.fixture
def admin(pim: SandboxPim) -> Iterator[Browser]:
    """Its administrator, logged in."""
    browser = Browser(pim.url)
    assert browser.log_in(pim.admin_username, pim.admin_password)
    yield browser
    browser.session.close()
