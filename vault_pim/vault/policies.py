"""The two policies of vault-pim, rendered for a layout. `setup` writes them; `config/policies/` shows the defaults.

Every right stands beside what needs it. Whatever is not here, Vault refuses.
"""

from datetime import timedelta

from vault_pim.vault.layout import Layout, transit_path

LONGEST_WRAPPING = timedelta(hours=1)
"""How long a one-time token with a secret-id may live."""

_DAEMON = """\
# vault-pim's daemon and commands. No right over policies, mounts, roles, aliases or anybody else's tokens.

# the served credential sets: written under check-and-set, hints patched, old KV versions destroyed
path "{credentials}/data/connectors/+/+" {{
  capabilities = ["create", "read", "update"]
}}
path "{credentials}/metadata/connectors/+/+" {{
  capabilities       = ["read", "patch"]
  allowed_parameters = {{
    "custom_metadata" = []
  }}
}}
path "{credentials}/destroy/connectors/+/+" {{
  capabilities = ["update"]
}}

# which generation each running process of a connector says it uses: seen, and dropped when nobody is behind it any more
path "{credentials}/metadata/readers/+/+/" {{
  capabilities = ["list"]
}}
path "{credentials}/metadata/readers/+/+/+" {{
  capabilities = ["read", "delete"]
}}

# the state records: never deleted, since their KV version is the fence
path "{state}/data/connectors/+/+" {{
  capabilities = ["create", "read", "update"]
}}
path "{state}/metadata/connectors/" {{
  capabilities = ["list"]
}}
path "{state}/metadata/connectors/+/" {{
  capabilities = ["list"]
}}

# held credential sets: held once, gone for good when they are dropped
path "{state}/data/pending/+/+/+" {{
  capabilities = ["create", "read", "update"]
}}
path "{state}/destroy/pending/+/+/+" {{
  capabilities = ["update"]
}}

# the fingerprints of all values ever issued: added, and never changed or removed
path "{state}/data/fingerprints/+/+/+" {{
  capabilities = ["create", "read"]
}}
path "{state}/data/fingerprints/complete" {{
  capabilities = ["create", "read"]
}}
path "{state}/metadata/fingerprints/" {{
  capabilities = ["list"]
}}
path "{state}/metadata/fingerprints/+/+/" {{
  capabilities = ["list"]
}}

# refused logins at a PIM; the keys for fingerprints and signatures, made once and never replaced
path "{state}/data/pims/+/login" {{
  capabilities = ["create", "read", "update"]
}}
path "{state}/data/keys/+" {{
  capabilities = ["create", "read"]
}}

# the records of incidents, and where each audit log must not end before; never deleted
path "{state}/data/incidents/+" {{
  capabilities = ["create", "read", "update"]
}}
path "{state}/data/audit/+" {{
  capabilities = ["create", "read", "update"]
}}
path "{state}/metadata/incidents/" {{
  capabilities = ["list"]
}}
path "{state}/metadata/audit/" {{
  capabilities = ["list"]
}}

# the connectors' entities: seen, disabled, enabled, and nothing else
path "identity/entity/name/vault-pim.*" {{
  capabilities       = ["read", "update"]
  allowed_parameters = {{
    "disabled" = []
  }}
}}

# the connectors' logins: seen; secret-ids counted, looked up, destroyed, and made only wrapped
path "auth/{connectors}/+/+/config" {{
  capabilities = ["read"]
}}
path "auth/{connectors}/+/+/certs/+" {{
  capabilities = ["read"]
}}
path "auth/{connectors}/+/+/role/+" {{
  capabilities = ["read"]
}}
path "auth/{connectors}/+/+/role/+/role-id" {{
  capabilities = ["read"]
}}
path "auth/{connectors}/+/+/role/+/secret-id" {{
  capabilities      = ["update"]
  denied_parameters = {{
    "*" = []
  }}
  min_wrapping_ttl  = "{shortest}"
  max_wrapping_ttl  = "{longest}"
}}
path "auth/{connectors}/+/+/role/+/secret-id-accessor/lookup" {{
  capabilities = ["update"]
}}
path "auth/{connectors}/+/+/role/+/secret-id/" {{
  capabilities = ["list"]
}}
path "auth/{connectors}/+/+/role/+/secret-id-accessor/destroy" {{
  capabilities = ["update"]
}}

# the connectors' tokens: counted and ended, by the mount of one connector
path "sys/leases/lookup/auth/{connectors}/+/+/login/" {{
  capabilities = ["list", "sudo"]
}}
path "sys/leases/revoke-prefix/auth/{connectors}/+/+/login" {{
  capabilities = ["update", "sudo"]
}}

# its own secret-id: replaced before it ends, the new one wrapped and as its role says
path "{daemon_role}/secret-id" {{
  capabilities      = ["update"]
  denied_parameters = {{
    "*" = []
  }}
  min_wrapping_ttl  = "{shortest}"
  max_wrapping_ttl  = "{longest}"
}}
path "{daemon_role}/secret-id/lookup" {{
  capabilities = ["update"]
}}
path "{daemon_role}/secret-id/destroy" {{
  capabilities = ["update"]
}}

# its own token
path "auth/token/lookup-self" {{
  capabilities = ["read"]
}}
path "auth/token/renew-self" {{
  capabilities = ["update"]
}}
path "auth/token/revoke-self" {{
  capabilities = ["update"]
}}
"""

