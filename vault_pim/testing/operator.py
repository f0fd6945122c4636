"""Whoever runs vault-pim, for one connector of a test: rotates, retires, revokes, by the product's own engine.

Called by `world` and `connector`.
"""

from dataclasses import replace
from pathlib import Path

from vault_pim.assembly import Installation
from vault_pim.domain.connector import Connector, Rotation
from vault_pim.domain.errors import NotProven
from vault_pim.domain.outcomes import Alarm
from vault_pim.domain.reasons import SENTENCES
from vault_pim.domain.state import ConnectorState
from vault_pim.engine.asks import ask_revocation, ask_rotation
from vault_pim.vault.secret_ids import write_login
from vault_pim.vault.session import VaultSession


class Operator:
    """One connector in the hands of its operator.

    Args:
        admin: a session that may make secret-ids.
        login: directory for the connector's login.
    """

    def __init__(self, installation: Installation, admin: VaultSession, connector: Connector, login: Path) -> None:
        self.connector = connector
        self._reconciler = installation.reconciler(connector.id.pim)
        self._layout, self._admin, self._login = installation.layout, admin, login

    @property
    def state(self) -> ConnectorState:
        """What vault-pim's record says."""
        return self._reconciler.tools.states.load(self.connector.id).state

    def run(self, rotation: Rotation = Rotation.OVERLAP) -> ConnectorState:
        """One pass, as the daemon would run it now.

        Raises:
            VaultPimError: a step failed, or a person would be called.
        """
        connector = replace(self.connector, rotation=rotation)
        passed = self._reconciler.run(self.connector.id, connector, impatient=True)
        if passed.troubles:
            raise passed.troubles[0]
        if isinstance(passed.end, Alarm):
            raise NotProven(
                f"{self.connector.id}: {passed.end.detail}", why=SENTENCES[passed.end.reason], advice=passed.end.advice
            )
        return passed.state

    def provision(self) -> None:
        """Let it in, and make its first set."""
        self._let_in()
        self.run()

    def rotate(self, rotation: Rotation) -> int:
        """Make another set now, and give back its generation; a connector that was cut off is let in again."""
        cut_off = self.state.cut_off
        ask_rotation(self._reconciler.tools, self.connector.id)
        current = self.run(rotation).current
        if current is None:
            raise NotProven(f"{self.connector.id} was not rotated")
        if cut_off:
            self._let_in()
        return current.number

    def revoke(self, reason: str) -> None:
        """Cut the connector off, with proof."""
        ask_revocation(self._reconciler.tools, self.connector.id, reason=reason)
        asked = self.run().revocation
        if asked is None or asked.proven_at is None:
            raise NotProven(f"the revocation of {self.connector.id} is not proven")

    def end(self) -> None:
        """Leave nothing of it at the PIM."""
        if self.state.live:
            self.revoke("its test is over")

    def _let_in(self) -> None:
        """What `vault-pim bootstrap` does for it."""
        id_ = self.connector.id
        write_login(self._admin, self._layout.connector_role(id_), self._login, self._layout.connector_auth(id_))
