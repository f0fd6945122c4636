"""What can go wrong under a connector: time that passes, a PIM or a Vault that is away, calls that fail.

The base of `PimConnector`. An outage is a context manager, so that it ends; clocks and faults are set right after the
test by `world`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from vault_pim.domain.errors import ConfigurationError
from vault_pim.playground import Playground
from vault_pim.vault.session import VaultSession

if TYPE_CHECKING:
    from vault_pim.sandbox.akeneo.clock import MovableClock

A_MOMENT = timedelta(seconds=1)


class Disturbances:
    """What can go wrong in one sandbox.

    Args:
        clock: of vault-pim.
        admin: may seal Vault.
    """

    def __init__(self, world: Playground, clock: "MovableClock", admin: VaultSession) -> None:
        self._world, self._clock, self._admin = world, clock, admin

    def advance(self, by: timedelta) -> None:
        """Let time pass for the PIM and for vault-pim. Vault and this process have the real one."""
        self._clock.advance(by)
        self._world.pim.clock.advance(by)

    def expire_tokens(self) -> None:
        """Let every access token that the PIM has granted be too old; refresh tokens still work."""
        self._world.pim.clock.advance(self._world.pim.pim.access_token_lifetime + A_MOMENT)

    @contextmanager
    def pim_away(self) -> Iterator[None]:
        """Meanwhile nobody listens at the PIM's address."""
        self._world.pim.stop()
        try:
            yield
        finally:
            self._world.pim.start()

    @contextmanager
    def vault_away(self) -> Iterator[None]:
        """Meanwhile nobody listens at Vault's address."""
        self._world.bao.stop()
        try:
            yield
        finally:
            self._world.bao.start()

    @contextmanager
    def vault_sealed(self) -> Iterator[None]:
        """Meanwhile Vault answers, and is sealed."""
        self._admin.request("POST", "sys/seal")
        try:
            yield
        finally:
            self._world.bao.restart()

    def fault(self, kind: str, path: str = "/api/*", **details: Any) -> None:
        """Let the next calls at the PIM go wrong, from whomever they are: vault-pim calls there, too, when it rotates.

        Args:
            kind: `status` and `html_500` answer so, without any effect; `lose_reply` lets a call take effect and hangs
                up; `refuse` hangs up before; `half_body` hangs up within the answer; `delay` waits.
            path: which calls, with wildcards; of tokens, `/api/oauth/v1/token`.
            details: `method`; `times`, how many calls, 1 by default, None for all; `status`, `headers` and `body` of
                `status`; `seconds` of `delay`.

        Raises:
            ConfigurationError: there is no such fault.
        """
        from vault_pim.sandbox.faults import Fault  # noqa: PLC0415 - an extra

        try:
            self._world.pim.faults.add(Fault(kind=kind, path=path, **details))  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            raise ConfigurationError(f"no such fault: {error}", advice="See PimConnector.fault.") from error

    def end_faults(self) -> None:
        """No call goes wrong any more."""
        self._world.pim.faults.clear()
