# Any connector of vault-pim: its own credential set, found by the metadata of its entity, and nothing else.
path "pim/data/connectors/{{identity.entity.metadata.pim}}/{{identity.entity.metadata.connector}}" {
  capabilities = ["read"]
}
path "pim/metadata/connectors/{{identity.entity.metadata.pim}}/{{identity.entity.metadata.connector}}" {
  capabilities = ["read"]
}

# Which generation each of its processes uses, as metadata of an entry that never holds data.
path "pim/metadata/readers/{{identity.entity.metadata.pim}}/{{identity.entity.metadata.connector}}/+" {
  capabilities       = ["create", "update", "delete"]
  allowed_parameters = {
    "custom_metadata" = []
  }
}

# Its own secret-id, where it has an AppRole: replaced before it ends, the new one wrapped and as its role says.
path "auth/vault-pim/{{identity.entity.metadata.pim}}/{{identity.entity.metadata.connector}}/role/vault-pim.{{identity.entity.metadata.pim}}.{{identity.entity.metadata.connector}}/secret-id" {
  capabilities      = ["update"]
  denied_parameters = {
    "*" = []
  }
  min_wrapping_ttl  = "1s"
  max_wrapping_ttl  = "1h"
}
path "auth/vault-pim/{{identity.entity.metadata.pim}}/{{identity.entity.metadata.connector}}/role/vault-pim.{{identity.entity.metadata.pim}}.{{identity.entity.metadata.connector}}/secret-id/lookup" {
  capabilities = ["update"]
}
path "auth/vault-pim/{{identity.entity.metadata.pim}}/{{identity.entity.metadata.connector}}/role/vault-pim.{{identity.entity.metadata.pim}}.{{identity.entity.metadata.connector}}/secret-id/destroy" {
  capabilities = ["update"]
}
