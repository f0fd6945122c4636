"""Serving an ASGI application on loopback, and nowhere else: socket, open connections, a stop that does not wait.

Used by `pim_server`. What is served, and what shall go wrong with it, is not known here.
"""

import asyncio
import socket
import threading

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol


class LeavingServer(uvicorn.Server):
    """uvicorn, saying when it is ready, and leaving at once: what is still being answered is given up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._left = asyncio.Event()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.ready.set()
        await self._left.wait()

    def leave(self) -> None:
        """Stop serving; called from another thread."""
        self._loop.call_soon_threadsafe(self._left.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for task in self.server_state.tasks:
            task.cancel()
        for one in sockets or []:
            one.close()


def listening_socket(port: int) -> socket.socket:
    """Loopback only. Named as TCP, or asyncio leaves Nagle's algorithm on, which costs 40 ms an answer."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen()
    return listening


def tracking(connections: dict[tuple[str, int], asyncio.Transport]) -> type[asyncio.Protocol]:
    """uvicorn's protocol, keeping each open connection by its peer, so that a fault can close it."""

    class TrackingProtocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            connections[transport.get_extra_info("peername")] = transport
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.pop(self.transport.get_extra_info("peername"), None)
            super().connection_lost(exc)

    return TrackingProtocol
