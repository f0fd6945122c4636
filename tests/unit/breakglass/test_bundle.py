"""What is in a bundle: all that is needed to revoke, no credential set, and whose it is."""

import json

import pytest

from tests.canary import CANARY
from tests.fakes.builders import ERP
from tests.fakes.signer import MemorySigner
from tests.unit.breakglass.conftest import SIGNER, a_bundle
from vault_pim.audit.signing import PublicKey
from vault_pim.breakglass.bundle import BundledSet, read, write
from vault_pim.domain.errors import ConfigurationError

KEY = PublicKey.from_pem(SIGNER.public_key())


def test_bundle_is_read_as_it_was_written() -> None:
    """With the password of our own account, which is shown nowhere."""
    bundle = a_bundle()
    assert read(write(bundle, SIGNER), KEY) == bundle
    assert read(write(bundle, SIGNER), KEY).pims["prod"].password == bundle.pims["prod"].password
    assert CANARY not in f"{bundle!r}{bundle.model_dump_json()}"


def test_bundle_holds_nothing_of_a_set_that_opens_a_pim() -> None:
    """Its fields, one by one: a new one is a decision."""
    assert set(BundledSet.model_fields) == {"number", "label", "marker", "mechanism", "client_id", "username"}
    assert write(a_bundle(), SIGNER).count(CANARY.encode()) == 1


def test_bundle_of_another_installation_is_refused() -> None:
    """By the key that signed it; where no key is known, it is read."""
    with pytest.raises(ConfigurationError, match="another installation"):
        read(write(a_bundle(), MemorySigner()), KEY)
    assert read(write(a_bundle(), MemorySigner()), None) == a_bundle()


def test_bundle_that_somebody_made_up_is_refused() -> None:
    """Anybody can encrypt for a public key."""
    document = json.loads(write(a_bundle(), SIGNER))
    document["pims"]["prod"]["url"] = "https://elsewhere.example.com"
    with pytest.raises(ConfigurationError, match="changed"):
        read(json.dumps(document).encode(), KEY)


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"\xff", b'{"breakglass_schema": 2}'])
def test_bundle_of_another_form_is_refused(text: bytes) -> None:
    """Without a word of what is in it."""
    with pytest.raises(ConfigurationError, match="cannot be read by this release") as refused:
        read(text, None)
    assert refused.value.__cause__ is None


def test_connector_is_found_by_either_name() -> None:
    """And one that is not there, or not alone, is said to be so."""
    bundle = a_bundle()
    assert bundle.find("erp") == bundle.find("prod/erp") == ERP
    with pytest.raises(ConfigurationError, match="no connector shop"):
        bundle.find("shop")
    two = a_bundle(connectors={"prod/erp": (), "stage/erp": ()})
    with pytest.raises(ConfigurationError, match="more than one connector erp"):
        two.find("erp")
