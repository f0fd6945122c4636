"""`get`: the credential set a connector is served. Needs no configuration file where VAULT_ADDR is set."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from vault_pim.cli.invocation import AsJson, ConnectorName, Invocation, invocation
from vault_pim.domain.connector import ConnectorId
from vault_pim.vault.address import TokenLogin, VaultAddress
from vault_pim.vault.handing_over import hand_over
from vault_pim.vault.session import VaultSession


class Form(StrEnum):
    """How the set is written."""

    ENV = "env"
    DOTENV = "dotenv"
    JSON = "json"


def get(
    context: typer.Context,
    connector: ConnectorName,
    form: Annotated[Form, typer.Option("--format", "-f", help="env for eval in a shell, dotenv, or json.")] = Form.JSON,
    mount: Annotated[str, typer.Option("--mount", help="KV v2 mount, where VAULT_ADDR is used.")] = "pim",
    as_json: AsJson = False,
) -> None:
    """Print the credential set that a connector is served now.

    With VAULT_ADDR set, reads it as whoever VAULT_TOKEN is (also VAULT_NAMESPACE, VAULT_CACERT), and the connector is
    named <pim>/<connector>. Otherwise reads it with vault-pim's own login from the configuration.
    """
    if url := os.environ.get("VAULT_ADDR"):
        ca_cert = os.environ.get("VAULT_CACERT")
        there = VaultAddress(
            url=url,
            login=TokenLogin(),
            namespace=os.environ.get("VAULT_NAMESPACE") or None,
            ca_cert=Path(ca_cert) if ca_cert else None,
        )
        id_ = ConnectorId.parse(connector)
    else:
        there, mount, id_ = _configured(invocation(context), connector)
    with VaultSession(there) as session:
        hand_over(session, mount, id_, Form.JSON.value if as_json else form.value, sys.stdout)


def _configured(given: Invocation, connector: str) -> tuple[VaultAddress, str, ConnectorId]:
    from vault_pim.assembly import address  # noqa: PLC0415 - a connector's side need not load what administers

    settings = given.settings()
    return address(settings.vault), settings.vault.credentials_mount, settings.connector(connector).id
