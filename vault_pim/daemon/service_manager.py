"""Tells systemd how the daemon stands, by a datagram to the socket it named (sd_notify(3)). Without one: nothing."""

import os
import socket
import time


class ServiceManager:
    """Speaks to the service manager that started us, if there is one.

    Attributes:
        watchdog: seconds between signs of life that it wants, or None; half of what it allows.
    """

    def __init__(self) -> None:
        self._address = os.environ.pop("NOTIFY_SOCKET", "")
        allowed = os.environ.pop("WATCHDOG_USEC", "")
        ours = os.environ.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog = int(allowed) / 2_000_000 if allowed.isdigit() and ours else None

    def ready(self) -> None:
        """Started, or done with a reload."""
        self._send("READY=1")

    def reloading(self) -> None:
        """A reload begins; `ready` follows."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The end begins."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """A sign of life."""
        self._send("WATCHDOG=1")

    def _send(self, state: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            try:
                sender.sendto(state.encode(), address)
            except OSError:
                return  # nobody listens any more; the work goes on
