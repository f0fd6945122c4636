"""Real issuers of identities: a signer of web tokens, an authority for client certificates, a cluster's API server.

Keys are made and used by OpenBao (transit, pki), so that nothing else is needed on the machine. The cluster is a small
HTTPS server that answers token reviews as Kubernetes does, and refuses what Kubernetes would refuse.
"""

import base64
import http.server
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.integration.vault_world import write_private
from vault_pim.sandbox.openbao import make_certificate
from vault_pim.vault.session import VaultSession

API_SERVER = "https://kubernetes.default.svc"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"


class Signer:
    """Signs web tokens with a key that never leaves OpenBao."""

    def __init__(self, admin: VaultSession, name: str) -> None:
        self._admin, self._key = admin, f"transit/{{}}/{name}"
        if not admin.request("GET", "sys/mounts").data.get("transit/"):
            admin.request("POST", "sys/mounts/transit", {"type": "transit"})
        admin.request("POST", self._key.format("keys"), {"type": "ecdsa-p256"})
        self.public_key = str(admin.request("GET", self._key.format("keys")).data["keys"]["1"]["public_key"])

    def token(self, **claims: object) -> str:
        """A token that says this, for ten minutes."""
        now = int(time.time())  # noqa: TID251 - Vault reads it by the real clock
        said = {"iat": now, "nbf": now, "exp": now + 600} | claims
        text = ".".join(_base64(json.dumps(part).encode()) for part in ({"alg": "ES256", "typ": "JWT"}, said))
        asked = {"input": base64.b64encode(text.encode()).decode(), "marshaling_algorithm": "jws"}
        signed = self._admin.request("POST", self._key.format("sign"), asked | {"hash_algorithm": "sha2-256"}).data
        return f"{text}.{signed['signature'].rpartition(':')[2]}"


class Authority:
    """Signs client certificates."""

    def __init__(self, admin: VaultSession, name: str) -> None:
        self._admin, self._mount = admin, name
        admin.request("POST", f"sys/mounts/{name}", {"type": "pki"})
        root = {"common_name": name, "key_type": "ec", "ttl": "24h"}
        self.certificate = str(admin.request("POST", f"{name}/root/generate/internal", root).data["certificate"])
        role = {"allow_any_name": True, "key_type": "ec", "client_flag": True, "enforce_hostnames": False}
        admin.request("POST", f"{name}/roles/client", role)

    def write(self, directory: Path, common_name: str) -> tuple[Path, Path]:
        """A certificate and its key, in files; those that were there are replaced."""
        asked = {"common_name": common_name, "exclude_cn_from_sans": True, "ttl": "1h"}
        issued = self._admin.request("POST", f"{self._mount}/issue/client", asked).data
        directory.mkdir(exist_ok=True)
        cert, key = directory / "client.crt", directory / "client.key"
        cert.write_text(issued["certificate"])
        key.unlink(missing_ok=True)
        write_private(key, issued["private_key"])
        return cert, key


@dataclass
class Cluster:
    """A Kubernetes API server, as far as token reviews go.

    Attributes:
        host: where it listens.
        accounts: by token, the service account it was issued for, as `namespace:name`, and its audience.
    """

    signer: Signer
    host: str
    ca_cert: str
    accounts: dict[str, tuple[str, str]] = field(default_factory=dict)

    def token(self, namespace: str, name: str, audience: str = API_SERVER) -> str:
        """What a pod of that service account finds in its file."""
        bound = {"namespace": namespace, "serviceaccount": {"name": name, "uid": f"uid-of-{name}"}}
        subject = f"system:serviceaccount:{namespace}:{name}"
        token = self.signer.token(iss=API_SERVER, aud=[audience], sub=subject, **{"kubernetes.io": bound})
        self.accounts[token] = (f"{namespace}:{name}", audience)
        return token

    def review(self, path: str, bearer: str, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The answer to a request; only a token of its own may ask."""
        if bearer not in self.accounts:
            return 401, {"kind": "Status", "status": "Failure", "code": 401, "message": "Unauthorized"}
        kind = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview"}
        if path != REVIEWS or asked | kind != kind | asked:  # what is left out follows from the path
            return 404, {"kind": "Status", "status": "Failure", "code": 404, "message": "not found"}
        account, audience = self.accounts.get(asked["spec"]["token"], ("", ""))
        if not account or audience not in (asked["spec"].get("audiences") or [API_SERVER]):
            return 201, asked | kind | {"status": {"authenticated": False, "error": "invalid bearer token"}}
        user: dict[str, Any] = {
            "username": f"system:serviceaccount:{account}",
            "uid": f"uid-of-{account.partition(':')[2]}",
        }
        user["groups"] = ["system:serviceaccounts", "system:authenticated"]
        return 201, asked | kind | {"status": {"authenticated": True, "audiences": [audience], "user": user}}


@contextmanager
def a_cluster(admin: VaultSession, directory: Path) -> Iterator[Cluster]:
    """A cluster that runs until the block ends."""
    directory.mkdir(exist_ok=True)
    authority = make_certificate(directory)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, answer = cluster.review(self.path, bearer, asked)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "server.crt", directory / "server.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        host = f"https://127.0.0.1:{server.server_port}"
        cluster = Cluster(signer=Signer(admin, "cluster"), host=host, ca_cert=authority.read_text())
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield cluster
        finally:
            server.shutdown()
            thread.join()


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
