"""`python -m tests.load [ROTATIONS]`: the whole exercise; exits 1 if a call failed that should not have."""

import sys
import tempfile
from pathlib import Path

from tests.load.exercise import Exercise

ROTATIONS = 50
SEALED = 10.0


def main() -> int:
    """Run it and say what was seen."""
    rotations = int(sys.argv[1]) if len(sys.argv) > 1 else ROTATIONS
    with tempfile.TemporaryDirectory(prefix="vault-pim-load-") as directory:
        outcome = Exercise(Path(directory), print).run(rotations=rotations, sealed=SEALED)
    print(outcome)  # noqa: T201
    for failure in outcome.unexcused[:10]:
        print(failure)  # noqa: T201
    return 1 if outcome.unexcused else 0


if __name__ == "__main__":
    sys.exit(main())
