"""The one place that builds real objects from settings. Called by the daemon and the commands; opens no secret itself.

Objects are made when they are first needed: a command that never speaks to a PIM does not even load what would.
"""

import logging
from typing import TYPE_CHECKING, Self, assert_never

from vault_pim.audit.checkpoints import take
from vault_pim.audit.incident_log import IncidentLog
from vault_pim.audit.log import AuditFile
from vault_pim.domain.access import AppRoleAccess
from vault_pim.domain.connector import Connector, ConnectorId, Mechanism
from vault_pim.domain.errors import ConfigurationError, VaultNoAnswer, VaultPimError
from vault_pim.engine.reconcile import Reconciler
from vault_pim.engine.tools import Tools
from vault_pim.here import SystemClock, host, who
from vault_pim.ports import Clock, PimDriver
from vault_pim.settings import Settings, logins
from vault_pim.settings.shape import VaultSettings
from vault_pim.vault.access import VaultAccess
from vault_pim.vault.address import (
    SERVICE_ACCOUNT_TOKEN,
    AppRoleLogin,
    CertificateLogin,
    JwtLogin,
    Login,
    TokenLogin,
    VaultAddress,
)
from vault_pim.vault.anchors import VaultAnchors
from vault_pim.vault.credentials import VaultCredentialStore
from vault_pim.vault.fingerprints import VaultFingerprints
from vault_pim.vault.incidents import VaultIncidents
from vault_pim.vault.issued import IssuedValues
from vault_pim.vault.layout import Layout
from vault_pim.vault.ledger import VaultLoginLedger
from vault_pim.vault.readers import VaultReaders
from vault_pim.vault.session import VaultSession
from vault_pim.vault.setup import DAEMON_LOGIN
from vault_pim.vault.signing import VaultSigner
from vault_pim.vault.state import VaultStateStore

if TYPE_CHECKING:
    from vault_pim.pim.driver import Driver
    from vault_pim.pim.found_values import FoundValues

logger = logging.getLogger(__name__)


RENEWING = frozenset({"daemon", "apply"})
"""The roles that run again and again, and so see to our own secret-id."""


