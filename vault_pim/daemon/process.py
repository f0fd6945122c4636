"""The daemon as a process: signals, the service manager, and an end within ten seconds.

Called by `vault-pim daemon`. SIGTERM and SIGINT finish the step in hand; a second one does not wait for it.
SIGHUP reloads.
"""

import logging
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vault_pim.daemon import logs
from vault_pim.daemon.http import Server
from vault_pim.daemon.service import Service
from vault_pim.daemon.service_manager import ServiceManager
from vault_pim.domain.errors import NotProven
from vault_pim.settings import Settings

logger = logging.getLogger(__name__)

LAST_MOMENT = 8.5
"""Seconds after which an unfinished step is left to the next daemon."""
UNFINISHED = NotProven.exit_code
HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run(config: Path | None, *, verbosity: int) -> int:
    """Run until SIGTERM or SIGINT.

    Args:
        config: the configuration file, or None for the usual one.
        verbosity: how often `-v` was given.

    Returns:
        0; the process ends with 5 where a step could not be finished in time.

    Raises:
        ConfigurationError: the configuration is wrong, or its address cannot be listened on.
    """
    logs.configure(sys.stderr, verbosity=verbosity)
    manager = ServiceManager()
    signals = Signals()
    with signals.taken():
        service = Service(lambda: Settings.load(config))
        with Server(service):
            service.start()
            manager.ready()
            _obey(signals, service, manager)
            manager.stopping()
            logger.info("stopping: finishing the step in hand")
            _leave_in_time(signals)
            service.stop()
    logger.info("stopped")
    return 0


class Signals:
    """The signals that arrive, in order, through a pipe that the interpreter writes to at once.

    A handler runs only between two steps of the main thread: what comes right before that thread begins to wait, or to
    another thread, would not end the waiting.
    """

    def __init__(self) -> None:
        self._arrived, self._told = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """From the main thread: they come here, and do nothing else."""
        former = {number: signal.signal(number, lambda *_: None) for number in HANDLED}
        told_before = signal.set_wakeup_fd(self._told, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(told_before)
            for number, handler in former.items():
                signal.signal(number, handler)

    def next(self, *, within: float | None) -> int | None:
        """The next signal, or None if none comes within that many seconds."""
        ready, _, _ = select.select([self._arrived], [], [], within)
        return os.read(self._arrived, 1)[0] if ready else None


def _obey(signals: Signals, service: Service, manager: ServiceManager) -> None:
    """Wait for the signal to end; reload meanwhile, and show the service manager that we live as long as we do."""
    while True:
        if not service.ailments():
            manager.alive()
        received = signals.next(within=manager.watchdog)
        if received is None:
            continue
        if received != signal.SIGHUP:
            return
        manager.reloading()
        service.reload()
        manager.ready()


def _leave_in_time(signals: Signals) -> None:
    """End the process all the same when its time is over, or when it is told to a second time."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def last_moment() -> None:
        signals.next(within=LAST_MOMENT)
        logger.warning("a step is not finished; the next daemon goes on with it")
        os._exit(UNFINISHED)

    threading.Thread(target=last_moment, name="last-moment", daemon=True).start()
