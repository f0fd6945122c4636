"""What a rotation costs, said before it is done and after: how long calls fail, and what the next set cannot take over.

Used by `plan`, `apply`, `rotate` and `status`. Only a rotation in place makes calls fail; only one that makes another
connection leaves something behind.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from vault_pim.domain.connector import ConnectorId, Mechanism
from vault_pim.domain.facts import Facts
from vault_pim.domain.generation import Step
from vault_pim.domain.outcomes import Decision, Do
from vault_pim.domain.wording import human_duration
from vault_pim.engine.reconcile import Pass
from vault_pim.lifecycle.outage import last_measured, measured

NOT_COPIED = ("image", "event subscriptions", "history")
"""What stays at a connection that people worked with (docs/reference/mechanisms.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """How long calls of a connector fail in a rotation in place.

    Attributes:
        until_served: from the regeneration to the publication; before it was done, as it took last time, if ever.
        until_noticed: how long after that its connector takes at most to read the new set; None if it has no policy.
        done: whether it was.
    """

    connector: ConnectorId
    until_served: timedelta | None
    until_noticed: timedelta | None
    done: bool

    def as_json(self) -> dict[str, Any]:
        """The outage as `--json` shows it."""
        return {
            "until_served_seconds": self.until_served.total_seconds() if self.until_served is not None else None,
            "until_noticed_seconds": self.until_noticed.total_seconds() if self.until_noticed is not None else None,
            "said": str(self),
        }

    def __str__(self) -> str:
        noticing = self.until_noticed
        rest = "" if noticing is None else f", then for up to {human_duration(noticing)} until its connector reads it"
        if self.done:
            took = f"{self.until_served.total_seconds():.2f} s" if self.until_served is not None else "a time unknown"
            return f"rotated in place: every call failed for {took} until the new set was served{rest}"
        last = self.until_served
        about = f"about {last.total_seconds():.2f} s, as last time," if last is not None else "some seconds"
        return f"is rotated in place: every call will fail for {about} until the new set is served{rest}"


def announced(facts: Facts, decision: Decision) -> Outage | None:
    """What is ahead if that decision is carried out."""
    if facts.connector is None or not isinstance(decision, Do) or decision.replaces is None:
        return None
    return Outage(
        connector=facts.id,
        until_served=last_measured(facts.state),
        until_noticed=facts.connector.policy.refresh_interval,
        done=False,
    )


def incurred(passed: Pass, refresh_interval: timedelta | None) -> Outage | None:
    """What the rotation cost that this pass brought to its end."""
    published = [one.number for one in passed.done if isinstance(one, Do) and one.step is Step.PUBLISH]
    successor = passed.state.find(published[-1]) if published else None
    if successor is None or successor.replaces is None:
        return None
    took = measured(passed.state, successor)
    return Outage(connector=passed.state.connector, until_served=took, until_noticed=refresh_interval, done=True)


def left_behind(facts: Facts, decision: Decision) -> tuple[str, ...]:
    """What the connection that is about to be made cannot take over from the current one."""
    issues = isinstance(decision, Do) and decision.step is Step.ISSUE and decision.replaces is None
    current = facts.state.current
    return NOT_COPIED if issues and current is not None and current.mechanism is Mechanism.CONNECTIONS else ()
