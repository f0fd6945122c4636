"""Runs a command of vault-pim in this process, and writes down the most memory that it or one of its workers had.

Called by `identify.py` as a process of its own: `wait4` tells of a child at least what its parent had when it made it,
and RUSAGE_CHILDREN the most of every child there ever was. `VmHWM` begins anew with each program.
"""

import resource
import sys
from pathlib import Path

from vault_pim.cli.main import main as command_line


def main() -> int:
    """Run it; the first argument is the file to write the kilobytes to, the rest are the command's."""
    file, *arguments = sys.argv[1:]
    code = command_line(arguments)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    own = int(status.partition("VmHWM:")[2].split()[0])
    Path(file).write_text(str(max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)), encoding="ascii")
    return code


if __name__ == "__main__":
    sys.exit(main())
