"""Searches stretches of a long text in several processes at once, one for each core.

Called by `scan`. A worker gets a stretch through a pipe and gives back the candidates; it ends with the pipe, so also
when this process is killed. Each has one stretch in hand at most: memory stays constant, and neither side ever waits
for the other to read while the other waits for it. Refuses to know anything of what is searched for.
"""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from multiprocessing.connection import Connection

Search = Callable[[bytes], set[bytes]]
Stretch = tuple[int, bytes]


def in_parallel(stretches: Iterator[Stretch], search: Search, count: int) -> Iterator[tuple[int, set[bytes]]]:
    """Search all stretches, and give what each holds in their order.

    Args:
        search: can be pickled.
        count: how many processes.
    """
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        idle: deque[Connection] = deque()
        for _ in range(count):
            ours, theirs = context.Pipe()
            worker = context.Process(target=_work, args=(theirs, search), daemon=True)
            worker.start()
            theirs.close()
            stack.callback(worker.join)
            stack.callback(ours.close)  # runs first, and ends the worker
            idle.append(ours)
        busy: deque[tuple[int, Connection]] = deque()
        for size, text in stretches:
            if not idle:
                yield _finished(busy, idle)
            worker_end = idle.popleft()
            worker_end.send_bytes(text)
            busy.append((size, worker_end))
        while busy:
            yield _finished(busy, idle)


def _finished(busy: deque[tuple[int, Connection]], idle: deque[Connection]) -> tuple[int, set[bytes]]:
    size, connection = busy.popleft()
    found: set[bytes] = connection.recv()
    idle.append(connection)
    return size, found


def _work(connection: Connection, search: Search) -> None:
    try:
        while True:
            connection.send(search(connection.recv_bytes()))
    except (EOFError, OSError, KeyboardInterrupt):
        return  # whoever asked is done, or gone
