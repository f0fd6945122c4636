"""`get`: the credential set a connector is served. Needs no configuration file where VAULT_ADDR is set."""

import os
import sys
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from vault_pim.cli.invocation import AsJson, ConnectorName, Invocation, invocation
from vault_pim.client.environment import from_environment
from vault_pim.client.handing_over import written
from vault_pim.client.source import CredentialSource
from vault_pim.domain.connector import ConnectorId
from vault_pim.vault.address import VaultAddress


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

    With VAULT_ADDR set, reads it by the login that the environment gives, such as VAULT_TOKEN, and the connector is
    named <pim>/<connector>. Otherwise reads it with vault-pim's own login from the configuration.
    """
    if os.environ.get("VAULT_ADDR"):
        id_ = ConnectorId.parse(connector)
        there = from_environment(id_)
    else:
        there, mount, id_ = _configured(invocation(context), connector)
    with CredentialSource(str(id_), there, mount=mount, timeout=timedelta(0), acknowledge=False) as source:
        sys.stdout.write(written(source.current(), Form.JSON.value if as_json else form.value))


def _configured(given: Invocation, connector: str) -> tuple[VaultAddress, str, ConnectorId]:
    from vault_pim.assembly import address  # noqa: PLC0415 - a connector's side need not load what administers

    settings = given.settings()
    return address(settings.vault), settings.vault.credentials_mount, settings.connector(connector).id
