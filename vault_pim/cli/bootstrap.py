"""`bootstrap`: a connector's first login, as a token that opens once; and what to do when somebody else opened it."""

import sys
from datetime import timedelta
from typing import Annotated

import typer
from pydantic_core import PydanticCustomError

from vault_pim.assembly import Installation, assemble
from vault_pim.cli.invocation import FINDING, AsJson, ConnectorName, invocation
from vault_pim.cli.render import BAD, GOOD, QUIET, WARN, Output, counted
from vault_pim.domain.connector import Connector, ConnectorId
from vault_pim.domain.errors import AuditUnavailable, ConfigurationError, VaultRefusal
from vault_pim.domain.events import Event, Tag
from vault_pim.domain.facts import Presence
from vault_pim.domain.identity import Method
from vault_pim.domain.wording import format_duration, human_instant
from vault_pim.settings.values import parse_duration
from vault_pim.vault.handing_over import hand_over_wrapped
from vault_pim.vault.policies import LONGEST_WRAPPING
from vault_pim.vault.secret_ids import WRAPPED_FOR, destroy_secret_id, wrap_secret_id


def bootstrap(
    context: typer.Context,
    connector: ConnectorName,
    ttl: Annotated[
        str, typer.Option("--ttl", metavar="DURATION", help="How long the token may be opened, at most PT1H.")
    ] = format_duration(WRAPPED_FOR),
    intercepted: Annotated[
        str,
        typer.Option("--intercepted", metavar="ACCESSOR", help="Somebody else opened this token: end what it held."),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Print a token that opens once and holds a secret-id, for a connector's first login by AppRole.

    The token alone goes to stdout, what to do with it to stderr. Exits 2 with --intercepted: a person must decide
    whether to revoke.
    """
    output = Output(as_json=as_json)
    with assemble(invocation(context).settings(), role="bootstrap") as installation:
        if intercepted:
            _end(output, installation, installation.find(connector), intercepted)
            raise typer.Exit(FINDING)
        declared = installation.settings.connector(connector)
        _check(installation, declared)
        _hand_out(output, installation, declared.id, _length(ttl))


def _check(installation: Installation, connector: Connector) -> None:
    """A secret-id that would be good for nothing is not made."""
    if not any(login.method is Method.APPROLE for login in connector.logins):
        raise ConfigurationError(
            f"{connector.id} does not log in by AppRole",
            advice="Add approle to its auth and run `vault-pim setup`; its other logins need no secret-id.",
        )
    if installation.access.look(connector).presence is Presence.CUT:
        raise VaultRefusal(
            f"{connector.id} is cut off from Vault", advice=f"Let it in first: vault-pim rotate {connector.id}"
        )


def _hand_out(output: Output, installation: Installation, id_: ConnectorId, ttl: timedelta) -> None:
    _record(installation, id_, Tag.SECRET_ID_ASKED, {"open_for": format_duration(ttl)})
    wrapped = wrap_secret_id(installation.vault, installation.layout.connector_role(id_), ttl)
    detail = {"accessor": wrapped.accessor, "open_until": wrapped.open_until.isoformat()}
    _record(installation, id_, Tag.SECRET_ID_WRAPPED, detail)
    hand_over_wrapped(wrapped, id_, sys.stdout, as_json=output.as_json)
    when = human_instant(wrapped.open_until, installation.clock.now())
    for text in (
        f"This token holds a secret-id of {id_}. It opens once, until {when}.",
        f"Its role-id, which is no secret, is {wrapped.role_id}; it logs in at auth/{wrapped.mount}.",
        "On its machine: write the token into a file of mode 600 and name that in VAULT_PIM_WRAPPING_TOKEN_FILE,",
        "or open it there by hand: VAULT_TOKEN=$(cat FILE) vault unwrap -field=secret_id",
    ):
        output.note(text, QUIET)
    output.note("If it does not open there, somebody else has opened it. Then, at once:", WARN)
    output.note(f"  vault-pim bootstrap {id_} --intercepted {wrapped.accessor}", WARN)


def _end(output: Output, installation: Installation, id_: ConnectorId, accessor: str) -> None:
    """End what an intercepted token held, and tell what whoever opened it may have done with it."""
    try:
        _record(installation, id_, Tag.SECRET_ID_INTERCEPTED, {"accessor": accessor})
    except AuditUnavailable as error:
        output.note(f"{error.what}; going on all the same", BAD)
    ended = destroy_secret_id(installation.vault, installation.layout.connector_role(id_), accessor)
    tokens = installation.access.live_tokens(id_)
    output.json({"connector": id_, "accessor": accessor, "destroyed": ended, "live_tokens": tokens})
    if ended:
        output.line("The secret-id is destroyed: it lets nobody in any more.", GOOD)
    else:
        output.line("There is no such secret-id any more: it was used up, destroyed, or has ended.", WARN)
    output.line(f"{id_} holds {counted(tokens, 'Vault token')} now, by all its logins.", BAD if tokens else GOOD)
    output.line("Whoever opened the token could log in until now, and read the credential set.", WARN)
    output.line("Unless Vault's audit log shows that nobody did:", WARN)
    output.line(f"  vault-pim revoke {id_} --reason 'one-time token intercepted'", WARN)


def _record(installation: Installation, id_: ConnectorId, tag: Tag, detail: dict[str, str]) -> None:
    event = Event(at=installation.clock.now(), tag=tag, by=installation.me, connector=id_, detail=detail)
    installation.audit.record(event)


def _length(text: str) -> timedelta:
    try:
        length = parse_duration(text)
    except PydanticCustomError as error:
        given = error.context or {}
        raise ConfigurationError(f"--ttl {given.get('what')}", advice=str(given.get("advice"))) from error
    if length > LONGEST_WRAPPING:
        raise ConfigurationError(
            f"--ttl {text} is longer than {format_duration(LONGEST_WRAPPING)}",
            why="the policy of vault-pim allows no longer one",
            advice="Make it when it can be opened.",
        )
    return length
