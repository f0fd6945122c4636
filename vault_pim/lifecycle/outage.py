"""How long a rotation in place leaves a connector without a working set. Told by `plan`, `rotate` and `status`."""

from datetime import datetime, timedelta

from vault_pim.domain.generation import Generation
from vault_pim.domain.state import ConnectorState


def began_at(state: ConnectorState, successor: Generation) -> datetime | None:
    """When the set that `successor` replaces in place began to die: with the first try, whether or not that came far.

    None if it was not made in place. Of a try that was broken off only its intent is known for sure.
    """
    if successor.replaces is None:
        return None
    tries = (one for one in state.generations if one.replaces == successor.replaces and one.number <= successor.number)
    return min(one.regenerated_at or one.planned_at for one in tries)


def measured(state: ConnectorState, successor: Generation) -> timedelta | None:
    """From the first regeneration to the publication, without the time a connector takes to notice; None if there
    was no such time."""
    began = began_at(state, successor)
    return successor.published_at - began if began and successor.published_at else None


def last_measured(state: ConnectorState) -> timedelta | None:
    """The newest of this connector that is known."""
    known = (measured(state, one) for one in reversed(state.generations))
    return next((one for one in known if one is not None), None)
