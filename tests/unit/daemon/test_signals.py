"""How signals reach the daemon."""

import os
import signal
import threading

from vault_pim.daemon.process import Signals


def test_signal_that_another_thread_is_given_ends_the_waiting() -> None:
    """So does one that comes right before the main thread begins to wait."""
    signals, ready, over = Signals(), threading.Event(), threading.Event()

    def receive() -> None:
        ready.set()
        over.wait(60)

    other = threading.Thread(target=receive)
    other.start()
    ready.wait(60)
    with signals.taken():
        assert signals.next(within=0) is None
        signal.pthread_kill(other.ident or 0, signal.SIGHUP)
        assert signals.next(within=30) == signal.SIGHUP
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.next(within=30) == signal.SIGTERM
    over.set()
    other.join()
