"""The canary sings: a test that lets a secret out fails, and one that holds it passes."""

import string
from pathlib import Path

import pytest

from tests.canary import CANARY, canary_secret

CONFTEST = Path(__file__).parents[1] / "conftest.py"
LEAKING = """
import logging, subprocess, sys
import pytest
from tests.canary import CANARY

def test_stdout():
    print(CANARY)
def test_stderr():
    print(CANARY, file=sys.stderr)
def test_child_process():
    subprocess.run(["echo", CANARY], check=True)
def test_warning_in_the_log():
    logging.getLogger("elsewhere").warning("secret %s", CANARY)
def test_our_log_at_its_finest():
    logging.getLogger("vault_pim.x").debug("secret %s", CANARY)
def test_failure_that_quotes_it():
    raise ValueError(CANARY)
@pytest.fixture
def loud():
    print(CANARY)
def test_fixture(loud):
    pass
"""
WRITING = """
import pytest
from tests.canary import CANARY

def test_report(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "audit.jsonl").write_text(CANARY)
"""
QUIET = """
import pytest
from tests.canary import CANARY

@pytest.mark.holds_secrets
def test_on_purpose(tmp_path, canary):
    (tmp_path / "report.json").write_text(canary)
def test_secret_file(tmp_path):
    (tmp_path / "password").write_text(CANARY)
"""


def test_secret_that_gets_out_fails_the_test_and_is_not_repeated(pytester: pytest.Pytester) -> None:
    """By each way out; what pytest then shows of it has the marker taken out."""
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makeini("[pytest]\nmarkers =\n    holds_secrets: writes a secret on purpose\n")
    pytester.makepyfile(test_leaking=LEAKING, test_writing=WRITING, test_quiet=QUIET)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=3, failed=6, errors=2)
    result.stdout.fnmatch_lines(
        ["FAILED test_leaking.py::test_stdout *", "ERROR test_leaking.py::test_fixture *", "ERROR test_writing.py::*"]
    )
    assert CANARY not in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize("alphabet", ["0123456789abcdef", string.ascii_letters + string.digits])
@pytest.mark.parametrize("length", [len(CANARY), 9, 50])
def test_canary_fits_into_every_secret_a_pim_makes(length: int, alphabet: str) -> None:
    """As long as it is asked for, over that alphabet."""
    secret = canary_secret(length, alphabet)
    assert len(secret) == length
    assert CANARY in secret
    assert set(secret) <= set(alphabet)


@pytest.mark.parametrize(("length", "alphabet"), [(7, string.hexdigits), (50, string.digits)])
def test_canary_that_does_not_fit_is_refused(length: int, alphabet: str) -> None:
    """Rather than a secret that nobody would miss."""
    with pytest.raises(ValueError, match="does not fit"):
        canary_secret(length, alphabet)
