"""`PimDriver` for one PIM of any release, with any of its mechanisms.

Built by `assembly`, called by the engine. Puts the parts of this package together for the release it finds, and
serialises what they write; knows no details of its own. New sets are made by one mechanism; a generation that another
one made is deleted by that one, so that a connector can be moved from mechanism to mechanism by an ordinary rotation.
"""

import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

from vault_pim.domain.connector import Connector, Mechanism
from vault_pim.domain.credentials import CredentialSet, Tokens
from vault_pim.domain.errors import ConfigurationError, PimNoAnswer
from vault_pim.domain.facts import Presence, Survey
from vault_pim.domain.generation import Generation
from vault_pim.domain.outcomes import Proof, Verification
from vault_pim.domain.secret import SecretStr
from vault_pim.domain.separation import Knock, SetAtPim
from vault_pim.pim.account import needed
from vault_pim.pim.connections import Connections
from vault_pim.pim.console import Console
from vault_pim.pim.detect import AUTO, detect_release, held_privileges
from vault_pim.pim.foreign_users import foreign_users
from vault_pim.pim.http import CONNECT_TIMEOUT, READ_TIMEOUT, Http
from vault_pim.pim.parts import Parts, parts_for
from vault_pim.pim.passwords import new_password
from vault_pim.pim.regeneration import regenerate
from vault_pim.pim.releases import RELEASES, Release
from vault_pim.pim.sets import Sets
from vault_pim.pim.verification import Verifier
from vault_pim.pim.web_session import LoginLedger, WebSession
from vault_pim.ports import Clock


