"""What vault-pim's own login may do in Vault, compared with what it needs. Called by `doctor`; changes nothing."""

from vault_pim.vault.layout import DAEMON, Layout
from vault_pim.vault.session import VaultSession

_BUILT_IN = frozenset({"default", DAEMON})


def lacking(session: VaultSession, layout: Layout) -> tuple[str, ...]:
    """What it needs and may not, as `capability path`; asked of Vault for one path of each kind."""
    sample = "connectors/doctor/doctor"
    needed = {
        f"{layout.credentials_mount}/data/{sample}": {"create", "read", "update"},
        f"{layout.credentials_mount}/metadata/{sample}": {"read", "patch"},
        f"{layout.credentials_mount}/destroy/{sample}": {"update"},
        f"{layout.state_mount}/data/{sample}": {"create", "read", "update"},
        f"{layout.state_mount}/data/pending/doctor/doctor/1": {"create", "read", "update"},
        f"{layout.state_mount}/metadata/pending/doctor/doctor/1": {"delete"},
        "identity/entity/name/vault-pim.doctor.doctor": {"read", "update"},
    }
    reply = session.request("POST", "sys/capabilities-self", {"paths": list(needed)})
    missing = []
    for path, wanted in needed.items():
        held = set(reply.data.get(path) or ())
        if "root" not in held:
            missing += [f"{one} {path}" for one in sorted(wanted - held)]
    return tuple(missing)


def excess(session: VaultSession) -> tuple[str, ...]:
    """Policies its token carries beyond the daemon's own."""
    token = session.request("GET", "auth/token/lookup-self").data
    held = {*(token.get("policies") or ()), *(token.get("identity_policies") or ())}
    return tuple(f"what policy {name} allows" for name in sorted(held - _BUILT_IN))
