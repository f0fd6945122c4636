"""What a program is killed at: how the world stands before, and what is run."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.crash.proxy import Answer, in_json
from tests.crash.world import ERP, Saved, World

APPLY = ("apply", ERP)
ROTATE = ("rotate", ERP)
REVOKE = ("revoke", ERP, "--reason", "leaked", "--yes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of run.

    Attributes:
        before: brings a world with nothing for ERP to where the run begins.
        command: what is run, and killed.
        rule: what a side is made to say during that run; not during the passes after it.
    """

    name: str
    before: Callable[[World], None]
    command: tuple[str, ...]
    rule: Callable[[str], Answer | None] = lambda _: None


def refuse_api_calls(name: str) -> Answer | None:
    """The PIM lets the new set in, but not call: verification refuses it."""
    if "PIM GET /api/rest/v1/" not in name or not name.startswith("verify"):
        return None
    return in_json(403, '{"code":403,"message":"Access forbidden."}')


def nothing(_: World) -> None:
    """ERP is configured and has nothing."""


def served(world: World) -> None:
    """ERP is served generation 1."""
    _run(world, *APPLY)


def rotated(world: World) -> None:
    """Generation 2 is served, 1 is in grace."""
    served(world)
    _run(world, *ROTATE)


def grace_over(world: World) -> None:
    """The same a day later."""
    rotated(world)
    world.let_grace_end()


def revoked(world: World) -> None:
    """ERP was cut off, with proof."""
    served(world)
    _run(world, *REVOKE)


def restored(world: World) -> None:
    """Generation 1 was retired, and a restored backup of the PIM brought it back."""
    grace_over(world)
    backup = world.save()
    _run(world, *APPLY)
    rows, alive = world.pim.world, backup.tables["connections"]["vp_erp_1"]
    rows.connections["vp_erp_1"] = alive
    rows.clients[alive.client.id] = alive.client
    rows.users[alive.user.id] = alive.user


def copy_lost(world: World) -> None:
    """The set at the PIM is there, its only copy is not: killed between the two."""
    served(world)
    world.begin()
    world.tap.rule = lambda name: (
        in_json(503, '{"errors":["Vault is sealed"]}') if "POST pim-state/data/pending" in name else None
    )
    world.program.run(*ROTATE)
    world.tap.rule = lambda _: None
    world.let_hold_expire()


SCENARIOS = (
    Scenario(name="provision", before=nothing, command=APPLY),
    Scenario(name="rotate", before=served, command=ROTATE),
    Scenario(name="retire", before=grace_over, command=APPLY),
    Scenario(name="revoke", before=served, command=REVOKE),
    Scenario(name="revoke with one in grace", before=rotated, command=REVOKE),
    Scenario(name="rotate after revoke", before=revoked, command=ROTATE),
    Scenario(name="abandon", before=served, command=ROTATE, rule=refuse_api_calls),
    Scenario(name="copy lost", before=copy_lost, command=APPLY),
    Scenario(name="orphan", before=restored, command=APPLY),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A scenario, how its world stands before, and the points its run passes."""

    scenario: Scenario
    saved: Saved
    points: tuple[str, ...]


def prepare(world: World, scenario: Scenario, blank: Saved) -> Prepared:
    """Make the scenario's beginning once, and learn its points by a run nobody disturbs.

    Raises:
        RuntimeError: that run failed.
    """
    world.put_back(blank)
    scenario.before(world)
    saved = world.save()
    world.put_back(saved)
    world.begin()
    world.tap.rule = scenario.rule
    _run(world, *scenario.command)
    world.tap.rule = lambda _: None
    return Prepared(scenario=scenario, saved=saved, points=tuple(world.tap.names))


def _run(world: World, *command: str) -> None:
    code = world.program.run(*command)
    if code not in (0, 2):
        raise RuntimeError(f"{' '.join(command)} ended with {code}: {world.output.read_text()}")
