"""Drivers for a sandbox PIM, and what they ask of it, by mechanism."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from tests.canary import CANARY, canary_secret
from tests.contract.bench import made_by
from tests.contract.sandbox_bench import ACCOUNT, Requests, SandboxBench
from tests.fakes.ledger import InMemoryLoginLedger
from vault_pim.domain.connector import Mechanism
from vault_pim.domain.errors import PimNoAnswer
from vault_pim.domain.secret import SecretStr
from vault_pim.pim.account import needed
from vault_pim.pim.console import Console, Printed
from vault_pim.pim.driver import Driver
from vault_pim.pim.releases import RELEASES, Release
from vault_pim.sandbox import pim_console
from vault_pim.sandbox.pim_server import SandboxPim

CONTROL_TOKEN = canary_secret()
ROWS = {release.name: release for release in RELEASES}


def sandbox_driver(pim: SandboxPim, ledger: InMemoryLoginLedger, **changes: Any) -> Driver:
    """A driver with its own session."""
    arguments: dict[str, Any] = {
        "pim": "prod",
        "url": pim.url,
        "username": pim.admin_username,
        "password": lambda: SecretStr(pim.admin_password),
        "own_password": lambda: SecretStr(canary_secret()),
        "ledger": ledger,
        "clock": pim.clock,
    }
    return Driver(**(arguments | changes))


class QuickConsole(Console):
    """Runs the console's program within this process; starting it some thousand times would show nothing that the tests
    in tests/integration do not.

    Attributes:
        lost: whether the command that was to be lost was met.
    """

    lost = True
    _losing: tuple[str, bool] = "", False

    def lose(self, command: str, *, has_its_effect: bool) -> None:
        """Give no answer when that command is run next."""
        self.lost, self._losing = False, (command, has_its_effect)

    def run(self, command: str, *arguments: str) -> Printed:
        """Run one command."""
        losing = not self.lost and command == self._losing[0]
        if losing and not self._losing[1]:
            self.lost = True
            raise PimNoAnswer("the console did not answer")
        with redirect_stdout(StringIO()) as stdout, redirect_stderr(StringIO()) as stderr:
            status = pim_console.main([*self._command[3:], command, *arguments, "-n"])
        if losing:
            self.lost = True
            raise PimNoAnswer("the console did not answer")
        return Printed(command=command, exit=status, stdout=stdout.getvalue(), stderr=stderr.getvalue())


def sandbox_console(pim: SandboxPim, directory: Path) -> Console:
    """The console of a running sandbox PIM."""
    return Console("prod", _console_command(pim, directory))


def quick_console(pim: SandboxPim, directory: Path) -> QuickConsole:
    """The same within this process."""
    return QuickConsole("prod", _console_command(pim, directory))


def _console_command(pim: SandboxPim, directory: Path) -> list[str]:
    token = directory / "control-token"
    token.write_text(CONTROL_TOKEN)
    own = ["--url", pim.url, "--control-token-file", str(token)]
    return [sys.executable, "-m", "vault_pim.sandbox.pim_console", *own]


@contextmanager
def sandbox_bench(release: str, mechanism: Mechanism, console_directory: Path | None = None) -> Iterator[SandboxBench]:
    """A fresh PIM of that release, and drivers for it; with its console, if there is a directory for the token."""
    with SandboxPim(release=release, secret_marker=CANARY, control_token=CONTROL_TOKEN) as pim:
        console = quick_console(pim, console_directory) if console_directory else None
        usual = {"mechanism": mechanism, "console": console}
        privileges = needed(ROWS[release], mechanism, console=console is not None, user_groups=True)
        password = SecretStr(pim.add_account(ACCOUNT, privileges))
        account = {"username": ACCOUNT, "password": lambda: password}

        def make(pim: SandboxPim, ledger: InMemoryLoginLedger, **changes: Any) -> Driver:
            return sandbox_driver(pim, ledger, **(usual | account | changes))

        with made_by(mechanism):
            yield SandboxBench(
                pim,
                release,
                make,
                password=password,
                writes=_writes(ROWS[release], mechanism, by_screen=console is None),
                reads=_reads(ROWS[release], mechanism, by_screen=console is None),
                console=console,
            )


def _writes(row: Release, mechanism: Mechanism, *, by_screen: bool) -> Requests:
    roles = ("POST", "/user/role/create"), ("POST", "/user/role/update/*")
    if mechanism is Mechanism.CONNECTIONS:
        one = "/rest/connections/*"
        return (*roles, ("POST", "/rest/connections"), ("POST", one), ("DELETE", one))
    users = (
        (("POST", "/rest/user/"), ("DELETE", "/rest/user/*"))
        if row.users_by_rest
        else (("POST", "/user/create"), ("DELETE", "/user/delete/*"))
    )
    clients = (("POST", "/client/rest"), ("DELETE", "/client/rest/*")) if by_screen else ()
    return (*roles, *users, *clients)


def _reads(row: Release, mechanism: Mechanism, *, by_screen: bool) -> Requests:
    paths = ["/api/rest/v1", row.rest("security"), "/user/role/create"]
    paths.append("/rest/user_role/" if row.roles_by_rest else "/datagrid/pim-role-grid")
    if row.reports_foreign_users:
        paths.append("/rest/connections/wrong-credentials-combination")
    if mechanism is Mechanism.CONNECTIONS:
        paths.append("/rest/connections")
        if row.limit_enforced:
            paths.append("/rest/connections/max-limit-reached")
    if mechanism is Mechanism.USER_AND_CLIENT:
        paths.append("/datagrid/pim-user-grid")
        if by_screen:
            paths.append("/datagrid/api-connection-grid")
    return tuple(("GET", path) for path in paths)
