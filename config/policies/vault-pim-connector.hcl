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
