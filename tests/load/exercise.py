"""What a connector must live through: rotations, a Vault killed and sealed, a PIM restarted, every session expired.

Run in full by `python -m tests.load` (`make torture`), and in short by the tests. Real OpenBao, sandbox PIM, the
commands of the product in this process.
"""

import contextlib
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import yaml

from tests.load.connector import BusyConnector, Failure
from vault_pim.cli.main import main
from vault_pim.playground import TOKEN_LIFETIME, Playground
from vault_pim.vault.address import AppRoleLogin, TokenLogin, VaultAddress
from vault_pim.vault.session import VaultSession

ERP = "sandbox/erp"
PIM_DOWN = 0.5
PATIENCE = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was seen.

    Attributes:
        unexcused: failed calls beyond those that overlap the time in which the PIM was down.
        least_grants: how many tokens a connector needs at least: one for each generation, one for the expired session.
        by_life: how many more the end of each token's life asks for.
        longest: seconds between two answered calls, at most, outside the PIM's restart.
    """

    calls: int
    seconds: float
    failed: int
    unexcused: list[Failure]
    grants: int
    refreshes: int
    least_grants: int
    by_life: int
    longest: float

    def __str__(self) -> str:
        return (
            f"{self.calls} calls in {self.seconds:.0f} s, {self.failed} failed while the PIM was down, "
            f"{len(self.unexcused)} failed otherwise; {self.grants} grants and {self.refreshes} refreshes "
            f"(at least {self.least_grants} and some {self.by_life} for their life); "
            f"longest time without an answer {self.longest:.2f} s"
        )


class Exercise:
    """One connector through it all.

    Args:
        directory: where OpenBao and the configuration lie.
        say: told what happens next.
    """

    def __init__(self, directory: Path, say: Callable[[str], None], threads: int = 16) -> None:
        self._say, self._threads = say, threads
        self.world = Playground(directory, "7.0")

    def run(self, *, rotations: int, sealed: float) -> Outcome:
        """The whole of it: rotations without pause, and four disturbances spread over them."""
        world = self.world
        with world:
            world.set_up()
            self._run("apply", "erp")
            vault = self._vault()
            disturbances = (self._kill_vault, lambda: self._seal(sealed), self._restart_pim, self._expire)
            down: tuple[float, float] = (0.0, 0.0)
            longest = 0.0
            began = time.monotonic()
            with BusyConnector(ERP, vault, self._threads) as erp:
                erp.go_on(50)
                for number in range(rotations):
                    self._rotate(erp)
                    for place, disturb in enumerate(disturbances):
                        if number == (place + 1) * rotations // (len(disturbances) + 1):
                            at = time.monotonic()
                            longest = max(longest, erp.tally.longest)
                            disturb()
                            erp.go_on(50)
                            if disturb == self._restart_pim:
                                down, erp.tally.longest = (at, time.monotonic()), 0.0
                erp.go_on(50)
            seconds = time.monotonic() - began
        failures = erp.tally.failures
        unexcused = [one for one in failures if one.ended < down[0] or one.began > down[1]]
        return Outcome(
            calls=erp.tally.calls,
            seconds=seconds,
            failed=len(failures) - len(unexcused),
            unexcused=unexcused,
            grants=erp.auth.tokens.grants,
            refreshes=erp.auth.tokens.refreshes,
            least_grants=rotations + 2,
            by_life=int(seconds / (0.9 * TOKEN_LIFETIME.total_seconds())),
            longest=max(longest, erp.tally.longest),
        )

    def in_place(self, rotations: int) -> Outcome:
        """Rotations in place, which no connector can pass without an outage: how long it is, and that it ends."""
        world = self.world
        with world:
            document = yaml.safe_load(world.config.read_text())
            document["connectors"]["erp"]["rotation"] = "in-place"
            world.config.write_text(yaml.safe_dump(document))
            world.set_up()
            self._run("apply", "erp")
            began = time.monotonic()
            with BusyConnector(ERP, self._vault(), self._threads) as erp:
                erp.go_on(50)
                for _ in range(rotations):
                    self._rotate(erp)
            seconds = time.monotonic() - began
        return Outcome(
            calls=erp.tally.calls,
            seconds=seconds,
            failed=0,
            unexcused=erp.tally.failures,
            grants=erp.auth.tokens.grants,
            refreshes=erp.auth.tokens.refreshes,
            least_grants=rotations + 1,
            by_life=int(seconds / (0.9 * TOKEN_LIFETIME.total_seconds())),
            longest=erp.tally.longest,
        )

    def _vault(self) -> VaultAddress:
        directory = self.world.login_of("erp")
        login = AppRoleLogin(
            role_id_file=directory / "role_id", secret_id_file=directory / "secret_id", mount=f"vault-pim/{ERP}"
        )
        return VaultAddress(url=self.world.bao.url, login=login)

    def _rotate(self, erp: BusyConnector) -> None:
        generation = erp.source.current().generation
        self._run("rotate", "erp")
        end = time.monotonic() + PATIENCE
        while erp.source.current().generation == generation:
            if time.monotonic() > end:
                raise RuntimeError("the connector did not notice a rotation")
            erp.go_on(1)
        erp.go_on(20)
        self._run("apply", "erp")

    def _kill_vault(self) -> None:
        self._say("Vault is killed and started again")
        self.world.bao.restart()

    def _seal(self, seconds: float) -> None:
        self._say(f"Vault is sealed for {seconds:.0f} s")
        token = TokenLogin(token_file=self.world.admin_token_file)
        with VaultSession(VaultAddress(url=self.world.bao.url, login=token)) as admin:
            admin.request("POST", "sys/seal")
        time.sleep(seconds)  # noqa: TID251 - that long it is sealed
        self.world.bao.restart()

    def _restart_pim(self) -> None:
        self._say("the PIM is restarted")
        self.world.pim.stop()
        time.sleep(PIM_DOWN)  # noqa: TID251 - that long it is down
        self.world.pim.start()

    def _expire(self) -> None:
        self._say("every session and token expires")
        self.world.pim.clock.advance(timedelta(hours=2))

    def _run(self, *arguments: str) -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as told:
            code = main(["--config", str(self.world.config), *arguments])
        if code not in (0, 2):
            raise RuntimeError(f"vault-pim {' '.join(arguments)} ended with {code}: {told.getvalue()}")
