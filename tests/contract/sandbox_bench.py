"""The sandbox PIM as a bench for the contract of `PimDriver`."""

from collections.abc import Callable
from typing import Any, Protocol

from tests.fakes.ledger import InMemoryLoginLedger
from vault_pim.domain.credentials import CredentialSet
from vault_pim.domain.secret import SecretStr
from vault_pim.pim.releases import RELEASES
from vault_pim.ports import PimDriver
from vault_pim.sandbox.akeneo.releases import RELEASES as TRAITS
from vault_pim.sandbox.pim_server import SandboxPim

LOGIN = "/user/login-check"
TOKEN = "/api/oauth/v1/token"
ACCOUNT = "vault-pim-admin"
Requests = tuple[tuple[str, str], ...]
Make = Callable[..., PimDriver]


class Losing(Protocol):
    """A console that can be told to lose a command; `lost` says that it has."""

    lost: bool

    def lose(self, command: str, *, has_its_effect: bool) -> None:
        """Give no answer when that command is run next."""
        ...


class SandboxBench:
    """One running sandbox PIM.

    Args:
        release: of which release it is.
        make: builds a driver from the PIM, a ledger and changed arguments.
        password: of the account that its drivers have there.
        writes: method and path of every mutating request of its drivers.
        reads: the same for the other requests of a survey.
        console: that of the PIM, where its drivers have one.

    Attributes:
        ledger: shared by all drivers.
    """

    def __init__(
        self,
        pim: SandboxPim,
        release: str,
        make: Make,
        *,
        password: SecretStr,
        writes: Requests,
        reads: Requests,
        console: Losing | None = None,
    ) -> None:
        self.pim = pim
        self.traits = TRAITS[release]
        self.row = next(row for row in RELEASES if row.name == release)
        self.writes = writes
        self.reads = reads
        self.console = console
        self.password = password
        self.ledger = InMemoryLoginLedger()
        self._make = make

    def driver(self, **changes: Any) -> PimDriver:
        """A driver with its own session."""
        return self._make(self.pim, self.ledger, **changes)

    def state(self) -> object:
        """What was written, request by request, and what there is."""
        written = [
            (method, path) for method, path, _ in self.pim.requests if method != "GET" and path not in (LOGIN, TOKEN)
        ]
        return written, self.left_over()

    def left_over(self) -> tuple[int, int]:
        """How many clients and users there are."""
        return len(self.pim.world.clients), len(self.pim.world.users)

    def privileges(self, role: str) -> frozenset[str]:
        """All that a role grants."""
        found = next(one for one in self.pim.world.roles.values() if one.label == role)
        return frozenset(found.privileges)

    def roles_of(self, credentials: CredentialSet) -> tuple[str, ...]:
        """The names of the roles of a set's API user."""
        user = self.pim.world.user_by_login(credentials.username)
        assert user is not None
        return tuple(role.label for role in user.roles)

    def logins(self) -> int:
        """How often a password was offered to the PIM."""
        return sum(method == "POST" and path == LOGIN for method, path, _ in self.pim.requests)
