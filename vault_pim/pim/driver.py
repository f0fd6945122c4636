"""The mechanism `connections`: one connection per generation, at PIM 7.0 and newer.

Built by `assembly`, called by the engine through the `PimDriver` port. Puts the parts of this package together and
serialises what they write; knows no details of its own.
"""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from vault_pim.domain.connector import Connector, Mechanism
from vault_pim.domain.credentials import CredentialSet, Tokens
from vault_pim.domain.errors import PimNoAnswer, PimRefusal
from vault_pim.domain.facts import Presence, Sighting, Survey
from vault_pim.domain.generation import Generation
from vault_pim.domain.outcomes import Proof, Verification
from vault_pim.pim.connections import Connections
from vault_pim.pim.detect import AUTO, check_account, detect_release
from vault_pim.pim.http import CONNECT_TIMEOUT, READ_TIMEOUT, Http
from vault_pim.pim.releases import Release
from vault_pim.pim.roles import Roles
from vault_pim.pim.verification import Verifier
from vault_pim.pim.web_session import WebSession
from vault_pim.ports import Clock, LoginLedger


class ConnectionsDriver:
    """`PimDriver` for one PIM. Safe to use from many threads; nothing is asked of the PIM before the first call.

    Args:
        pim: its name in the configuration.
        url: base URL, also what connectors get.
        username: vault-pim's own account there.
        password: gives its password; asked anew for each login.
        release: the release it must be, or `auto`.
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
        self._roles = Roles(self._web)
        self._connections = Connections(self._web)
        self._verifier = Verifier(self._http)
        self._configured = release
        self._release: Release | None = None
        self._writes = threading.Lock()

    @property
    def mechanism(self) -> Mechanism:
        """Which mechanism this is."""
        return Mechanism.CONNECTIONS

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
            UnknownShape, PimRefusal: it is not a PIM this driver can work with.
        """
        release = self._release = detect_release(self._http, self._configured)
        check_account(self._web)
        listed = self._connections.all()
        return Survey(
            pim_release=release.name,
            sightings=tuple(Sighting(label=one.code, description=one.label) for one in listed if one.type != "app"),
            roles=frozenset(role.label for role in self._roles.all()),
            offered=self._roles.offered(),
            free_slots=self._connections.free_slots(len(listed), release.connection_limit),
        )

    def role(self, name: str, permissions: frozenset[str]) -> Presence:
        """Whether the role is absent, holds exactly these privileges, or differs."""
        found = self._roles.find(name)
        if found is None:
            return Presence.ABSENT
        exact = found.label == name and self._roles.granted(found) == permissions
        return Presence.AS_DECLARED if exact else Presence.DIFFERS

    def put_role(self, name: str, permissions: frozenset[str]) -> None:
        """Make the role, or bring it to exactly these privileges; see `Roles.put`."""
        self._known_release()
        with self._writes:
            self._roles.put(name, permissions)

    def issue(self, connector: Connector, generation: Generation) -> CredentialSet:
        """Make the set, restricted to the generation's role and the connector's group; see `Connections.issue`.

        Raises:
            PimRefusal: the role or the group is not there; `put_role` comes first.
        """
        release = self._known_release()
        with self._writes:
            role = self._roles.find(generation.role)
            if role is None:
                raise PimRefusal(
                    f"the PIM has no role {generation.role!r}", advice="Run the command again; it makes the role first."
                )
            group_id = None if connector.user_group is None else self._roles.group_id(connector.user_group)
            return self._connections.issue(
                connector,
                generation,
                role_id=role.id,
                group_id=group_id,
                limit=release.connection_limit,
                base_url=self._http.base_url,
            )

    def verify(self, credentials: CredentialSet, permissions: frozenset[str]) -> Verification:
        """Log in with the set; one allowed call must answer 200, one forbidden call 403."""
        return self._verifier.verify(credentials, permissions, unprotected=self._known_release().unprotected)

    def delete(self, generation: Generation) -> None:
        """Delete the generation's connection; done already is fine. See `Connections.delete`.

        Works at a release that is not known, too: in an incident the PIM may just have been upgraded.
        """
        with self._writes:
            self._connections.delete(generation)

    def take_tokens(self, credentials: CredentialSet) -> Tokens | None:
        """Take a token pair that shall be proven dead later; None if the set is refused already."""
        return self._verifier.take_tokens(credentials)

    def prove_dead(self, credentials: CredentialSet, tokens: Tokens | None) -> Proof:
        """Try every way the set could still be used."""
        return self._verifier.prove_dead(credentials, tokens)

    def _known_release(self) -> Release:
        if self._release is None:
            self._release = detect_release(self._http, self._configured)
        return self._release
