"""A console's output is read by its words; what is not understood is never taken for done."""

import pytest

from tests.canary import CANARY
from tests.fakes.exceptions import everything_of
from vault_pim.domain.errors import PimNoAnswer, PimRefusal, UnknownShape, VaultPimError
from vault_pim.pim.clients import Client, ConsoleClients
from vault_pim.pim.console import Console, Printed

BORDER = "+------+--------+-------+"
HEADER = "| client id | secret | label |"
QUESTION = "This operation is irreversible. Are you sure you want to revoke this client? (Y/n)"
BOX = '\n  [Symfony\\Component\\Console\\Exception\\RuntimeException]\n  The "--label" option does not exist.\n\n'
LOG = '10:00:00 CRITICAL  [console] Error thrown while running command "pim:oauth-server:revoke-client 1_ab". Message: '


class SaidConsole(Console):
    """A console that says what it was told to."""

    def __init__(self, stdout: str = "", stderr: str = "", exit_status: int = 0) -> None:
        super().__init__("prod", ["console"])
        self.said = stdout, stderr, exit_status
        self.asked: list[tuple[str, ...]] = []

    def run(self, command: str, *arguments: str) -> Printed:
        """Say it."""
        self.asked.append((command, *arguments))
        stdout, stderr, status = self.said
        return Printed(command=command, exit=status, stdout=stdout, stderr=stderr)


def clients(stdout: str = "", stderr: str = "", exit_status: int = 0) -> ConsoleClients:
    """Clients by such a console."""
    return ConsoleClients(SaidConsole(stdout, stderr, exit_status), label_option=False)


def table(*rows: str) -> str:
    """The list as a console prints it."""
    return "\n".join([BORDER, HEADER, BORDER, *rows, BORDER, ""])


def test_labels_are_read_whatever_stands_in_them() -> None:
    """A bar, markup, nothing at all, wide letters; columns are as wide as their longest value."""
    listed = table(
        f"| 1_ab      | {CANARY}x    | a|b | c    |",
        f"| 22_cd     | {CANARY}y    | <b>x</b>     |",
        f"| 3_ef      | {CANARY}z    |              |",
        f"| 4_gh      | {CANARY}z    | 日本 é       |",
    )
    assert clients(listed).all() == (
        Client(id="1_ab", label="a|b | c"),
        Client(id="22_cd", label="<b>x</b>"),
        Client(id="3_ef", label=""),
        Client(id="4_gh", label="日本 é"),
    )


def test_no_client_is_an_empty_list() -> None:
    """In words, not as an empty table."""
    assert clients("No client is currently registered.\n").all() == ()


@pytest.mark.parametrize("stdout", ["", "\n", BORDER, f"| 1_ab | {CANARY} | x |", f"<html>{CANARY}</html>"])
def test_list_of_another_shape_is_not_an_empty_list(stdout: str) -> None:
    """Taken for empty, it would let a client of ours live on unseen."""
    with pytest.raises(VaultPimError) as raised:
        clients(stdout).all()
    assert CANARY not in everything_of(raised.value)


@pytest.mark.parametrize("dot", [".", ":", ""])
@pytest.mark.parametrize("client_id", ["12_abc0", "abc0"])
def test_new_client_is_read_from_what_is_printed(dot: str, client_id: str) -> None:
    """With a full stop or a colon, with a number in the id or without; and whatever is printed beside it."""
    printed = (
        f"Deprecated: x in y\nA new client has been added{dot}\nclient_id: {client_id}\nsecret: {CANARY}\nlabel: x\n"
    )
    made = clients(printed).create("x")
    assert (made.id, made.secret.get_secret_value()) == (client_id, CANARY)
    assert CANARY not in repr(made)


@pytest.mark.parametrize(("option", "first"), [(True, "--label=vp_erp_1-marker1"), (False, "vp_erp_1-marker1")])
def test_label_goes_where_the_release_wants_it(option: bool, first: str) -> None:
    """An option at PIM 1.7, an argument since."""
    console = SaidConsole(f"A new client has been added.\nclient_id: 1_a\nsecret: {CANARY}\n")
    ConsoleClients(console, label_option=option).create("vp_erp_1-marker1")
    assert console.asked == [
        ("pim:oauth-server:create-client", first, "--grant_type=password", "--grant_type=refresh_token")
    ]


@pytest.mark.parametrize(
    ("stdout", "stderr", "error"),
    [
        ("", "", PimNoAnswer),
        ("A new client has been added.\n", "", PimNoAnswer),
        (f"client_id: 1_a\nsecret: {CANARY}\n", "", PimNoAnswer),
        ("", BOX, UnknownShape),
        ("", f"{LOG}\"INSERT INTO pim_api_client with params ['{CANARY}0123456789']\"", PimRefusal),
    ],
)
def test_client_that_was_perhaps_made_is_not_given_out(stdout: str, stderr: str, error: type[Exception]) -> None:
    """Half an output says nothing; the next look at the list will."""
    with pytest.raises(error) as raised:
        clients(stdout, stderr, 1).create("x")
    assert CANARY not in everything_of(raised.value)


@pytest.mark.parametrize(
    ("stdout", "status"),
    [
        (f"Client with public id 1_ab and secret {CANARY} has been revoked.\n", 0),
        (f"{QUESTION}\nClient with public id 1_ab and secret {CANARY} has been revoked.\n", 1),
        ("No client found for this id.\n", 255),
    ],
)
def test_revocation_that_was_done_is_done(stdout: str, status: int) -> None:
    """By the words, whatever the exit status is; gone before is done too."""
    clients(stdout, "", status).delete("1_ab")


@pytest.mark.parametrize(
    ("stdout", "stderr", "error", "why"),
    [
        ("Client revocation cancelled.\n", QUESTION, PimRefusal, "answered no"),
        ("", f'{LOG}"CONSTRAINT `FK_CONNECTIVITY_CONNECTION_client_id`"', PimRefusal, "belongs to a connection"),
        ("", "", PimNoAnswer, "gave no reason"),
        ("", f'{LOG}"SQLSTATE[HY000] [2002] Connection refused"', PimNoAnswer, "Connection refused"),
    ],
)
def test_revocation_that_was_not_done_is_told(stdout: str, stderr: str, error: type[Exception], why: str) -> None:
    """Exit status 0 too: a cancelled revocation has it."""
    with pytest.raises(error) as raised:
        clients(stdout, stderr, 0).delete("1_ab")
    assert isinstance(raised.value, VaultPimError)
    assert why in raised.value.why
