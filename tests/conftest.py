"""The canary: no secret of a test may show in what it logs or prints, nor in the reports and logs it writes.

Every secret the tests make holds `tests.canary.CANARY`. A test that writes one into a file on purpose says so by
`@pytest.mark.holds_secrets`; nothing may print or log one.
"""

import logging
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.canary import CANARY

pytest_plugins = ["pytester"]

hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("untimed")

WATCHED = {".log", ".jsonl", ".json", ".html"}


@pytest.fixture(autouse=True)
def canary(request: pytest.FixtureRequest) -> Iterator[str]:
    """The marker, for tests that look for it themselves; all files the test left under `tmp_path` are looked at."""
    left = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    ours = logging.getLogger("vault_pim")
    level = ours.level
    ours.setLevel(logging.DEBUG)
    yield CANARY
    ours.setLevel(level)
    if left is not None and request.node.get_closest_marker("holds_secrets") is None:
        shown = [path.name for path in _files(left) if CANARY.encode() in path.read_bytes()]
        assert shown == [], "a secret stands in a file"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test whose output or log, as pytest caught it, shows the marker; what failed tests say counts too."""
    report = yield
    shown = [title for title, text in report.sections if title.endswith(call.when) and CANARY in text]
    if CANARY in str(report.longrepr or ""):
        shown.append("the failure itself")
    if shown:
        report.outcome = "failed"
        report.longrepr = f"a secret shows in: {', '.join(shown)}"
        report.sections = [(title, text.replace(CANARY, "<canary>")) for title, text in report.sections]
    return report


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.suffix in WATCHED and path.is_file() and not path.is_symlink())
