"""The console of a running sandbox PIM, as a command: what `bin/console` is to a real one.

    python -m vault_pim.sandbox.pim_console --url URL --control-token-file FILE pim:oauth-server:list-clients

Its own options come first; everything behind them belongs to the console. Standard input, output, error and the exit
status are those of the console. Up to 3.2 a question is put to a terminal alone, or where `SHELL_INTERACTIVE` is set.
"""

import http.client
import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

# How the control endpoint is reached; said here, so that a console starts without the web framework.
CONTROL_PREFIX = "/_sandbox/"
CONTROL_HEADER = "X-Sandbox-Token"
OWN_OPTIONS = ("--url", "--control-token-file")
UNREACHABLE = 255


def main(arguments: list[str]) -> int:
    """Run one console command on the PIM; the exit status is the console's."""
    own: dict[str, str] = {}
    while len(arguments) >= 2 and arguments[0] in OWN_OPTIONS:
        own[arguments[0]], arguments = arguments[1], arguments[2:]
    if len(own) < len(OWN_OPTIONS):
        sys.stderr.write(f"{' and '.join(OWN_OPTIONS)} must come first, each with its value\n")
        return UNREACHABLE
    token = Path(own["--control-token-file"]).read_text(encoding="utf-8").strip()
    terminal = sys.stdin.isatty() or bool(os.environ.get("SHELL_INTERACTIVE"))
    try:
        result = run(own["--url"], token, arguments, stdin=sys.stdin, stderr=sys.stderr, terminal=terminal)
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"The PIM at {own['--url']} gives no answer: {error}\n")
        return UNREACHABLE
    sys.stdout.write(result["stdout"])
    sys.stderr.write(result["stderr"])
    return int(result["exit"])


def run(url: str, token: str, arguments: list[str], *, stdin: TextIO, stderr: TextIO, terminal: bool) -> dict[str, Any]:
    """Run one console command; a question goes to `stderr`, its answer is a line of `stdin`.

    Args:
        terminal: whether somebody sits there. Older consoles ask nobody else and take the default for an answer.

    Returns:
        `exit`, `stdout` and `stderr` of the command.
    """
    body = {"arguments": arguments, "terminal": terminal}
    result = _posted(url, token, body)
    if result["question"]:
        stderr.write(result["question"])
        stderr.flush()
        result = _posted(url, token, body | {"answer": stdin.readline().strip()})
    return result


def _posted(url: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    try:
        headers = {CONTROL_HEADER: token, "Content-Type": "application/json"}
        connection.request("POST", f"{CONTROL_PREFIX}console", body=json.dumps(body), headers=headers)
        response = connection.getresponse()
        data = response.read()
        if response.status != http.client.OK:
            raise http.client.HTTPException(f"status {response.status}")
        result: dict[str, Any] = json.loads(data)
        return result
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
