"""Secrets are read from files that are for their owner alone, when they are used, and never shown."""

import os
from pathlib import Path

import pytest

from vault_pim.domain.errors import ConfigurationError
from vault_pim.domain.secret import SecretStr
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


@pytest.mark.parametrize("mode", [0o444, 0o440, 0o644, 0o400])
def test_mounted_secret_may_be_read_by_others(secret: Path, mode: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker and Kubernetes choose the mode; the folder is named by whoever mounts it there."""
    secret.chmod(mode)
    monkeypatch.setenv("VAULT_PIM_SECRET_DIRS", f"/nowhere:{secret.parent}")
    check_secret_file(secret)
    assert read_secret(secret) == SecretStr(CANARY)


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666, 0o620, 0o602])
def test_mounted_secret_that_others_may_write_is_refused(
    secret: Path, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may write it could give us a secret of his own."""
    secret.chmod(mode)
    monkeypatch.setenv("VAULT_PIM_SECRET_DIRS", str(secret.parent))
    for use in (read_secret, check_secret_file):
        with pytest.raises(ConfigurationError, match="open to other accounts"):
            use(secret)


@pytest.mark.parametrize("named", ["", "relative", "/nowhere", "{folder}/other"])
def test_open_secret_outside_the_mounts_is_refused(secret: Path, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else is a mount, nor is the working directory."""
    secret.chmod(0o444)
    monkeypatch.setenv("VAULT_PIM_SECRET_DIRS", named.format(folder=secret.parent))
    monkeypatch.chdir(secret.parent)
    for use in (read_secret, check_secret_file):
        with pytest.raises(ConfigurationError, match="open to other accounts"):
            use(secret)


def test_link_out_of_a_mount_is_judged_by_where_it_leads(
    secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kubernetes links inside its mounts; a link to elsewhere does not make that a mount."""
    mounted, data = tmp_path / "mounted", tmp_path / "mounted" / "..data"
    data.mkdir(parents=True)
    monkeypatch.setenv("VAULT_PIM_SECRET_DIRS", str(mounted))
    (mounted / "out").symlink_to(secret)
    secret.chmod(0o444)
    for use in (read_secret, check_secret_file):
        with pytest.raises(ConfigurationError, match="open to other accounts"):
            use(mounted / "out")
    secret.rename(data / "token")
    (mounted / "in").symlink_to("..data/token")
    check_secret_file(mounted / "in")
    assert read_secret(mounted / "in") == SecretStr(CANARY)


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
