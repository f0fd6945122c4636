"""Secrets that stay in, errors that say whose move it is, events without surprise."""

import copy
import pickle

import pytest

from tests.canary import CANARY, canary_secret
from vault_pim.domain import errors
from vault_pim.domain.credentials import NOT_OURS, CredentialSet, Tokens, generation_of
from vault_pim.domain.errors import BrokenSet, VaultPimError
from vault_pim.domain.secret import SecretStr
from vault_pim.reveal import reveal

SET = CredentialSet(
    base_url="https://pim.example.com",
    client_id="1_id",
    client_secret=SecretStr(canary_secret()),
    username="erp_1234",
    password=SecretStr(canary_secret()),
)
TOKENS = Tokens(access_token=SecretStr(canary_secret()), refresh_token=SecretStr(canary_secret()), expires_in=3600)


@pytest.mark.parametrize("secret", [SET, TOKENS], ids=["credential set", "tokens"])
def test_secrets_do_not_show(secret: CredentialSet | Tokens) -> None:
    """Neither in `repr`, nor in `str`, nor in an error that quotes them."""
    assert CANARY not in f"{secret!r} {secret} {ValueError(secret)}"


def test_secret_is_equal_to_the_same_secret_alone() -> None:
    """Never to its text, nor to what it shows in its place."""
    secret = SecretStr(canary_secret())
    assert secret == SecretStr(reveal(secret, to="connector"))
    assert secret != SecretStr("another")
    assert secret != reveal(secret, to="connector")
    assert secret != str(secret)


def test_secret_is_found_by_what_it_is() -> None:
    """Equal ones are one, in a set as anywhere."""
    text = canary_secret()
    assert len({SecretStr(text), SecretStr(text)}) == 1


def test_document_at_a_path_is_read_as_a_set_or_refused_whole() -> None:
    """A field that is missing, empty or no text is named, and nothing of the others is shown."""
    fields = {"base_url": "https://pim.example.com", "client_id": "1_id", "username": "erp_1234"}
    secrets = {"client_secret": canary_secret(), "password": canary_secret()}
    assert CredentialSet.of(fields | secrets, "connectors/prod/erp").username == "erp_1234"
    with pytest.raises(BrokenSet) as refused:
        CredentialSet.of(fields | {"client_secret": secrets["client_secret"], "password": ""}, "connectors/prod/erp")
    assert "password" in str(refused.value.why)
    assert CANARY not in f"{refused.value} {refused.value.why}"


@pytest.mark.parametrize(
    ("said", "generation"), [("12", 12), ("", NOT_OURS), ("one", NOT_OURS), (12, NOT_OURS), ("²", NOT_OURS)]
)
def test_document_names_its_generation_in_digits_or_none(said: object, generation: int) -> None:
    """Whatever else stands there, nobody of us wrote."""
    assert generation_of({"generation": said}) == generation
    assert generation_of({}) == NOT_OURS


@pytest.mark.parametrize("secret", [SET, TOKENS], ids=["credential set", "tokens"])
def test_secrets_are_not_pickled_or_copied(secret: CredentialSet | Tokens) -> None:
    """The error names the type alone."""
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="holds secrets") as refused:
            leave(secret)
        assert CANARY not in str(refused.value)


def all_errors(base: type[VaultPimError] = VaultPimError) -> list[type[VaultPimError]]:
    """The whole tree as it is drawn in errors.py; other rooms have kinds of their own."""
    below = [one for child in base.__subclasses__() for one in all_errors(child)]
    return [base, *(one for one in below if one.__module__ == VaultPimError.__module__)]


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.__name__)
def test_error_says_what_to_do_and_how_to_exit(error: type[VaultPimError]) -> None:
    """Its own advice if it is given one, else one sentence for all of its kind."""
    raised = error("it broke", why="because")
    assert (str(raised), raised.what, raised.why) == ("it broke", "it broke", "because")
    assert raised.advice.endswith(".")
    assert error("it broke", advice="Mend it.").advice == "Mend it."
    assert raised.exit_code in (1, 2, 3, 4, 5)


def test_every_error_is_drawn_in_the_tree() -> None:
    """The docstring of the module names them all."""
    assert errors.__doc__ is not None
    drawn = {word for word in errors.__doc__.split() if word.isidentifier()}
    assert {error.__name__ for error in all_errors() if error.__module__ == errors.__name__} <= drawn
