"""A PostgreSQL of its own on loopback, a tap on its wire, and the question whether a password logs in."""

import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from tests.crash.proxy import Deed

SUPERUSER: Final = "postgres"
_DEBIAN: Final = Path("/usr/lib/postgresql")
_ORDINARY: Final = ("postgres", "nobody")
_HBA: Final = "host all all 127.0.0.1/32 password\n"
_CHUNK: Final = 65536
_PROTOCOL: Final = 196608
_CLEARTEXT, _AUTHENTICATED = 3, 0


class NoPostgresError(Exception):
    """There is none on this machine, or it cannot be run."""


def programs() -> Path:
    """Where `initdb` and `postgres` lie.

    Raises:
        NoPostgresError: nowhere.
    """
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else sorted(_DEBIAN.glob("*/bin"), reverse=True)
    if not places or not (places[0] / "postgres").exists():
        raise NoPostgresError("PostgreSQL is not installed (Debian: apt install postgresql)")
    return places[0]


class Postgres:
    """One server; it runs as an ordinary user, as it insists.

    Args:
        password: the superuser's.
        users: made before it starts.

    Raises:
        NoPostgresError: it is not installed.
    """

    def __init__(self, password: str, users: Sequence[str]) -> None:
        self._programs = programs()
        self._users = users
        self._password = password
        self._user = next((one for one in _ORDINARY if _exists(one)), None) if os.geteuid() == 0 else None
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]

    def __enter__(self) -> Self:
        directory = self._directory = Path(tempfile.mkdtemp(prefix="vault-pim-postgres-"))
        words = directory / "password"
        words.write_text(self._password)
        if self._user:
            for path in (directory, words):
                shutil.chown(path, self._user)
        data = directory / "data"
        self._run("initdb", "-D", str(data), "-U", SUPERUSER, "--pwfile", str(words), "--auth", "trust")
        made = "".join(f"CREATE ROLE {user} LOGIN PASSWORD 'none';\n" for user in self._users)
        self._run("postgres", "--single", "-D", str(data), "postgres", stdin=made)
        (data / "pg_hba.conf").write_text(_HBA)
        settings = {"listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": str(directory)}
        given = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            [str(self._programs / "postgres"), "-D", str(data), *given],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self._user,
            cwd="/",
        )
        for _ in range(500):
            if self.logs_in(SUPERUSER, self._password):
                return self
            threading.Event().wait(0.02)
        self.__exit__()
        raise RuntimeError("PostgreSQL does not start")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._directory)

    def logs_in(self, user: str, password: str) -> bool:
        """Whether the server takes that password now."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            words = f"user\0{user}\0database\0postgres\0\0".encode()
            connection.sendall(struct.pack("!ii", len(words) + 8, _PROTOCOL) + words)
            if _authentication(connection) != _CLEARTEXT:
                return False
            told = password.encode() + b"\0"
            connection.sendall(b"p" + struct.pack("!i", len(told) + 4) + told)
            return _authentication(connection) == _AUTHENTICATED
        return False

    def _run(self, program: str, *words: str, stdin: str = "") -> None:
        subprocess.run(
            [str(self._programs / program), *words],
            check=True,
            capture_output=True,
            text=True,
            input=stdin,
            user=self._user,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            cwd="/",
        )


def _exists(user: str) -> bool:
    import pwd  # noqa: PLC0415 - not on every system

    with suppress(KeyError):
        return bool(pwd.getpwnam(user))
    return False


def _authentication(connection: socket.socket) -> int:
    """What the server says of a login; -1 for no."""
    head = connection.recv(9, socket.MSG_WAITALL)
    if len(head) < 9 or head[:1] != b"R":
        return -1
    return int(struct.unpack("!i", head[5:9])[0])


@dataclass
class Wire:
    """Passes on what a client says to PostgreSQL, statement by statement, and kills the client on order.

    Attributes:
        kill: ends the client.
        said: what was said since `begin`, as the statements in it.
        killed: set once the client was killed late.
    """

    server: Postgres
    kill: Callable[[], None] = lambda: None
    said: list[str] = field(default_factory=list)
    killed: threading.Event = field(default_factory=threading.Event)
    _orders: Mapping[str, Deed] = field(default_factory=dict)
    _late: float | None = None

    def __post_init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def begin(self, orders: Mapping[str, Deed], late: float | None = None) -> None:
        """New orders, by statement; and how many seconds after a commit was answered the client is killed."""
        self.said, self._orders, self._late = [], orders, late
        self.killed.clear()

    def close(self) -> None:
        """Take no more clients."""
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.server.port)) as upstream, suppress(OSError):
            while said := client.recv(_CHUNK):
                self.said.append(_statement(said))
                deed = self._orders.get(self.said[-1])
                if deed is Deed.KILL_BEFORE:
                    self.kill()
                    return
                upstream.sendall(said)
                answer = upstream.recv(_CHUNK)
                if deed is Deed.KILL_AFTER:
                    self.kill()
                    return
                if deed is Deed.KILL_DURING:
                    client.sendall(answer[: len(answer) // 2])
                    self.kill()
                    return
                client.sendall(answer)
                if self._late is not None and self.said[-1] == "commit":
                    threading.Event().wait(self._late)
                    self.kill()
                    self.killed.set()
                    return


def _statement(said: bytes) -> str:
    """The word a message group begins its statement with."""
    for word in ("BEGIN", "begin", "ALTER", "COMMIT", "commit", "SELECT", "select"):
        if word.encode() in said:
            return word.lower()
    return {0x50: "parse", 0x42: "bind", 0x44: "describe", 0x53: "sync", 0x70: "password", 0x58: "end"}.get(
        said[0], "start"
    )
