"""What a run may have changed in the program, in its own process only: a shorter time limit, or a planted bug."""

from datetime import timedelta
from importlib import import_module

SHORT_LIMIT = "short limit"
LIMIT = timedelta(seconds=1)


def import_everything() -> None:
    """Import every command and what it needs, as the first call of each would."""
    from vault_pim.cli.commands import COMMANDS  # noqa: PLC0415

    for name, entry in COMMANDS.items():
        try:
            entry.load(name)
        except ImportError:
            continue
    for module in ("vault_pim.assembly", "vault_pim.settings", "vault_pim.cli.render", "requests"):
        import_module(module)


def apply(name: str) -> None:
    """Make one change in this process."""
    match name:
        case "":
            return
        case "short limit":
            _shorten_limits()
        case _:
            mutants = import_module("tests.model.mutants")
            mutants.MUTANTS[name].plant(setattr)


def _shorten_limits() -> None:
    """Wait a second for an answer where 10 and 30 s are usual, so that every point can be tried."""
    from vault_pim.pim.driver import Driver  # noqa: PLC0415
    from vault_pim.vault import transport  # noqa: PLC0415

    usual = Driver.__init__.__kwdefaults__ or {}
    Driver.__init__.__kwdefaults__ = {**usual, "read_timeout": LIMIT}
    transport.CONNECT_WITHIN = transport.ANSWER_WITHIN = LIMIT.total_seconds()
