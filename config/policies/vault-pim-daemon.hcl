# vault-pim's daemon and commands. No right over policies, mounts, roles, aliases or anybody else's tokens.

# the served credential sets: written under check-and-set, hints patched, old KV versions destroyed
path "pim/data/connectors/+/+" {
  capabilities = ["create", "read", "update"]
}
path "pim/metadata/connectors/+/+" {
  capabilities       = ["read", "patch"]
  allowed_parameters = {
    "custom_metadata" = []
  }
}
path "pim/destroy/connectors/+/+" {
  capabilities = ["update"]
}

# which generation each running process of a connector says it uses: seen, and dropped when nobody is behind it any more
path "pim/metadata/readers/+/+/" {
  capabilities = ["list"]
}
path "pim/metadata/readers/+/+/+" {
  capabilities = ["read", "delete"]
}

# the state records: never deleted, since their KV version is the fence
path "pim-state/data/connectors/+/+" {
  capabilities = ["create", "read", "update"]
}
path "pim-state/metadata/connectors/" {
  capabilities = ["list"]
}
path "pim-state/metadata/connectors/+/" {
  capabilities = ["list"]
}

# held credential sets: held once, gone for good when they are dropped
path "pim-state/data/pending/+/+/+" {
  capabilities = ["create", "read", "update"]
}
path "pim-state/destroy/pending/+/+/+" {
  capabilities = ["update"]
}

# the fingerprints of all values ever issued: added, and never changed or removed
path "pim-state/data/fingerprints/+/+/+" {
  capabilities = ["create", "read"]
}
path "pim-state/data/fingerprints/complete" {
  capabilities = ["create", "read"]
}
path "pim-state/metadata/fingerprints/" {
  capabilities = ["list"]
}
path "pim-state/metadata/fingerprints/+/+/" {
  capabilities = ["list"]
}

# refused logins at a PIM; the keys for fingerprints and signatures, made once and never replaced
path "pim-state/data/pims/+/login" {
  capabilities = ["create", "read", "update"]
}
path "pim-state/data/keys/+" {
  capabilities = ["create", "read"]
}

# the records of incidents, and where each audit log must not end before; never deleted
path "pim-state/data/incidents/+" {
  capabilities = ["create", "read", "update"]
}
path "pim-state/data/audit/+" {
  capabilities = ["create", "read", "update"]
}
path "pim-state/metadata/incidents/" {
  capabilities = ["list"]
}
path "pim-state/metadata/audit/" {
  capabilities = ["list"]
}

# the connectors' entities: seen, disabled, enabled, and nothing else
path "identity/entity/name/vault-pim.*" {
  capabilities       = ["read", "update"]
  allowed_parameters = {
    "disabled" = []
  }
}

# the connectors' logins: seen; secret-ids counted, looked up, destroyed, and made only wrapped
path "auth/vault-pim/+/+/config" {
  capabilities = ["read"]
}
path "auth/vault-pim/+/+/certs/+" {
  capabilities = ["read"]
}
path "auth/vault-pim/+/+/role/+" {
  capabilities = ["read"]
}
path "auth/vault-pim/+/+/role/+/role-id" {
  capabilities = ["read"]
}
path "auth/vault-pim/+/+/role/+/secret-id" {
  capabilities      = ["update"]
  denied_parameters = {
    "*" = []
  }
  min_wrapping_ttl  = "1s"
  max_wrapping_ttl  = "1h"
}
path "auth/vault-pim/+/+/role/+/secret-id-accessor/lookup" {
  capabilities = ["update"]
}
path "auth/vault-pim/+/+/role/+/secret-id/" {
  capabilities = ["list"]
}
path "auth/vault-pim/+/+/role/+/secret-id-accessor/destroy" {
  capabilities = ["update"]
}

# the connectors' tokens: counted and ended, by the mount of one connector
path "sys/leases/lookup/auth/vault-pim/+/+/login/" {
  capabilities = ["list", "sudo"]
}
path "sys/leases/revoke-prefix/auth/vault-pim/+/+/login" {
  capabilities = ["update", "sudo"]
}

# its own secret-id: replaced before it ends, the new one wrapped and as its role says
path "auth/approle/role/vault-pim-daemon/secret-id" {
  capabilities      = ["update"]
  denied_parameters = {
    "*" = []
  }
  min_wrapping_ttl  = "1s"
  max_wrapping_ttl  = "1h"
}
path "auth/approle/role/vault-pim-daemon/secret-id/lookup" {
  capabilities = ["update"]
}
path "auth/approle/role/vault-pim-daemon/secret-id/destroy" {
  capabilities = ["update"]
}

# its own token
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}
path "auth/token/revoke-self" {
  capabilities = ["update"]
}
