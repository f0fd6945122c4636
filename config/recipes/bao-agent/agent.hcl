# OpenBao Agent or Vault Agent: keeps /run/erp/pim.json as Vault serves it to the connector prod/erp.
# To be changed: the address, `prod/erp` in two places, and `pim` if credentials_mount is another one.
# Run it as the connector's own user, whose /run/erp is (mode 0700): bao agent -config=/etc/erp/agent.hcl

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

  # Its Vault token, for `acknowledge` beside this file. Leave it out if nothing is acknowledged.
  sink "file" {
    config = {
      path = "/run/erp/vault_token"
      mode = 0600
    }
  }
}

template_config {
  # How often it looks for a new set: at most `refresh_interval` of the connector's policy.
  static_secret_render_interval = "1m"

  # When Vault has refused it for some minutes, as after a revocation: end, and log in anew when it is started again.
  # The file stays. Run it under something that starts it again.
  exit_on_retry_failure = true
}

# The same document as `vault-pim get --format json`, replaced in one step.
template {
  destination          = "/run/erp/pim.json"
  perms                = "0600"
  error_on_missing_key = true
  contents             = <<-EOT
    {{ with secret "pim/data/connectors/prod/erp" }}{{ .Data.data | toJSON }}{{ end }}
  EOT

  # What to run when the set is new, for a connector that does not look at the file by itself:
  # exec { command = ["/opt/erp/bin/reload"] }
}
