"""How the world stands when a run begins. Each brings a world with nothing for ERP there."""

from collections.abc import Callable

from tests.crash.commands import APPLY, REVOKE, ROTATE, run_well
from tests.crash.proxy import in_json
from tests.crash.world import World

WISH = "look: Vault POST pim-state/data/connectors/{connector}"


def nothing(_: World) -> None:
    """ERP is configured and has nothing."""


def served(world: World) -> None:
    """ERP is served generation 1."""
    run_well(world, *APPLY)


def rotated(world: World) -> None:
    """Generation 2 is served, 1 is in grace."""
    served(world)
    run_well(world, *ROTATE)


def grace_over(world: World) -> None:
    """The same a day later."""
    rotated(world)
    world.let_grace_end()


def revoked(world: World) -> None:
    """ERP was cut off, with proof."""
    served(world)
    run_well(world, *REVOKE)


def restored(world: World) -> None:
    """Generation 1 was retired, and a restored backup of the PIM brought it back."""
    grace_over(world)
    backup = world.save()
    run_well(world, *APPLY)
    world.side.bring_back("vp_erp_1", backup.tables)


def copy_lost(world: World) -> None:
    """The set at the PIM is there, its only copy is not: killed between the two."""
    served(world)
    world.begin()
    world.tap.rule = lambda name: (
        in_json(503, '{"errors":["Vault is sealed"]}') if "POST pim-state/data/pending" in name else None
    )
    world.program.run(*ROTATE)
    world.tap.rule = lambda _: None
    world.let_time_pass()


def asked(*command: str) -> Callable[[World], None]:
    """ERP is served; an operator's command died as soon as its wish was saved."""

    def before(world: World) -> None:
        served(world)
        world.begin()
        happened = world.tap.happened
        world.tap.happened = lambda name: world.program.kill() if name == WISH else None
        code = world.program.run(*command)
        world.tap.happened = happened
        if code >= 0:
            raise RuntimeError(f"{command} saved no wish")
        world.let_time_pass()

    return before


def pim_of_yesterday(world: World) -> None:
    """Generation 2 is served and 1 was retired, and the PIM was put back to a day when there was 1 alone."""
    served(world)
    backup = world.tables()
    run_well(world, *ROTATE)
    world.let_grace_end()
    run_well(world, *APPLY)
    world.put_back_pim(backup)


def pim_of_before_a_revocation(world: World) -> None:
    """ERP was cut off, with proof, and the PIM was put back to the day before: the leaked set works again."""
    served(world)
    backup, world.leaked = world.tables(), tuple(world.held().values())
    run_well(world, *REVOKE)
    world.put_back_pim(backup)


def vault_of_yesterday(world: World) -> None:
    """Generation 2 is served and 1 is in grace, and OpenBao was put back to the day before: 2 is not known."""
    served(world)
    with world.yesterday():
        run_well(world, *ROTATE)
        world.leaked = tuple(world.held().values())


def vault_of_before_a_revocation(world: World) -> None:
    """ERP was cut off, with proof, and OpenBao was put back to the day before: it serves the dead set again."""
    served(world)
    with world.yesterday():
        run_well(world, *REVOKE)


def state_of_yesterday(world: World) -> None:
    """Generation 2 is served and 1 was retired, and the mount of the state alone was put back to the day before: it
    holds the dead 1 as the current one."""
    served(world)
    backup = world.save()
    run_well(world, *ROTATE)
    world.let_grace_end()
    run_well(world, *APPLY)
    world.leaked = tuple(world.held().values())
    world.put_back_state(backup)
