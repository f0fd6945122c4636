"""Signed documents: what was signed is told from what was changed, and from what another installation signed."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.fakes.signer import MemorySigner
from vault_pim.audit.signing import PublicKey, check_document, sign_document
from vault_pim.domain.errors import ConfigurationError, NotAuthentic

SIGNER = MemorySigner()
KEY = PublicKey.from_pem(SIGNER.public_key())
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
DOCUMENTS = st.dictionaries(st.text(max_size=5).filter(lambda key: key != "signature"), VALUES, max_size=4)


@settings(deadline=None)  # a machine that is busy fails no test
@given(document=DOCUMENTS)
def test_signed_document_is_believed_after_it_was_written_and_read(document: dict[str, Any]) -> None:
    """Whatever the order of its members and the white space between them."""
    signed = sign_document(document, SIGNER)
    reordered = dict(reversed(signed.items()))
    check_document(json.loads(json.dumps(reordered, indent=3)), KEY, what="it")


@settings(deadline=None)  # a machine that is busy fails no test
@given(document=DOCUMENTS, other=DOCUMENTS)
def test_any_other_document_is_not_believed(document: dict[str, Any], other: dict[str, Any]) -> None:
    """A signature holds for one document."""
    assume(json.dumps(document, sort_keys=True) != json.dumps(other, sort_keys=True))
    signed = sign_document(document, SIGNER)
    with pytest.raises(NotAuthentic, match="it was changed after it was signed"):
        check_document(other | {"signature": signed["signature"]}, KEY, what="it")


def test_document_of_another_installation_is_told_from_a_changed_one() -> None:
    """It names both keys."""
    with pytest.raises(NotAuthentic, match="signed by another installation") as refused:
        check_document(sign_document({"a": 1}, MemorySigner()), KEY, what="it")
    assert KEY.id in refused.value.why


def test_key_id_of_another_key_does_not_help() -> None:
    """Whoever signs with a key of his own and names ours is found out."""
    forged = sign_document({"a": 1}, MemorySigner())
    forged["signature"]["key_id"] = KEY.id
    with pytest.raises(NotAuthentic, match="changed"):
        check_document(forged, KEY, what="it")


@pytest.mark.parametrize(
    "signature",
    [None, "x", {}, {"algorithm": "ed25519", "key_id": KEY.id}, {"algorithm": 1, "key_id": KEY.id, "value": ""}],
)
def test_document_without_a_signature_is_not_believed(signature: object) -> None:
    """Nor one with something else in its place."""
    with pytest.raises(NotAuthentic, match="it is not signed"):
        check_document({"a": 1, "signature": signature}, KEY, what="it")


@pytest.mark.parametrize(
    "change",
    [{"value": "not base64 !"}, {"value": "\u00fc"}, {"value": ""}, {"algorithm": "none"}, {"value": "AAAA" * 22}],
)
def test_signature_that_is_none_is_not_believed(change: dict[str, str]) -> None:
    """No algorithm but the one there is, and no broken value."""
    signed = sign_document({"a": 1}, SIGNER)
    signed["signature"] |= change
    with pytest.raises(NotAuthentic, match=r"changed|algorithm"):
        check_document(signed, KEY, what="it")


@pytest.mark.parametrize("text", ["NaN", "1e999", "[" * 900 + "]" * 900])
def test_document_without_a_canonical_form_is_not_believed(text: str) -> None:
    """A number that is none, or lists in lists without end: nobody could have signed it."""
    document = sign_document({"a": 1}, SIGNER) | {"a": json.loads(text)}
    with pytest.raises(NotAuthentic):
        check_document(document, KEY, what="it")


def test_key_comes_from_a_file(tmp_path: Path) -> None:
    """As an auditor keeps it."""
    (tmp_path / "key.pem").write_text(SIGNER.public_key())
    assert PublicKey.from_file(tmp_path / "key.pem").id == KEY.id


def test_file_that_holds_no_key_is_refused(tmp_path: Path) -> None:
    """With advice; a key of another kind too."""
    (tmp_path / "key.pem").write_text("no key \u00fc")
    with pytest.raises(ConfigurationError, match="not the public key"):
        PublicKey.from_file(tmp_path / "key.pem")
    with pytest.raises(ConfigurationError, match="not the public key"):
        PublicKey.from_pem(X25519)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        PublicKey.from_file(tmp_path / "none.pem")


X25519 = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VuAyEA3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08=
-----END PUBLIC KEY-----
"""
