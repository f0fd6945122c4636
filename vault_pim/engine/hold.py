"""A connector's state record while one pass works on it: every save is a check-and-set and renews the hold."""

from dataclasses import replace
from datetime import datetime

from vault_pim.domain.connector import ConnectorId
from vault_pim.domain.errors import TakenOver
from vault_pim.domain.state import ConnectorState, Holder
from vault_pim.engine.tools import Tools


class Hold:
    """One connector's record, loaded once; a lost check-and-set raises `TakenOver` and ends the pass."""

    def __init__(self, tools: Tools, connector: ConnectorId) -> None:
        self._tools = tools
        loaded = tools.states.load(connector)
        self._kv_version = loaded.kv_version
        self._server_ahead = loaded.server_now - tools.clock.now()
        self.state = loaded.state

    @property
    def server_now(self) -> datetime:
        """Now on Vault's clock, as of the time difference seen when the record was loaded."""
        return self._tools.clock.now() + self._server_ahead

    def save(self, state: ConnectorState) -> None:
        """Write the state and hold the connector for another while; writes nothing if neither is needed.

        Raises:
            TakenOver: somebody else wrote it since.
        """
        if replace(state, holder=self.state.holder) == self.state and self._held_for_long():
            return
        expires_at = self.server_now + self._tools.hold
        self.write(replace(state, holder=Holder(name=self._tools.me, expires_at=expires_at)))

    def _held_for_long(self) -> bool:
        holder = self.state.holder
        if holder is None or holder.name != self._tools.me:
            return False
        return holder.expires_at - self.server_now > self._tools.hold / 2

    def confirm(self) -> None:
        """See that nobody wrote the record since: what was seen after it was loaded may be of somebody else's making.

        Raises:
            TakenOver: somebody did.
        """
        connector = self.state.connector
        if self._tools.states.load(connector).kv_version != self._kv_version:
            raise TakenOver(f"{connector} was worked on by another meanwhile", advice="Try again in a moment.")

    def release(self, state: ConnectorState) -> None:
        """Let go of the connector, leaving that state; writes nothing if it is not ours and nothing changed."""
        if state.holder is not None and state.holder.name == self._tools.me:
            state = replace(state, holder=None)
        if state != self.state:
            self.write(state)

    def let_nobody_hold(self, state: ConnectorState) -> None:
        """Write the state, and take the connector from whoever holds it; writes nothing if nothing changes.

        Raises:
            TakenOver: somebody else wrote it since.
        """
        state = replace(state, holder=None)
        if state != self.state:
            self.write(state)

    def write(self, state: ConnectorState) -> None:
        """Write the state as it is, whoever holds the connector.

        Raises:
            TakenOver: somebody else wrote it since.
        """
        self._kv_version = self._tools.states.save(state, self._kv_version)
        self.state = state