_AUDIT = """
# how a value stands in the log of the audit device: to find who read a leaked one
path "sys/audit-hash/{device}" {{
  capabilities = ["update"]
}}
"""

_TRANSIT = """
# vault-pim's own keys, which Transit seals
path "{encrypt}" {{
  capabilities = ["update"]
}}
path "{decrypt}" {{
  capabilities = ["update"]
}}
"""

_OWN = "{{identity.entity.metadata.pim}}/{{identity.entity.metadata.connector}}"
_OWN_IDENTITY = "vault-pim.{{identity.entity.metadata.pim}}.{{identity.entity.metadata.connector}}"
_CONNECTOR = """\
# Any connector of vault-pim: its own credential set, found by the metadata of its entity, and nothing else.
path "{credentials}/data/connectors/{own}" {{
  capabilities = ["read"]
}}
path "{credentials}/metadata/connectors/{own}" {{
  capabilities = ["read"]
}}

# Which generation each of its processes uses, as metadata of an entry that never holds data.
path "{credentials}/metadata/readers/{own}/+" {{
  capabilities       = ["create", "update", "delete"]
  allowed_parameters = {{
    "custom_metadata" = []
  }}
}}

# Its own secret-id, where it has an AppRole: replaced before it ends, the new one wrapped and as its role says.
path "auth/{connectors}/{own}/role/{own_identity}/secret-id" {{
  capabilities      = ["update"]
  denied_parameters = {{
    "*" = []
  }}
  min_wrapping_ttl  = "{shortest}"
  max_wrapping_ttl  = "{longest}"
}}
path "auth/{connectors}/{own}/role/{own_identity}/secret-id/lookup" {{
  capabilities = ["update"]
}}
path "auth/{connectors}/{own}/role/{own_identity}/secret-id/destroy" {{
  capabilities = ["update"]
}}
"""


def daemon_policy(layout: Layout) -> str:
    """What the daemon may do."""
    policy = _DAEMON.format(
        credentials=layout.credentials_mount,
        state=layout.state_mount,
        connectors=layout.connectors_auth,
        daemon_role=layout.daemon_role,
        shortest="1s",
        longest="1h",
    )
    if layout.audit_device is not None:
        policy += _AUDIT.format(device=layout.audit_device)
    if (key := layout.transit_key) is not None:
        policy += _TRANSIT.format(encrypt=transit_path(key, "encrypt"), decrypt=transit_path(key, "decrypt"))
    return policy


def connector_policy(layout: Layout) -> str:
    """What any connector may do; templated on its entity's metadata (contracts/openbao.md §B)."""
    return _CONNECTOR.format(
        credentials=layout.credentials_mount,
        connectors=layout.connectors_auth,
        own=_OWN,
        own_identity=_OWN_IDENTITY,
        shortest="1s",
        longest="1h",
    )
