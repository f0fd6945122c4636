"""A connector as a test holds it: its way in, what its operator can do to it, what can break, and what it did.

Made by `world`, one for a test. Everything that breaks is a context manager, or whole again after the test.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from vault_pim.client.environment import from_environment
from vault_pim.client.source import CredentialSource
from vault_pim.domain.connector import Rotation
from vault_pim.domain.errors import ConfigurationError
from vault_pim.domain.wording import format_duration
from vault_pim.playground import Playground
from vault_pim.testing.disturbances import A_MOMENT, Disturbances
from vault_pim.testing.operator import Operator
from vault_pim.testing.traffic import Call, Traffic
from vault_pim.vault.layout import readers
from vault_pim.vault.session import VaultSession

if TYPE_CHECKING:
    from vault_pim.sandbox.akeneo.clock import MovableClock

LOOK_EVERY = timedelta(seconds=0.25)
"""How often a source looks for a newer set, in a test that shall not wait."""
PATIENCE = timedelta(seconds=30)
FOREIGN = ("BAO_ADDR", "BAO_CACERT", "BAO_NAMESPACE", "BAO_TOKEN", "VAULT_CACERT", "VAULT_NAMESPACE", "VAULT_TOKEN")
"""What a developer's own environment may say of another Vault."""


class PimConnector(Disturbances):
    """One connector with a credential set of its own, in a sandbox.

    Attributes:
        name: `<pim>/<connector>`, as `CredentialSource` takes it.
        environment: its way to Vault: what `CredentialSource.from_env`, `vault-pim exec` and a process of it read.
        login: directory with its `role_id` and `secret_id`, for a connector that speaks to Vault by itself.
        config: of the sandbox, for `vault-pim --config`.
    """

    def __init__(
        self, *, operator: Operator, world: Playground, clock: "MovableClock", traffic: Traffic, admin: VaultSession
    ) -> None:
        super().__init__(world, clock, admin)
        self._operator, self._traffic = operator, traffic
        self._id = operator.connector.id
        self._open = ExitStack()
        self._issued: list[tuple[int, str, int]] = []
        self.name = str(self._id)
        self.login: Path = world.login_of(self._id.name)
        self.config: Path = world.config
        self.environment: Mapping[str, str] = dict.fromkeys(FOREIGN, "") | {
            "VAULT_ADDR": world.bao.url,
            "VAULT_PIM_AUTH": "approle",
            "VAULT_PIM_ROLE_ID_FILE": str(self.login / "role_id"),
            "VAULT_PIM_SECRET_ID_FILE": str(self.login / "secret_id"),
            "VAULT_PIM_REFRESH": format_duration(A_MOMENT),
        }
        self._note_set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def __repr__(self) -> str:
        return f"PimConnector({self.name!r})"

    # -- the connector's side ------------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """Address of the PIM."""
        return self._world.pim.url

    @property
    def vault_url(self) -> str:
        """Address of Vault."""
        return self._world.bao.url

    def source(self, **settings: Any) -> CredentialSource:
        """A source of its set that looks every quarter of a second; closed with the test.

        Args:
            settings: as `CredentialSource` takes them.
        """
        vault = from_environment(self._id, self.environment)
        return self._open.enter_context(CredentialSource(self.name, vault, **({"refresh": LOOK_EVERY} | settings)))

    def start(self, command: Sequence[str], **settings: Any) -> "subprocess.Popen[Any]":
        """Start a program of the connector with its `environment`; ended with the test, if not before.

        Args:
            settings: as `subprocess.Popen` takes them; what `env` says is added.
        """
        environment = os.environ | self.environment | settings.pop("env", {})
        return self._open.enter_context(_ended(subprocess.Popen(command, env=environment, **settings)))

    # -- what its operator does ----------------------------------------------------------------------------------------

    def rotate(self) -> int:
        """Serve another set; the former one is good until `retire`. Gives back the new generation."""
        return self._rotate(Rotation.OVERLAP)

    def rotate_in_place(self) -> int:
        """Give its connection a new secret and password: the former set and its tokens are dead before the new set can
        be read. Gives back the new generation.

        Raises:
            VaultPimError: the mechanism cannot do it.
        """
        return self._rotate(Rotation.IN_PLACE)

    def retire(self) -> None:
        """End the grace of the former sets now; they and their tokens are refused from here on.

        Raises:
            ConfigurationError: there is none.
        """
        ends = [one.retire_at for one in self._operator.state.in_grace if one.retire_at is not None]
        if not ends:
            raise ConfigurationError("there is no former set to retire", advice="Call rotate() before.")
        self._clock.advance(max(ends) - self._clock.now() + A_MOMENT)
        self._operator.run()

    def revoke(self, reason: str = "a test") -> None:
        """Cut it off: sets, tokens, and its login at Vault. `rotate` lets it in again."""
        self._operator.revoke(reason)

    def reconcile(self) -> None:
        """What vault-pim would do by itself at this time: rotate what is due, retire what is over."""
        self._operator.run()
        self._note_set()

    # -- what was seen -------------------------------------------------------------------------------------------------

    @property
    def generation(self) -> int | None:
        """The generation that Vault serves to it; None after a revocation."""
        current = self._operator.state.current
        return current.number if current else None

    @property
    def calls(self) -> list[Call]:
        """What the PIM was asked since the test began, oldest first; vault-pim's own calls are left out."""
        return self._traffic.calls

    @property
    def failed_calls(self) -> list[Call]:
        """Those of them that the PIM did not accept."""
        return [call for call in self.calls if not call.accepted]

    @property
    def grants(self) -> int:
        """How many access tokens it was granted, refreshed ones included."""
        return sum(call.is_grant and call.accepted for call in self.calls)

    @property
    def generation_in_use(self) -> int | None:
        """The generation that the last accepted call was made with, as the PIM saw it; None if there was none."""
        accepted = [(at, call) for at, call in enumerate(self.calls) if call.accepted and call.client_id]
        if not accepted:
            return None
        at, last = accepted[-1]
        of_client = [(begun, number) for begun, client_id, number in self._issued if client_id == last.client_id]
        before = [number for begun, number in of_client if begun <= at]
        return before[-1] if before else next((number for _, number in of_client), None)

    @property
    def acknowledged(self) -> dict[str, int]:
        """The generation that each running reader says it uses, as the SDK does, by the reader's name."""
        folder = f"pim/metadata/{readers(self._id)}"
        names = self._admin.request("LIST", folder).data.get("keys", ())
        notes = {one: self._admin.request("GET", f"{folder}/{one}").data["custom_metadata"] for one in names}
        return {one: int(note["generation"]) for one, note in notes.items()}

    def wait_until_picked_up(self, timeout: timedelta = PATIENCE) -> None:
        """Wait until the connector has called the PIM with the set that is served now.

        Raises:
            AssertionError: it has not in time.
        """
        wanted = self.generation
        if not self._traffic.wait_until(lambda: self.generation_in_use == wanted, timeout.total_seconds()):
            raise AssertionError(
                f"{self.name} uses generation {self.generation_in_use}, and {wanted} is served; waited {timeout}"
            )

    # -- the rest is for this room -------------------------------------------------------------------------------------

    def _rotate(self, rotation: Rotation) -> int:
        number = self._operator.rotate(rotation)
        self._note_set()
        return number

    def _note_set(self) -> None:
        """Remember whose client the served set is, from this call at the PIM on."""
        current = self._operator.state.current
        if current is not None and current.client_id is not None:
            self._issued.append((len(self.calls), current.client_id, current.number))


@contextmanager
def _ended(program: "subprocess.Popen[Any]") -> Iterator["subprocess.Popen[Any]"]:
    with program:
        try:
            yield program
        finally:
            program.terminate()
            try:
                program.wait(PATIENCE.total_seconds())
            except subprocess.TimeoutExpired:
                program.kill()
