"""A little PIM and the driver that speaks to it: labels, roles, sets, tokens and a limit of slots."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import count

from tests.canary import canary_secret
from tests.fakes.wire import Wire, port_call
from vault_pim.domain.connector import OVERALL_ACCESS, Connector, Mechanism
from vault_pim.domain.credentials import CredentialSet, Tokens
from vault_pim.domain.errors import NoFreeSlot, NotOurs, PimNoAnswer, PimRefusal, UnknownPermission
from vault_pim.domain.facts import ForeignUser, Presence, Sighting, Survey
from vault_pim.domain.generation import Generation
from vault_pim.domain.outcomes import Alive, Dead, Proof, Refused, Verification, Verified
from vault_pim.domain.secret import SecretStr
from vault_pim.domain.separation import Knock, SetAtPim

OFFERED = frozenset({OVERALL_ACCESS, "pim_api_product_list", "pim_api_product_edit"})
URL = "https://pim.example.com"


@dataclass(kw_only=True)
class Connection:
    """One credential set as the PIM has it; its tokens die with it."""

    label: str
    description: str
    role: str
    credentials: CredentialSet
    tokens: list[Tokens] = field(default_factory=list)


@dataclass(kw_only=True)
class FakePim:
    """What is true at the PIM; shared by all drivers. People may change it behind our back.

    Attributes:
        foreign_users: whom it reports.
        undead: the PIM says that it deleted, but tokens live on.
        when_regenerated: told for which generation, each time before a secret or password is made anew.
    """

    slots: int = 50
    release: str = "7.0"
    offered: frozenset[str] = OFFERED
    connections: dict[str, Connection] = field(default_factory=dict)
    roles: dict[str, frozenset[str]] = field(default_factory=dict)
    undead: bool = False
    foreign_users: list[ForeignUser] = field(default_factory=list)
    when_regenerated: Callable[[Generation], None] = lambda _: None
    _client_ids: "count[int]" = field(default_factory=lambda: count(1))
    _graveyard: list[Connection] = field(default_factory=list)

    @property
    def labels(self) -> set[str]:
        """All labels there."""
        return {one.label for one in self.connections.values()}

    def add(self, label: str, description: str = "made by hand", role: str = "User") -> Connection:
        """Make a connection, as anybody may."""
        number = next(self._client_ids)
        made = Connection(
            label=label,
            description=description,
            role=role,
            credentials=CredentialSet(
                base_url=URL,
                client_id=f"{number}_{label}",
                client_secret=SecretStr(canary_secret()),
                username=f"{label}_{1000 + number}",
                password=SecretStr(canary_secret()),
            ),
        )
        self.connections[label.lower()] = made
        return made

    def remove(self, label: str) -> None:
        """Delete a connection with its tokens."""
        gone = self.connections.pop(label.lower(), None)
        if gone is not None and self.undead:
            self._graveyard.append(gone)

    def restore(self, connection: Connection) -> None:
        """Bring a deleted connection back, as a restored backup does."""
        self.connections[connection.label.lower()] = connection

    def login(self, credentials: CredentialSet) -> Connection | None:
        """The connection that a set opens, or None."""
        everything = [*self.connections.values(), *self._graveyard]
        return next((one for one in everything if one.credentials == credentials), None)

    def accepts(self, credentials: CredentialSet) -> bool:
        """Whether a connector with this set is let in and may call the API."""
        found = self.login(credentials)
        return found is not None and OVERALL_ACCESS in self.roles.get(found.role, frozenset())


class FakeDriver:
    """The `PimDriver` of tests."""

    room = "driver"

    def __init__(self, pim: FakePim, wire: Wire, mechanism: Mechanism = Mechanism.CONNECTIONS) -> None:
        self.pim = pim
        self.wire = wire
        self._mechanism = mechanism

    @property
    def mechanism(self) -> Mechanism:
        """As given."""
        return self._mechanism

    @port_call
    def survey(self) -> Survey:
        """Everything that stands at the PIM."""
        return Survey(
            pim_release=self.pim.release,
            sightings=tuple(
                Sighting(label=one.label, description=one.description) for one in self.pim.connections.values()
            ),
            roles=frozenset(self.pim.roles),
            offered=self.pim.offered,
            free_slots=self.pim.slots - len(self.pim.connections),
            foreign_users=tuple(self.pim.foreign_users),
        )

    @port_call
    def role(self, name: str, permissions: frozenset[str]) -> Presence:
        """Compares exactly."""
        granted = self.pim.roles.get(name)
        if granted is None:
            return Presence.ABSENT
        return Presence.AS_DECLARED if granted == permissions else Presence.DIFFERS

    @port_call
    def put_role(self, name: str, permissions: frozenset[str]) -> None:
        """Makes or corrects it."""
        if not permissions <= self.pim.offered:
            raise UnknownPermission("the PIM does not offer a permission")
        self.pim.roles[name] = permissions

    @port_call
    def issue(self, connector: Connector, generation: Generation) -> CredentialSet:
        """Needs the role to be there, as a real PIM does."""
        if generation.role not in self.pim.roles:
            raise PimRefusal(f"the PIM has no role {generation.role}")
        self._delete(generation)
        if len(self.pim.connections) >= self.pim.slots:
            raise NoFreeSlot("the PIM allows no more connections")
        description = f"{connector.label} #{generation.number} {generation.marker}"
        return self.pim.add(generation.label, description, generation.role).credentials

    @port_call
    def regenerate(
        self, connector: Connector, generation: Generation, *, before_each: Callable[[], None]
    ) -> CredentialSet:
        """First the secret, then the password; whoever dies between the two leaves a set that nobody has."""
        if generation.role not in self.pim.roles:
            raise PimRefusal(f"the PIM has no role {generation.role}")
        found = self._ours(generation)
        if found is None:
            raise PimRefusal(f"{generation.label} is gone")
        found.description, found.role = f"{connector.label} #{generation.number} {generation.marker}", generation.role
        before_each()
        self.pim.when_regenerated(generation)
        found.credentials = replace(found.credentials, client_secret=SecretStr(canary_secret()))
        before_each()
        self.pim.when_regenerated(generation)
        found.credentials = replace(found.credentials, password=SecretStr(canary_secret()))
        return found.credentials

    @port_call
    def verify(self, credentials: CredentialSet, permissions: frozenset[str]) -> Verification:
        """Logs in, and compares what the role grants."""
        found = self.pim.login(credentials)
        if found is None:
            return Refused(reason="login refused")
        if self.pim.roles.get(found.role) != permissions:
            return Refused(reason="may do other things than declared")
        forbidden = "GET /forbidden" if permissions != self.pim.offered else None
        return Verified(allowed="GET /allowed", forbidden=forbidden, access_token_lifetime=3600)

    @port_call
    def delete(self, generation: Generation) -> None:
        """Only what is ours."""
        self._delete(generation)

    @port_call
    def inspect(self, generations: Iterable[Generation]) -> dict[str, SetAtPim]:
        """As it stands here."""
        shown = {}
        for one in generations:
            found = self.pim.connections.get(one.label.lower())
            if found is not None:
                others = [other for other in self.pim.connections.values() if other is not found]
                shown[one.label] = SetAtPim(
                    client_id=found.credentials.client_id,
                    username=found.credentials.username,
                    roles=frozenset({found.role}),
                    groups=frozenset(),
                    permissions=self.pim.roles.get(found.role, frozenset()),
                    sharing=tuple(other.credentials.username for other in others if other.role == found.role),
                )
        return shown

    @port_call
    def opens(self, credentials: CredentialSet, other: CredentialSet) -> Knock:
        """A user whose password is the same lets one in."""
        return Knock(opened=("its user",) if credentials.password == other.password else ())

    @port_call
    def take_tokens(self, credentials: CredentialSet) -> Tokens | None:
        """A pair that lives as long as the connection."""
        found = self.pim.login(credentials)
        if found is None:
            return None
        tokens = Tokens(
            access_token=SecretStr(canary_secret()), refresh_token=SecretStr(canary_secret()), expires_in=3600
        )
        found.tokens.append(tokens)
        return tokens

    @port_call
    def prove_dead(self, credentials: CredentialSet, tokens: Tokens | PimNoAnswer | None) -> Proof:
        """Tries the set; its tokens live as long as it does."""
        if self.pim.login(credentials) is not None:
            return Alive(unproven=("password grant: accepted",))
        refused = ("password grant: refused",)
        if isinstance(tokens, PimNoAnswer):
            return Dead(evidence=("tokens: not tried", *refused))
        return Dead(evidence=refused if tokens is None else ("access token: 401", "refresh grant: refused", *refused))

    def _delete(self, generation: Generation) -> None:
        if self._ours(generation) is not None:
            self.pim.remove(generation.label)

    def _ours(self, generation: Generation) -> Connection | None:
        found = self.pim.connections.get(generation.label.lower())
        if found is None:
            return None
        if generation.client_id is None:
            ours = generation.marker in found.description
        else:
            ours = found.credentials.client_id == generation.client_id
        if not ours:
            raise NotOurs(f"{generation.label} was not made by us")
        return found
