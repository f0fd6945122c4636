"""What the contract of `PimDriver` is tried on: a PIM, drivers for it, and eyes to look into it from behind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import Any, Protocol

from tests.fakes.builders import a_connector, a_generation
from vault_pim.domain.connector import OVERALL_ACCESS, Connector, Mechanism
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.errors import TakenOver
from vault_pim.domain.generation import Generation, Stage
from vault_pim.ports import PimDriver

ROLE = "ERP"
BARE = frozenset({OVERALL_ACCESS})
PERMISSIONS = BARE | {"pim_api_channel_list", "pim_api_attribute_edit"}
WIDER = PERMISSIONS | {"pim_api_locale_list", "pim_user_role_edit"}

_mechanism = ContextVar("mechanism", default=Mechanism.CONNECTIONS)


class Bench(Protocol):
    """A PIM under test; every implementation of the port brings its own."""

    def driver(self, **changes: Any) -> PimDriver:
        """A new driver; `changes` are arguments of its constructor."""
        ...

    def state(self) -> object:
        """Everything at the PIM that a driver could change, to be compared."""
        ...

    def left_over(self) -> object:
        """What half-made sets would leave behind, to be compared."""
        ...

    def privileges(self, role: str) -> frozenset[str]:
        """All that a role grants, whatever the driver says."""
        ...

    def roles_of(self, credentials: CredentialSet) -> tuple[str, ...]:
        """The names of all roles of a set's API user."""
        ...


@contextmanager
def made_by(mechanism: Mechanism) -> Iterator[None]:
    """Within it, generations are of that mechanism."""
    before = _mechanism.set(mechanism)
    yield
    _mechanism.reset(before)


def connector(**changes: Any) -> Connector:
    """A connector as declared."""
    return a_connector(**{"permissions": PERMISSIONS} | changes)


def planned(number: int = 1, **changes: Any) -> Generation:
    """A generation as the engine plans it."""
    return a_generation(number, Stage.PLANNED, **{"mechanism": _mechanism.get()} | changes)


def issued(number: int, credentials: CredentialSet, **changes: Any) -> Generation:
    """A generation once its client id is recorded."""
    names = {"client_id": credentials.client_id, "username": credentials.username}
    return a_generation(number, Stage.ISSUED, **{"mechanism": _mechanism.get()} | names | changes)


def in_place(former: CredentialSet, number: int = 2, **changes: Any) -> Generation:
    """A generation as the engine plans it to take over the connection of generation 1."""
    names = {"label": a_generation(1).label, "marker": a_generation(1).marker, "replaces": 1}
    return planned(number, **names, client_id=former.client_id, username=former.username, **changes)


def stop_at(time: int) -> Callable[[], None]:
    """Raises at that time it is asked, and not before."""
    asked = count(1)

    def before() -> None:
        if next(asked) == time:
            raise TakenOver("somebody else works on it")

    return before
