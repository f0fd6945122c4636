"""`demo`: the main job in a minute, on embedded defaults. Tells the story by running the commands a person would run.

A real OpenBao and a sandbox PIM on loopback, the real daemon between them, and three connectors that call the PIM
without pause. Everything it shows was asked of Vault or the PIM; it ends with 1 if anything is not as promised.
"""

import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from vault_pim.cli.render import BAD, GOOD, QUIET, Output, counted
from vault_pim.domain.errors import VaultPimError
from vault_pim.playground import CONNECTORS, PIM, Playground

if TYPE_CHECKING:
    from vault_pim.sandbox.connector import Connector

PATIENCE = timedelta(seconds=30)
REFUSED = 403
OK, DEAD = 200, 401


class PromiseBroken(VaultPimError):
    """The demo saw something that vault-pim promises not to happen."""


def demo() -> None:
    """See one credential set per connector made, rotated under load, leaked, revoked and proven dead, in a minute."""
    Story(Output()).tell()


class Story:
    """The demo, scene by scene."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._connectors: dict[str, Connector] = {}
        self._scene = 0

    def tell(self) -> None:
        """Run all scenes; whatever was started is ended.

        Raises:
            PromiseBroken: something was not as promised.
        """
        # A terminated demo leaves by the same doors as an interrupted one, so that it leaves no process behind.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with ExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vault-pim-demo-")))
            world = stack.enter_context(Playground(directory, "7.0"))
            self._title("A real OpenBao and a sandbox PIM on loopback")
            self._say(f"OpenBao {world.bao.url}, PIM {world.pim.url}")
            changes = world.set_up()
            self._say(
                f"`vault-pim setup` made {counted(len(changes), 'change')} in Vault; from here on no administrator."
            )
            stack.enter_context(self._daemon(world))
            self._provision(world)
            stack.enter_context(self._calling())
            self._isolation()
            self._rotation(world)
            self._leak(world)
            self._count()

    def _provision(self, world: Playground) -> None:
        from vault_pim.sandbox.connector import Connector  # noqa: PLC0415 - an extra

        self._title("The daemon makes one credential set per connector")
        for name in CONNECTORS:
            connector = Connector(f"{PIM}/{name}", world.bao.url, world.login_of(name))
            self._until(f"{name} is served", connector.log_in)
            self._connectors[name] = connector
        self._run(world, "status")

    def _isolation(self) -> None:
        self._title("Each connector reads its own path and nothing else")
        paths = {name: f"pim/data/connectors/{PIM}/{name}" for name in CONNECTORS}
        elsewhere = {"the state of vault-pim": f"pim-state/data/connectors/{PIM}/erp"}
        for name, connector in self._connectors.items():
            seen = {what: connector.reads(path) for what, path in {**paths, **elsewhere}.items()}
            self._say(f"{name} reads " + ", ".join(f"{what}: {status}" for what, status in seen.items()))
            self._promise(
                all(status == (OK if what == name else REFUSED) for what, status in seen.items()),
                f"{name} reads its own path alone",
            )

    def _rotation(self, world: Playground) -> None:
        self._title("One is rotated while it calls the PIM without pause")
        erp, before = self._connectors["erp"], self._connectors["erp"].tally.calls
        self._run(world, "rotate", f"{PIM}/erp")
        self._until("erp has taken the new set", lambda: len(erp.tally.generations) > 1)
        self._say(f"erp moved on to generation {erp.tally.generations[-1]}; the former one lives on for its grace.")
        self._until("the former set is retired", lambda: '"retired"' in self._asked(world, "status", "erp", "--json"))
        self._say(f"The daemon retired the former set: {counted(erp.tally.calls - before, 'call')} of erp meanwhile.")
        self._promise(not erp.tally.failures, f"failed calls: {len(erp.tally.failures)}")

    def _leak(self, world: Playground) -> None:
        self._title("One leaks: found by its value, revoked, proven dead")
        shop = self._connectors["shop"]
        shop.stop()
        leak = world.directory / "pasted.txt"
        leak.write_text(f"2026-11-24 03:02:11 DEBUG pim client configured with secret={shop.secret}, 3 retries\n")
        leak.chmod(0o600)
        self._run(world, "identify", str(leak))
        tokens = {name: connector.new_token() for name, connector in self._connectors.items()}
        self._run(world, "revoke", f"{PIM}/shop", "--reason", "its secret was found in a public repository")
        for name, connector in self._connectors.items():
            status = connector.status_of(tokens[name])
            self._say(f"{name}'s token from before the revocation: {status}")
            self._promise(
                status == (DEAD if name == "shop" else OK), f"{name} is {'dead' if status == DEAD else 'alive'}"
            )
        status = shop.reads(f"pim/data/connectors/{PIM}/shop")
        self._promise(status == REFUSED, f"shop's Vault token reads nothing any more: {status}")
        self._run(world, "status")

    def _count(self) -> None:
        self._title("The count")
        for name, connector in self._connectors.items():
            connector.stop()
            self._say(f"{name}: {counted(connector.tally.calls, 'call')}, {len(connector.tally.failures)} failed")
        failed = sum(len(connector.tally.failures) for connector in self._connectors.values())
        self._promise(failed == 0, f"failed calls in all: {failed}")

    @contextmanager
    def _daemon(self, world: Playground) -> Iterator[None]:
        """The real daemon as a process of its own; ended by its process id."""
        log = world.directory / "daemon.log"
        with log.open("wb") as stream:
            daemon = subprocess.Popen(_command(world, "daemon"), stdout=stream, stderr=stream, stdin=subprocess.DEVNULL)
        self._say(f"The daemon runs: status page on http://{world.listen}/")
        try:
            yield
        except VaultPimError:
            for line in log.read_text(errors="replace").splitlines()[-20:]:
                self._output.note(line, QUIET)
            raise
        finally:
            daemon.terminate()
            try:
                daemon.wait(timeout=15)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    @contextmanager
    def _calling(self) -> Iterator[None]:
        for connector in self._connectors.values():
            connector.start()
        try:
            yield
        finally:
            for connector in self._connectors.values():
                connector.stop()

    def _run(self, world: Playground, *arguments: str) -> None:
        """Run a command as a person would, and show it."""
        self._output.line()
        self._output.line(f"  $ vault-pim {' '.join(_quoted(one) for one in arguments)}", "bold")
        done = subprocess.run(_command(world, *arguments), capture_output=True, text=True, check=False, timeout=60)
        for line in done.stdout.splitlines():
            self._output.line(f"  {line}")
        allowed = (0, 2) if arguments[0] in {"identify", "status"} else (0,)
        if done.returncode not in allowed:
            raise PromiseBroken(f"vault-pim {arguments[0]} ended with {done.returncode}", why=done.stderr.strip())

    def _asked(self, world: Playground, *arguments: str) -> str:
        return subprocess.run(
            _command(world, *arguments), capture_output=True, text=True, check=False, timeout=60
        ).stdout

    def _title(self, text: str) -> None:
        self._scene += 1
        self._output.line()
        self._output.line(f"{self._scene}. {text}", "bold cyan")

    def _say(self, text: str) -> None:
        self._output.line(f"  {text}")

    def _promise(self, kept: bool, text: str) -> None:
        self._output.line(f"  {'ok' if kept else 'BROKEN'}  {text}", GOOD if kept else BAD)
        if not kept:
            raise PromiseBroken(text, advice="This should not happen; please report it with the output above.")

    def _until(self, what: str, true: Callable[[], bool]) -> None:
        end, pause = datetime.now(UTC) + PATIENCE, threading.Event()  # noqa: TID251 - a story is told in real time
        while not true():
            if datetime.now(UTC) > end:  # noqa: TID251
                raise PromiseBroken(f"waited {PATIENCE.seconds} s in vain until {what}")
            pause.wait(0.2)


def _command(world: Playground, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "vault_pim", "--config", str(world.config), *arguments]


def _quoted(argument: str) -> str:
    return f'"{argument}"' if " " in argument else argument
