"""What `doctor` looks at in Vault's logins: our own secret-id, and the identity and logins of each connector."""

import os
from collections.abc import Iterator
from datetime import datetime

from vault_pim.assembly import Installation
from vault_pim.cli.check import ATTENTION, OK, Check
from vault_pim.cli.invocation import FINDING
from vault_pim.cli.render import counted
from vault_pim.domain.facts import AccessSight, Presence
from vault_pim.domain.wording import human_duration
from vault_pim.lifecycle.findings import ALMOST_OVER
from vault_pim.settings.logins import ApproleLogin
from vault_pim.vault.address import AppRoleLogin
from vault_pim.vault.secret_ids import secret_id_end


def look_at_logins(installation: Installation) -> Iterator[Check]:
    """Everybody who logs in."""
    yield from _own(installation)
    now = installation.clock.now()
    for connector in installation.settings.connectors():
        seen = installation.access.look(connector)
        fine = seen.presence in (Presence.AS_DECLARED, Presence.CUT)
        drift = f": {', '.join(seen.drift)}" if seen.drift else ""
        yield Check(
            subject=str(connector.id),
            outcome=OK if fine else ATTENTION,
            said=f"identity in Vault is {seen.presence}{drift}{_secret_ids(seen, now)}",
            advice="" if fine else "Run `vault-pim setup` as an administrator.",
            exit_code=0 if fine else FINDING,
        )


def _secret_ids(seen: AccessSight, now: datetime) -> str:
    """How many it has, and until when; that one ends soon is a finding of `status`."""
    if seen.secret_ids is None:
        return ""
    if not seen.secret_ids:
        return "; it has no secret-id: `vault-pim bootstrap` makes one"
    ends = [end for end in seen.secret_ids if end is not None]
    until = f", the last until {human_duration(max(ends) - now)} from now" if len(ends) == len(seen.secret_ids) else ""
    return f"; {counted(len(seen.secret_ids), 'secret-id')}{until}"


def _own(installation: Installation) -> Iterator[Check]:
    """Our own secret-id: does it end, and can it be replaced before?"""
    auth = installation.settings.vault.auth
    if not isinstance(auth, ApproleLogin):
        return
    login = AppRoleLogin(role_id_file=auth.role_id_file, secret_id_file=auth.secret_id_file)
    end = secret_id_end(installation.vault, installation.layout.daemon_role, login)
    if end is None:
        yield Check(subject="our login", outcome=OK, said="our secret-id has no end")
        return
    left, folder = end - installation.clock.now(), auth.secret_id_file.parent
    said = f"our secret-id ends in {human_duration(left)}"
    if not os.access(folder, os.W_OK):
        said, advice = f"{said}, and {folder} cannot be written to keep a new one", f"Let this account write {folder}."
    elif left < auth.secret_id_ttl * ALMOST_OVER:
        said, advice = f"{said}, and nobody has renewed it", "Run the daemon, or `vault-pim setup --write-login`."
    else:
        yield Check(subject="our login", outcome=OK, said=said)
        return
    yield Check(subject="our login", outcome=ATTENTION, said=said, advice=advice, exit_code=FINDING)
