"""Starts the program without waiting for its imports: imports all of it once, then forks for every run.

What runs in the fork is `vault_pim.cli.main.main`, with the arguments a person would give, and nothing else of ours
but what `CHANGES` names: a shorter time limit, or a planted bug. Spoken to over stdin and stdout, one JSON object a
line. The parent's end of stdin closing ends it, and its forks with it.
"""

import ctypes
import gc
import json
import os
import re
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.crash import changes

PR_SET_PDEATHSIG = 1
_RSS = re.compile(r"^VmRSS:\s+(\d+) kB", re.MULTILINE)


class Program:
    """The program, ready to be run again and again; one run at a time."""

    def __init__(self, config: Path, output: Path) -> None:
        self._config = config
        self.output = output
        self._pid = 0
        self._runner = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.runner"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        self._hear()

    def start(self, *arguments: str, change: str = "") -> None:
        """Run `vault-pim --config ... arguments`; its output goes into the file `output`."""
        given = ["--config", str(self._config), *arguments]
        self._tell({"arguments": given, "output": str(self.output), "change": change})
        self._pid = self._hear()["pid"]

    def kill(self) -> None:
        """SIGKILL; it may have ended before."""
        self._signal(signal.SIGKILL)

    def end(self) -> None:
        """SIGTERM; it may have ended before."""
        self._signal(signal.SIGTERM)

    def reload(self) -> None:
        """SIGHUP; it may have ended before."""
        self._signal(signal.SIGHUP)

    @property
    def memory(self) -> float:
        """Resident memory of what it runs, in MiB."""
        found = _RSS.search(Path(f"/proc/{self._pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0

    def ended(self, *, within: float) -> bool:
        """Whether it has ended, or does so within that many seconds."""
        return bool(self._runner.stdout and select.select([self._runner.stdout], [], [], within)[0])

    def wait(self) -> int:
        """The exit code, negative for a signal."""
        code = int(self._hear()["exit"])
        self._pid = 0
        return code

    def run(self, *arguments: str, change: str = "") -> int:
        """Run it to its end."""
        self.start(*arguments, change=change)
        return self.wait()

    def close(self) -> None:
        """End it, and what it runs."""
        self.kill()
        if self._runner.stdin and self._runner.stdout:
            self._runner.stdin.close()
            self._runner.wait()
            self._runner.stdout.close()

    def _signal(self, number: signal.Signals) -> None:
        """To what it runs, if that has not ended."""
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, number)

    def _tell(self, order: dict[str, Any]) -> None:
        if self._runner.stdin is None:
            raise RuntimeError("the runner has no stdin")
        self._runner.stdin.write(json.dumps(order) + "\n")
        self._runner.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        line = self._runner.stdout.readline() if self._runner.stdout else ""
        if not line:
            raise RuntimeError("the runner ended")
        heard: dict[str, Any] = json.loads(line)
        return heard


def _serve() -> None:
    _die_with_parent()
    changes.import_everything()
    gc.freeze()
    _say({"ready": True})
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(order)
        _say({"pid": pid})
        _, status = os.waitpid(pid, 0)
        _say({"exit": os.waitstatus_to_exitcode(status)})


def _become(order: dict[str, Any]) -> None:
    """Be the program, in a fork."""
    _die_with_parent()
    target = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(target, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    code = 70
    try:
        changes.apply(order["change"])
        from vault_pim.cli.main import main  # noqa: PLC0415 - after the changes

        code = main(order["arguments"])
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _say(what: dict[str, Any]) -> None:
    sys.__stdout__.write(json.dumps(what) + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


if __name__ == "__main__":
    _serve()
