# OpenBao Agent or Vault Agent: runs the connector prod/erp with its set in the environment, and restarts it when the
# set is new. To be changed: the address, `prod/erp`, and the command.
# Run it as the connector's own user: bao agent -config=/etc/erp/exec.hcl

vault {
  address = "https://vault.example.com:8200"
}

auto_auth {
  method "approle" {
    mount_path = "auth/vault-pim/prod/erp"
    config = {
      role_id_file_path                   = "/etc/erp/role_id"
      secret_id_file_path                 = "/etc/erp/secret_id"
      remove_secret_id_file_after_reading = false
    }
  }
}

template_config {
  # How often it looks for a new set: at most `refresh_interval` of the connector's policy.
  static_secret_render_interval = "1m"
}

exec {
  command                   = ["/opt/erp/bin/erp"]
  restart_on_secret_changes = "always"
  restart_stop_signal       = "SIGTERM"
}

env_template "PIM_BASE_URL" {
  contents             = "{{ with secret \"pim/data/connectors/prod/erp\" }}{{ .Data.data.base_url }}{{ end }}"
  error_on_missing_key = true
}
env_template "PIM_CLIENT_ID" {
  contents             = "{{ with secret \"pim/data/connectors/prod/erp\" }}{{ .Data.data.client_id }}{{ end }}"
  error_on_missing_key = true
}
env_template "PIM_CLIENT_SECRET" {
  contents             = "{{ with secret \"pim/data/connectors/prod/erp\" }}{{ .Data.data.client_secret }}{{ end }}"
  error_on_missing_key = true
}
env_template "PIM_USERNAME" {
  contents             = "{{ with secret \"pim/data/connectors/prod/erp\" }}{{ .Data.data.username }}{{ end }}"
  error_on_missing_key = true
}
env_template "PIM_PASSWORD" {
  contents             = "{{ with secret \"pim/data/connectors/prod/erp\" }}{{ .Data.data.password }}{{ end }}"
  error_on_missing_key = true
}
env_template "PIM_GENERATION" {
  contents             = "{{ with secret \"pim/data/connectors/prod/erp\" }}{{ .Data.data.generation }}{{ end }}"
  error_on_missing_key = true
}