class Installation:
    """Everything one configuration describes, ready to be worked with.

    Attributes:
        me: see `who`.
    """

    def __init__(self, settings: Settings, *, role: str, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.me = who(role)
        self.layout = layout(settings.vault)
        self.vault = VaultSession(address(settings.vault, renew=role in RENEWING))
        self.states = VaultStateStore(self.vault, self.layout)
        self.fingerprints = VaultFingerprints(self.vault, self.layout)
        self.issued = IssuedValues(self.vault, self.layout, self.fingerprints)
        self.credentials = VaultCredentialStore(self.vault, self.layout, self.issued)
        self.access = VaultAccess(self.vault, self.layout)
        self.readers = VaultReaders(self.vault, self.layout, self.clock, settings.vault.audit_log)
        self.signer = VaultSigner(self.vault, self.layout)
        self.anchors = VaultAnchors(self.vault, self.layout)
        self.audit = AuditFile(settings.audit.path)
        folder = settings.audit.path.with_name("incidents")
        store = VaultIncidents(self.vault, self.layout)
        self.incidents = IncidentLog(self.audit, folder, store, self.signer, self.clock)
        self._connectors = {connector.id: connector for connector in settings.connectors()}
        self._reconcilers: dict[str, Reconciler] = {}
        self._opened: list[Driver | FoundValues] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or not issubclass(kind, VaultNoAnswer):
            self.checkpoint()
        self.close()

    def checkpoint(self) -> None:
        """Sign what was recorded; what fails of it is made up for by the next checkpoint of whoever."""
        if not self.audit.grown:
            return
        self.audit.grown = False
        try:
            take(self.audit.chain, self.signer, self.anchors, at=self.clock.now(), by=self.me, host=host())
        except VaultPimError as error:
            logger.warning("the audit log is not signed: %s", error.what)

    def close(self) -> None:
        """Log out everywhere."""
        for opened in self._opened:
            opened.close()
        self.vault.close()

    def connector(self, id_: ConnectorId) -> Connector | None:
        """The connector as declared, or None if the configuration does not have it."""
        return self._connectors.get(id_)

    def ids(self) -> tuple[ConnectorId, ...]:
        """Every connector that is configured or has a state record, of PIMs that are configured."""
        known = (id_ for id_ in self.states.known() if id_.pim in self.settings.pims)
        return tuple(sorted({*self._connectors, *known}))

    def find(self, name: str) -> ConnectorId:
        """The connector a person means, also one that is no longer configured but has a state record.

        Raises:
            ConfigurationError: there is none, or more than one.
        """
        try:
            return self.settings.connector(name).id
        except ConfigurationError:
            left = [id_ for id_ in self.ids() if name in {str(id_), id_.name} and id_ not in self._connectors]
            if len(left) != 1:
                raise
            return left[0]

    def reconciler(self, pim: str) -> Reconciler:
        """The reconciler of a configured PIM."""
        if pim not in self._reconcilers:
            self._reconcilers[pim] = Reconciler(self._tools(pim))
        return self._reconcilers[pim]

    def found_values(self, pim: str) -> "FoundValues":
        """What a configured PIM tells of values that were found somewhere."""
        from vault_pim.pim.found_values import FoundValues  # noqa: PLC0415 - as for the driver
        from vault_pim.pim.http import Http  # noqa: PLC0415

        declared = self.settings.pims[pim]
        http = Http(pim, declared.url, ca_cert=declared.ca_cert, max_parallel=declared.max_parallel)
        asked = FoundValues(http)
        self._opened.append(asked)
        return asked

    def _tools(self, pim: str) -> Tools:
        return Tools(
            driver=self._driver(pim),
            credentials=self.credentials,
            states=self.states,
            access=self.access,
            readers=self.readers,
            fingerprints=self.fingerprints,
            audit=self.incidents,
            clock=self.clock,
            me=self.me,
        )

    def _driver(self, name: str) -> PimDriver:
        from vault_pim.pim.console import Console  # noqa: PLC0415 - a tenth of a second that `get` need not wait
        from vault_pim.pim.driver import Driver  # noqa: PLC0415

        pim = self.settings.pims[name]
        driver = Driver(
            pim=name,
            url=pim.url,
            username=pim.web.username,
            password=pim.web.password,
            release=pim.release,
            mechanism=None if pim.mechanism == "auto" else Mechanism(pim.mechanism),
            console=None if pim.console is None else Console(name, pim.console.command),
            ledger=VaultLoginLedger(self.vault, self.layout, self.fingerprints),
            clock=self.clock,
            ca_cert=pim.ca_cert,
            max_parallel=pim.max_parallel,
        )
        self._opened.append(driver)
        return driver


def assemble(settings: Settings, *, role: str, clock: Clock | None = None) -> Installation:
    """Build what the settings describe; `role` is `daemon` or the name of the command.

    Args:
        clock: in the place of this machine's.
    """
    return Installation(settings, role=role, clock=clock)


def layout(vault: VaultSettings) -> Layout:
    """Where vault-pim's things lie in Vault."""
    return Layout(
        credentials_mount=vault.credentials_mount,
        state_mount=vault.state_mount,
        audit_device=vault.audit_device,
        transit_key=vault.transit_key,
    )


def address(vault: VaultSettings, *, renew: bool = False) -> VaultAddress:
    """Where Vault is, and how vault-pim logs in; `renew`: and replaces its secret-id in time."""
    return VaultAddress(
        url=vault.url,
        login=_login(vault.auth, renew=renew),
        namespace=vault.namespace,
        ca_cert=vault.ca_cert,
        also=tuple(vault.also),
    )


def _login(auth: logins.OwnLogin, *, renew: bool) -> Login:
    match auth:
        case logins.ApproleLogin():
            return AppRoleLogin(role_id_file=auth.role_id_file, secret_id_file=auth.secret_id_file, renew=renew)
        case logins.KubernetesLogin():
            token_file = auth.token_file or SERVICE_ACCOUNT_TOKEN
            return JwtLogin(mount=auth.mount, role=auth.role, token_file=token_file)
        case logins.JwtLogin():
            return JwtLogin(mount=auth.mount, role=auth.role, token_file=auth.token_file)
        case logins.CertificateLogin():
            return CertificateLogin(mount=auth.mount, role=auth.role, cert_file=auth.cert_file, key_file=auth.key_file)
        case logins.TokenLogin():
            return TokenLogin(token_file=auth.token_file)
        case _:
            assert_never(auth)


def daemon_access(auth: logins.OwnLogin) -> AppRoleAccess | None:
    """The AppRole that `setup` makes for vault-pim itself; None where an administrator made its role."""
    match auth:
        case logins.ApproleLogin():
            return AppRoleAccess(secret_id_ttl=auth.secret_id_ttl, bound_cidrs=tuple(auth.bound_cidrs))
        case logins.TokenLogin():
            return DAEMON_LOGIN
        case _:
            return None
