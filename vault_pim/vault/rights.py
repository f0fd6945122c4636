"""What vault-pim's own login may do in Vault, compared with its policy. Called by `doctor`; changes nothing."""

import re

from vault_pim.vault.layout import DAEMON, Layout
from vault_pim.vault.policies import daemon_policy
from vault_pim.vault.session import VaultSession

_BUILT_IN = frozenset({"default", DAEMON})
_RULE = re.compile(r'^path "(?P<path>[^"]+)" \{\s*capabilities\s*= \[(?P<capabilities>[^]]+)\]', re.MULTILINE)


def lacking(session: VaultSession, layout: Layout) -> tuple[str, ...]:
    """What it needs and may not, as `capability path`; asked of Vault for one path of each rule of the policy."""
    needed = {_sample(rule["path"]): set(re.findall(r"\w+", rule["capabilities"])) for rule in _rules(layout)}
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


def _rules(layout: Layout) -> list[re.Match[str]]:
    return list(_RULE.finditer(daemon_policy(layout)))


def _sample(pattern: str) -> str:
    """A path that a pattern of the policy stands for."""
    return pattern.replace("+", "doctor").replace("*", "doctor.doctor")
