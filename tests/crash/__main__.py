"""`make torture`: kills and faults at every point, several worlds at once, and the table of what came of it.

    python -m tests.crash --kills 2500 --faults 1500

Exits 1 if anything bad came of anything. With `--write` the tables go into docs/explanation/failure.md
and into failure.csv beside it.
"""

import argparse
import itertools
import multiprocessing
import random
import sys
import time
from collections.abc import Iterator

from tests.crash import report
from tests.crash.place import PLACES
from tests.crash.torture import Outcome
from tests.crash.workers import SHARES, Orders, work


def main() -> int:
    """Torture, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=2500)
    parser.add_argument("--faults", type=int, default=1500, help="drawn from each fault at each point")
    parser.add_argument("--workers", type=int, default=1, help="for each kind of world")
    parser.add_argument("--places", nargs="*", choices=tuple(SHARES), default=tuple(SHARES), help="kinds of world")
    parser.add_argument("--minutes", type=float, default=600, help="stop then, done or not")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--write", action="store_true", help="into docs/explanation/failure.md")
    given = parser.parse_args()
    _say(f"seed {given.seed}")
    context, begun = multiprocessing.get_context("spawn"), time.monotonic()
    told = context.Queue()
    processes = []
    places = [place for place in PLACES if place.name in given.places]
    for place, worker in itertools.product(places, range(given.workers)):
        orders = Orders(
            place=place,
            worker=worker,
            workers=given.workers,
            kills=given.kills,
            faults=given.faults,
            seed=given.seed,
            share=SHARES[place.name] / sum(SHARES[one.name] for one in places),
            until=begun + 60 * given.minutes,
        )
        processes.append(context.Process(target=work, args=(orders, told)))
        processes[-1].start()
    outcomes = list(_gather(told, len(processes)))
    for process in processes:
        process.join()
    minutes = (time.monotonic() - begun) / 60
    summary = f"{report.summary(outcomes)} {minutes:.0f} minutes, seed {given.seed}."
    _say(f"{report.plain(report.by_point(outcomes))}\n\n{report.plain(report.by_scenario(outcomes))}\n{summary}")
    if given.write:
        tables = (
            report.markdown(report.by_scenario(outcomes), words=2),
            report.markdown(report.by_deed(outcomes), words=1),
        )
        report.write("\n\n".join((summary, *tables)), name="torture")
        report.keep_points(outcomes)
    failed = any(process.exitcode for process in processes) or any(one.bad for one in outcomes)
    return int(failed)


def _gather(told: "multiprocessing.Queue[Outcome | None]", workers: int) -> Iterator[Outcome]:
    """What the workers tell, until each of them has ended."""
    while workers:
        outcome = told.get()
        if outcome is None:
            workers -= 1
            continue
        for bad in outcome.bad:
            _say(f"BAD {outcome.place} | {outcome.scenario} | {outcome.point} | {outcome.deed} | {bad}")
        yield outcome


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
