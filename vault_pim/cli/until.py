"""Passes for one connector, again and again, until its record says what a person waits for.

Called by `revoke`, `breakglass finish` and `prove --drill`. Where a daemon has taken the connector up, it is watched.
"""

import threading
from collections.abc import Callable
from datetime import timedelta

from vault_pim.assembly import Installation
from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import NotProven, TakenOver
from vault_pim.domain.state import ConnectorState
from vault_pim.engine.reconcile import Pass, Watcher

LOOK_AGAIN = 0.2


def passes_until(
    installation: Installation,
    id_: ConnectorId,
    reached: Callable[[ConnectorState], bool],
    *,
    patience: timedelta,
    watch: Watcher,
    judge: Callable[[Pass], None],
    too_late: Callable[[ConnectorState], NotProven],
) -> ConnectorState:
    """Run passes, or watch who does, until the state is reached.

    Args:
        patience: how long.
        watch: told of each step before it is done.
        judge: raises if another pass cannot help.
        too_late: what to raise when patience is over.

    Raises:
        VaultPimError: a pass failed, or one of the two above.
    """
    reconciler, connector, clock = installation.reconciler(id_.pim), installation.connector(id_), installation.clock
    pause, until = threading.Event(), clock.now() + patience
    while True:
        try:
            passed = reconciler.run(id_, connector, impatient=True, watch=watch)
            judge(passed)
            state = passed.state
        except TakenOver:
            state = installation.states.load(id_).state
        if reached(state):
            return state
        if clock.now() >= until:
            raise too_late(state)
        pause.wait(LOOK_AGAIN)
