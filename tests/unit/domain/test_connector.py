"""Names, and what follows from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.builders import ERP, a_connector
from vault_pim.domain.connector import NAME_LENGTH, OVERALL_ACCESS, ROLE_LABEL_LENGTH, ConnectorId, check_name
from vault_pim.domain.errors import ConfigurationError

names = st.from_regex(r"[a-z][a-z0-9]{0,8}([-_][a-z0-9]{1,8}){0,4}", fullmatch=True)
ids = st.builds(ConnectorId, pim=names, name=names)


@pytest.mark.parametrize("name", ["erp", "a", "erp-2", "shop_eu-west", "x1", "a" * NAME_LENGTH])
def test_name_that_is_safe_is_allowed(name: str) -> None:
    """In a Vault path and in a PIM code."""
    assert check_name("connector", name) == name


@pytest.mark.parametrize(
    "name",
    ["", "ERP", "1erp", "-erp", "erp-", "erp--2", "erp_-2", "erp.2", "a/b", "../erp", "erp\n", "érp", "a" * 61],
)
def test_name_that_is_not_safe_is_refused(name: str) -> None:
    """By name, with what would be allowed."""
    with pytest.raises(ConfigurationError) as refused:
        check_name("connector", name)
    assert repr(name) in refused.value.what
    assert "lower-case" in refused.value.why
    assert refused.value.exit_code == 3


@given(ids)
def test_connector_is_written_and_read_alike(connector: ConnectorId) -> None:
    """`<pim>/<connector>`."""
    assert ConnectorId.parse(str(connector)) == connector
    assert "/" not in connector.identity


@pytest.mark.parametrize("text", ["erp", "", "/", "prod/", "/erp", "prod/erp/1", "Prod/erp"])
def test_text_of_another_form_names_no_connector(text: str) -> None:
    """And is not guessed at."""
    with pytest.raises(ConfigurationError):
        ConnectorId.parse(text)


@given(ids, st.integers(1, 10**6))
def test_label_leads_back_to_its_generation(connector: ConnectorId, number: int) -> None:
    """A PIM compares without regard to case; and a code has letters, digits and `_` only, 3 to 100 of them."""
    label = connector.label(number)
    assert connector.number_of(label) == number
    assert connector.number_of(label.upper()) == number
    assert label.replace("_", "").isalnum()
    assert 3 <= len(label) <= 100


@given(ids, ids, st.integers(1, 99))
def test_label_belongs_to_one_connector_of_a_pim(one: ConnectorId, other: ConnectorId, number: int) -> None:
    """Unless their names differ in `-` and `_` only, which the configuration refuses."""
    if one.label_stem != other.label_stem:
        assert other.number_of(one.label(number)) is None


@pytest.mark.parametrize(
    "label", ["vp_erp", "vp_erp_", "vp_erp_x", "vp_erp_-1", "vp_erp_1_2", "erp_1", "vp_erp_\u0661"]
)
def test_label_of_another_form_has_no_number(label: str) -> None:
    """Not even with digits of another script."""
    assert ERP.number_of(label) is None


@pytest.mark.parametrize("label", ["", " ", " ERP", "ERP ", "\tERP", "x" * (ROLE_LABEL_LENGTH + 1)])
def test_label_that_a_pim_would_not_keep_is_refused(label: str) -> None:
    """It names a role: the PIM trims it, and takes no longer one."""
    with pytest.raises(ConfigurationError, match="label"):
        a_connector(label=label)


def test_longest_label_is_allowed() -> None:
    """To the character."""
    assert a_connector(label="x" * ROLE_LABEL_LENGTH).label == "x" * ROLE_LABEL_LENGTH


@pytest.mark.parametrize("permissions", [frozenset(), frozenset({"pim_api_product_list"})])
def test_connector_that_could_call_nothing_is_refused(permissions: frozenset[str]) -> None:
    """Overall access is always declared, not implied."""
    with pytest.raises(ConfigurationError) as refused:
        a_connector(permissions=permissions)
    assert OVERALL_ACCESS in refused.value.advice
