"""The console's corners that the probe does not ask for."""

from datetime import timedelta

import pytest

from vault_pim.sandbox.akeneo import clients, console, oauth
from vault_pim.sandbox.akeneo.console_base import Result
from vault_pim.sandbox.akeneo.pim import Pim, install
from vault_pim.sandbox.akeneo.releases import RELEASES

CREATE_USER = ["pim:user:create", "carol", "abc", "carol@example.com", "Carol", "Doe", "en_US"]


@pytest.fixture(params=["7.0", "master"])
def installed(request: pytest.FixtureRequest) -> Pim:
    """A PIM without a server."""
    return install(RELEASES[request.param], admin_username="admin", admin_password="Admin-pass-1")


def tokens_of(pim: Pim) -> tuple[int, int]:
    return len(pim.world.access_tokens), len(pim.world.refresh_tokens)


def with_expired_access_token(pim: Pim) -> None:
    client = clients.new_client(pim, "ERP")
    body = {"grant_type": "password", "username": "admin", "password": "Admin-pass-1"}
    oauth.grant(pim, body, client.public_id, client.secret)
    pim.clock.advance(timedelta(hours=2))
    oauth.grant(pim, body, client.public_id, client.secret)


def test_clean_up_removes_expired_rows_only(installed: Pim) -> None:
    """The bundle's own command says how many rows it has removed."""
    with_expired_access_token(installed)
    result = console.run(installed, ["fos:oauth-server:clean"])
    assert [line.split()[1] for line in result.stdout.splitlines()] == ["1", "0", "0"]
    assert tokens_of(installed) == (1, 2)


def test_delete_expired_tokens_exists_on_master_only(installed: Pim) -> None:
    """Silent and effective on master, unknown on 7.0."""
    with_expired_access_token(installed)
    result = console.run(installed, ["pim:oauth-server:delete-expired-tokens"])
    if installed.release.name == "master":
        assert (result, tokens_of(installed)) == (Result(), (1, 2))
    else:
        assert (result.exit, tokens_of(installed)) == (1, (2, 2))
        assert "is not defined." in result.stderr


def test_label_of_256_is_an_error_of_the_database(installed: Pim) -> None:
    """Longer than the column: exit 255, and no client."""
    result = console.run(installed, ["pim:oauth-server:create-client", "L" * 256])
    assert (result.exit, installed.world.clients) == (255, {})
    assert "Data too long for column 'label'" in result.stderr


def test_user_without_no_interaction_is_not_made(installed: Pim) -> None:
    """Without `-n` the command asks, and nobody answers."""
    result = console.run(installed, CREATE_USER)
    assert result.exit == 255
    assert "Aborted." in result.stderr
    assert installed.world.user_by_login("carol") is None


def test_admin_flag_gives_the_administrator_role_and_every_group(installed: Pim) -> None:
    """An option behind the arguments counts as well."""
    assert console.run(installed, [*CREATE_USER, "-n", "--admin"]).exit == 0
    user = installed.world.user_by_login("carol")
    assert user is not None
    assert [role.code for role in user.roles] == ["ROLE_ADMINISTRATOR", "ROLE_USER"]
    assert len(user.groups) == len(installed.world.groups)


@pytest.mark.parametrize("line", [["help", "pim:user:create"], ["pim:user:create", "--help"]])
def test_help_shows_how_a_command_is_called(installed: Pim, line: list[str]) -> None:
    """Both ways of asking give the usage."""
    result = console.run(installed, line)
    assert result.exit == 0
    assert "pim:user:create [options] [--] [<username>]" in result.stdout


def test_commands_are_listed_without_a_command(installed: Pim) -> None:
    """The list has the release's commands and no other."""
    listed = {line.strip() for line in console.run(installed, ["list"]).stdout.splitlines()[1:]}
    assert listed == installed.release.console.commands


def test_option_without_its_value_is_refused(installed: Pim) -> None:
    """A value may stand behind the option, but not be missing."""
    command = "akeneo:connectivity-connection:create"
    assert 'The "--label" option requires a value.' in console.run(installed, [command, "erp", "--label"]).stderr
    assert console.run(installed, [command, "--env", "prod", "erp", "--label", "ERP", "--auditable"]).exit == 0
    connection = installed.world.connection("erp")
    assert connection is not None
    assert (connection.label, connection.auditable) == ("ERP", True)
