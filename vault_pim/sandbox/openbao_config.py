"""The configuration file of the sandbox's OpenBao: one node, sealed by a static key, audited, with one administrator.

Called by `openbao` alone. Shape: contracts/openbao.md §A.
"""

import json
from pathlib import Path

AUDIT_DEVICE = "main"
_EVERY_RIGHT = 'path "*" { capabilities = ["create", "read", "update", "patch", "delete", "list", "sudo"] }'

_CONFIG = """
storage "pebbledb" {{ path = "{directory}/data" }}
listener "tcp" {{
  address         = "127.0.0.1:{port}"
  cluster_address = "127.0.0.1:{cluster_port}"
  {tls}
}}
api_addr     = "{url}"
cluster_addr = "https://127.0.0.1:{cluster_port}"
seal "static" {{
  current_key_id = "sandbox"
  current_key    = "{seal_key}"
}}
audit "file" "{audit_device}" {{
  options {{
    file_path      = "{directory}/audit.log"
    hmac_accessor  = "false"
  }}
}}
initialize "administrator" {{
  request "policy" {{
    operation = "update"
    path      = "sys/policies/acl/administrator"
    data      = {{ policy = {policy} }}
  }}
  request "auth" {{
    operation = "update"
    path      = "sys/auth/administrators"
    data      = {{ type = "userpass" }}
  }}
  request "user" {{
    operation = "update"
    path      = "auth/administrators/users/administrator"
    data      = {{ password = "{password}", token_policies = ["administrator"] }}
  }}
}}
"""


def server_config(directory: Path, *, url: str, port: int, cluster_port: int, seal_key: str, password: str) -> str:
    """The text of the file; it holds secrets.

    Args:
        directory: the server's home; for https it has `server.crt` and `server.key`.
        seal_key: 64 hex digits.
        password: the administrator's.
    """
    tls = "tls_disable = true"
    if url.startswith("https:"):
        tls = f'tls_cert_file = "{directory}/server.crt"\n  tls_key_file = "{directory}/server.key"'
    return _CONFIG.format(
        directory=directory,
        url=url,
        port=port,
        cluster_port=cluster_port,
        tls=tls,
        seal_key=seal_key,
        audit_device=AUDIT_DEVICE,
        password=password,
        policy=json.dumps(_EVERY_RIGHT),
    )
