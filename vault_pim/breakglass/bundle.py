"""What a break-glass bundle holds: how to log in to each PIM, and what each connector's sets are called there.

Made by `vault-pim breakglass export`, encrypted by `sealing`, used by `cut`. Holds no credential set of any connector:
nobody can call a PIM's API with it. The password of our own account at the PIM is in it, since nothing is deleted
without.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainValidator, ValidationError

from vault_pim.audit.ports import Signer
from vault_pim.audit.signing import FIELD, PublicKey, check_document, sign_document
from vault_pim.domain.connector import ConnectorId, Mechanism
from vault_pim.domain.errors import ConfigurationError, NotAuthentic
from vault_pim.domain.generation import Generation, Stage
from vault_pim.domain.secret import SecretStr
from vault_pim.reveal import reveal

STALE = timedelta(days=7)
"""A bundle that is older is a finding: sets made since are not in it."""
_AGAIN = "Make a new one with `vault-pim breakglass export`."


def _secret(given: object) -> SecretStr:
    return given if isinstance(given, SecretStr) else SecretStr(str(given))


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True)


class BundledPim(_Part):
    """How to reach one PIM; `ca_cert` is the PEM text itself."""

    url: str
    release: str
    username: str
    password: Annotated[SecretStr, PlainValidator(_secret)] = Field(exclude=True)
    console: tuple[str, ...] | None
    ca_cert: str | None


class BundledSet(_Part):
    """One live generation, as far as it must be known to be deleted."""

    number: int
    label: str
    marker: str
    mechanism: Mechanism
    client_id: str | None
    username: str | None

    def generation(self, at: datetime) -> Generation:
        """As a driver takes it."""
        return Generation(**self.model_dump(), stage=Stage.CURRENT, role="", reason="", planned_at=at)


class Bundle(_Part):
    """The whole.

    Attributes:
        installation: whose it is: the id of the signing key.
        made_by: `<command>/<account>@<host>:<process id>`.
        connectors: the live sets of each, by `<pim>/<connector>`.
    """

    breakglass_schema: Literal[1] = 1
    installation: str
    made_at: AwareDatetime
    made_by: str
    vault: str
    pims: dict[str, BundledPim]
    connectors: dict[str, tuple[BundledSet, ...]]

    def find(self, name: str) -> ConnectorId:
        """The connector that a person means.

        Raises:
            ConfigurationError: there is none, or more than one.
        """
        found = [one for one in map(ConnectorId.parse, self.connectors) if name in {str(one), one.name}]
        if len(found) == 1:
            return found[0]
        raise ConfigurationError(
            f"the bundle has {'more than one' if found else 'no'} connector {name}",
            advice="Write it as <pim>/<connector>; `vault-pim breakglass show` lists them.",
        )


def write(bundle: Bundle, signer: Signer) -> bytes:
    """The signed text of a bundle, to be encrypted at once."""
    document = bundle.model_dump(mode="json")
    for name, pim in bundle.pims.items():
        document["pims"][name]["password"] = reveal(pim.password, to="breakglass")
    return json.dumps(sign_document(document, signer)).encode()


def read(text: bytes, key: PublicKey | None) -> Bundle:
    """The bundle that a text holds.

    Args:
        key: that of this installation; None where it is not known.

    Raises:
        ConfigurationError: it is no bundle, of another release, was changed, or is of another installation.
    """
    try:
        document = json.loads(text)
        bundle = Bundle.model_validate({name: value for name, value in document.items() if name != FIELD})
    except (ValueError, AttributeError, ValidationError):
        # Not chained: those errors' texts may repeat what is in it.
        raise ConfigurationError("what is in the bundle cannot be read by this release", advice=_AGAIN) from None
    if key is not None:
        _check(document, key)
    return bundle


def _check(document: Mapping[str, Any], key: PublicKey) -> None:
    try:
        check_document(document, key, what="the bundle")
    except NotAuthentic as error:
        raise ConfigurationError(error.what, why=error.why, advice=_AGAIN) from error