class Driver:
    """`PimDriver` for one PIM. Safe to use from many threads; nothing is asked of the PIM before the first call.

    Args:
        pim: its name in the configuration.
        url: base URL, also what connectors get.
        username: vault-pim's own account there.
        password: gives its password; asked anew for each login.
        release: the release it must be, or `auto`.
        mechanism: how new sets are made; None for connections where the PIM has them.
        console: the PIM's console, if there is a way to it.
        own_password: makes the password of each API user of our own.
        ca_cert: the authority that signed its certificate; None trusts those of the system.
        max_parallel: how many requests may be under way at once.
    """

    def __init__(
        self,
        *,
        pim: str,
        url: str,
        username: str,
        password: Callable[[], SecretStr],
        ledger: LoginLedger,
        clock: Clock,
        release: str = AUTO,
        mechanism: Mechanism | None = None,
        console: Console | None = None,
        own_password: Callable[[], SecretStr] = new_password,
        ca_cert: Path | None = None,
        connect_timeout: timedelta = CONNECT_TIMEOUT,
        read_timeout: timedelta = READ_TIMEOUT,
        max_parallel: int = 2,
    ) -> None:
        self._http = Http(
            pim,
            url,
            ca_cert=ca_cert,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            max_parallel=max_parallel,
        )
        self._web = WebSession(self._http, username=username, password=password, ledger=ledger, clock=clock)
        self._verifier = Verifier(self._http)
        self._configured = release
        self._mechanism = mechanism
        self._console = console
        self._own_password = own_password
        self._known: Parts | None = None
        self._writes = threading.Lock()

    @property
    def mechanism(self) -> Mechanism:
        """How new sets are made. Nothing is decided by it before the PIM was seen, so it need not be known before."""
        if self._mechanism is not None:
            return self._mechanism
        has_none = self._known is not None and Mechanism.CONNECTIONS not in self._known.mechanisms
        return Mechanism.USER_AND_CLIENT if has_none else Mechanism.CONNECTIONS

    def close(self) -> None:
        """Log out, as far as the PIM listens, and close the connections."""
        try:
            self._web.logout()
        except PimNoAnswer:
            pass  # an idle session ends by itself after an hour (contracts/akeneo/observed.md §5)
        finally:
            self._http.close()

    def survey(self) -> Survey:
        """Look at the PIM once, for all connectors; sees again which release it is, and what our account may do.

        Raises:
            ConfigurationError: the release or the mechanism that is configured cannot be.
            UnknownShape, PimRefusal: it is not a PIM this driver can work with.
        """
        parts = self._known = self._parts(detect_release(self._http, self._configured))
        ours = self._chosen(parts)
        held = held_privileges(self._web, parts.release, self._needed(parts, self.mechanism))
        seen = ours.look()
        others = (
            one
            for mechanism, one in parts.mechanisms.items()
            if one is not ours and self._needed(parts, mechanism) <= held
        )
        return Survey(
            pim_release=parts.release.name,
            sightings=(*seen.sightings, *(sighting for one in others for sighting in one.traces())),
            roles=frozenset(role.label for role in parts.roles.all()),
            offered=parts.roles.offered(),
            free_slots=seen.free_slots,
            foreign_users=foreign_users(self._web, parts.release),
            account=held,
        )

    def role(self, name: str, permissions: frozenset[str]) -> Presence:
        """Whether the role is absent, holds exactly these privileges, or differs."""
        roles = self._found().roles
        found = roles.find(name)
        if found is None:
            return Presence.ABSENT
        exact = found.label == name and roles.granted(found) == permissions
        return Presence.AS_DECLARED if exact else Presence.DIFFERS

    def put_role(self, name: str, permissions: frozenset[str]) -> None:
        """Make the role, or bring it to exactly these privileges; see `Roles.put`."""
        roles = self._found().roles
        with self._writes:
            roles.put(name, permissions)

    def issue(self, connector: Connector, generation: Generation) -> CredentialSet:
        """Make the set, restricted to the generation's role and the connector's group; see `Sets.issue`.

        Raises:
            PimRefusal: the role or the group is not there; `put_role` comes first.
        """
        parts = self._found()
        with self._writes:
            role, group = parts.roles.of(connector, generation)
            ours = self._chosen(parts)
            return ours.issue(connector, generation, role=role, group=group, base_url=self._http.base_url)

    def regenerate(
        self, connector: Connector, generation: Generation, *, before_each: Callable[[], None]
    ) -> CredentialSet:
        """Make the set in the connection of the generation it replaces; see `regeneration`.

        Raises:
            UnknownShape: this PIM has no connections.
            PimRefusal: the role or the group is not there; `put_role` comes first.
        """
        parts = self._found()
        connections = Connections(self._web, parts.release)
        with self._writes:
            return regenerate(
                connections, parts.roles, connector, generation, base_url=self._http.base_url, before_each=before_each
            )

    def verify(self, credentials: CredentialSet, permissions: frozenset[str]) -> Verification:
        """Log in with the set; one allowed call must answer 200, one forbidden call 403."""
        release = self._found().release
        return self._verifier.verify(
            credentials, permissions, open_call=release.open_call, unprotected=release.unprotected
        )

    def delete(self, generation: Generation) -> None:
        """Delete the generation's set by the mechanism that made it; done already is fine. See `Sets.delete`.

        A connection is deleted at a release that is not the configured one, or not known, too: in an incident the PIM
        may just have been upgraded.
        """
        if generation.mechanism is Mechanism.CONNECTIONS:
            sets: Sets = Connections(self._web, RELEASES[0])
        else:
            parts = self._known or self._parts(detect_release(self._http))
            sets = parts.mechanisms[generation.mechanism]
        with self._writes:
            sets.delete(generation)

    def inspect(self, generations: Iterable[Generation]) -> dict[str, SetAtPim]:
        """These sets as the PIM has them, by label; see `inspect`."""
        return self._found().inspect(generations)

    def opens(self, credentials: CredentialSet, other: CredentialSet) -> Knock:
        """What of another set this one opens by its own secrets."""
        return self._verifier.opens(credentials, other)

    def take_tokens(self, credentials: CredentialSet) -> Tokens | None:
        """Take a token pair that shall be proven dead later; None if the set is refused already."""
        return self._verifier.take_tokens(credentials)

    def prove_dead(self, credentials: CredentialSet, tokens: Tokens | PimNoAnswer | None) -> Proof:
        """Try every way the set could still be used."""
        return self._verifier.prove_dead(credentials, tokens)

    def _found(self) -> Parts:
        if self._known is None:
            self._known = self._parts(detect_release(self._http, self._configured))
        return self._known

    def _needed(self, parts: Parts, mechanism: Mechanism) -> frozenset[str]:
        return needed(parts.release, mechanism, console=self._console is not None)

    def _chosen(self, parts: Parts) -> Sets:
        chosen = parts.mechanisms.get(self.mechanism)
        if chosen is None:
            raise ConfigurationError(
                f"PIM {self._http.pim} has no connections",
                why=f"it is of release {parts.release.name}; connections came with PIM 4.0",
                advice=f"Set pims.{self._http.pim}.mechanism to auto or user_and_client.",
            )
        return chosen

    def _parts(self, release: Release) -> Parts:
        """The parts for a release; the same ones as long as the PIM is not upgraded."""
        if self._known is not None and self._known.release == release:
            return self._known
        return parts_for(release, self._web, self._console, own_password=self._own_password)
