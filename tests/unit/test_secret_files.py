"""Secrets are read from files that are for their owner alone, when they are used, and never shown."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from vault_pim.domain.errors import ConfigurationError
from vault_pim.secret_files import check_secret_file, read_secret
from vault_pim.settings.shape import WebLogin

CANARY = "canary-41fe"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A secret file as it should be."""
    path = tmp_path / "secret"
    path.write_text(f"{CANARY}\n")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("content", "expected"),
    [("x", "x"), ("x\n", "x"), ("x\r\n", "x"), (" x \n", " x "), ("x\n\n", "x\n"), ("ü€", "ü€")],
)
def test_one_final_newline_is_not_part_of_the_secret(secret: Path, content: str, expected: str) -> None:
    """Editors add one newline; anything else belongs to the secret."""
    secret.write_bytes(content.encode())
    assert read_secret(secret) == SecretStr(expected)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602, 0o777])
def test_file_open_to_others_is_refused_with_the_command_to_run(secret: Path, mode: int) -> None:
    """Any right of group or others refuses the file; the advice closes it."""
    secret.chmod(mode)
    for use in (read_secret, check_secret_file):
        with pytest.raises(ConfigurationError) as caught:
            use(secret)
        assert caught.value.advice == f"Run: chmod 600 {secret}"
        assert f"{mode:o}" in caught.value.why


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_file_of_its_owner_alone_is_accepted(secret: Path, mode: int) -> None:
    """Modes 600 and 400 pass."""
    secret.chmod(mode)
    check_secret_file(secret)
    assert read_secret(secret) == SecretStr(CANARY)


def test_missing_file_folder_and_pipe_are_refused(tmp_path: Path) -> None:
    """What is no regular file is refused, and a pipe does not make the program wait."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name, says in (("absent", "does not exist"), (".", "not a regular file"), ("pipe", "not a regular file")):
        for use in (read_secret, check_secret_file):
            with pytest.raises(ConfigurationError, match=says):
                use(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff" + CANARY.encode(), CANARY.encode() * 10_000])
def test_file_that_holds_no_secret_is_refused_without_its_content(secret: Path, content: bytes) -> None:
    """Empty, binary and huge files are refused; neither the error nor its cause repeats them."""
    secret.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_secret(secret)
    error = caught.value
    assert CANARY not in f"{error.what}{error.why}{error.advice}"
    assert error.__cause__ is None


def test_secret_is_read_when_it_is_used(secret: Path) -> None:
    """A password file is read at each use, so that a replaced password works without a restart."""
    web = WebLogin(username="me", password_file=secret)
    for value in ("first", "second"):
        secret.write_text(value)
        assert web.password() == SecretStr(value)
