"""A PIM that is silent for hours does not fill the record of an incident."""

from datetime import timedelta

from tests.fakes.builders import ERP
from tests.fakes.clock import START
from vault_pim.audit.retries import Retries
from vault_pim.domain.events import Event, Tag

HALF = timedelta(seconds=30)


def an_event(tag: Tag, at: int, *, step: str = "revoke", what: str = "") -> Event:
    """After that many half minutes."""
    detail = {"what": what} if what else {}
    return Event(
        at=START + at * HALF,
        tag=tag,
        by="daemon",
        connector=ERP,
        incident="one",
        step=step,
        generation=1,
        detail=detail,
    )


def told(*events: Event) -> list[tuple[str, int]]:
    """What is written of them: tag and half minute."""
    retries = Retries()
    written = [one for event in events for one in retries.worth_telling(event)]
    return [(one.tag.rpartition(":")[2], round((one.at - START) / HALF)) for one in written]


def test_tries_that_fail_alike_are_told_every_quarter_of_an_hour() -> None:
    """The first whole, then one failure, with its beginning, after thirty half minutes."""
    tries = [(an_event(Tag.STEP_BEGUN, at), an_event(Tag.STEP_FAILED, at, what="silent")) for at in range(61)]
    assert told(*(event for pair in tries for event in pair)) == [
        ("begun", 0), ("failed", 0), ("begun", 30), ("failed", 30), ("begun", 60), ("failed", 60),
    ]  # fmt: skip


def test_try_that_succeeds_is_told_whole() -> None:
    """With the beginning that was held back."""
    assert told(
        an_event(Tag.STEP_BEGUN, 0),
        an_event(Tag.STEP_FAILED, 0, what="silent"),
        an_event(Tag.STEP_BEGUN, 1),
        an_event(Tag.STEP_DONE, 1),
        an_event(Tag.STEP_BEGUN, 2),
        an_event(Tag.STEP_DONE, 2),
    ) == [("begun", 0), ("failed", 0), ("begun", 1), ("done", 1), ("begun", 2), ("done", 2)]


def test_another_failure_and_another_step_are_told() -> None:
    """Only what is the same is left out."""
    assert told(
        an_event(Tag.STEP_BEGUN, 0),
        an_event(Tag.STEP_FAILED, 0, what="silent"),
        an_event(Tag.STEP_BEGUN, 1),
        an_event(Tag.STEP_FAILED, 1, what="refused"),
        an_event(Tag.STEP_FAILED, 2, what="refused"),
        an_event(Tag.MEND_BEGUN, 2, step="access"),
        an_event(Tag.MEND_DONE, 2, step="access"),
    ) == [("begun", 0), ("failed", 0), ("begun", 1), ("failed", 1), ("begun", 2), ("done", 2)]
