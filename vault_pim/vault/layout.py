"""Where everything of vault-pim lies in Vault. Names and paths only; every other module of this room asks here."""

from dataclasses import dataclass

from vault_pim.domain.identity import ConnectorId, Method

DAEMON = "vault-pim-daemon"
"""The daemon's AppRole and policy."""
CONNECTOR_POLICY = "vault-pim-connector"
"""The one policy of all connectors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The mounts vault-pim uses.

    Attributes:
        credentials_mount: KV v2; connectors read their own path there.
        state_mount: KV v2, for the daemon alone.
        daemon_auth: the AppRole mount by which the daemon logs in.
        connectors_auth: the folder of the connectors' login mounts. Each login has a mount of its own, because revoking
            the leases of a mount then ends the tokens of one connector, and needs no right over any other token of
            Vault (docs/adr).
        audit_device: name of Vault's file audit device, None where vault-pim shall not ask it for hashes.
        transit_key: mount and name of the Transit key that seals vault-pim's own keys; None where they lie open.
    """

    credentials_mount: str = "pim"
    state_mount: str = "pim-state"
    daemon_auth: str = "approle"
    connectors_auth: str = "vault-pim"
    audit_device: str | None = None
    transit_key: str | None = None

    @property
    def daemon_role(self) -> str:
        """Path of the daemon's AppRole."""
        return f"auth/{self.daemon_auth}/role/{DAEMON}"

    def login_mount(self, connector: ConnectorId, method: Method) -> str:
        """Mount by which a connector logs in; its login path is `auth/<mount>/login`.

        No mount can lie below another, so that the others have the AppRole's name and a dot, which no connector has.
        """
        stem = f"{self.connectors_auth}/{connector.pim}/{connector.name}"
        return stem if method is Method.APPROLE else f"{stem}.{method}"

    def login_mounts(self, connector: ConnectorId) -> tuple[str, ...]:
        """All mounts by which a connector may log in, declared or not."""
        return tuple(self.login_mount(connector, method) for method in Method)

    def connector_auth(self, connector: ConnectorId) -> str:
        """Mount by which a connector logs in by AppRole."""
        return self.login_mount(connector, Method.APPROLE)

    def connector_role(self, connector: ConnectorId) -> str:
        """Path of a connector's AppRole."""
        return f"auth/{self.connector_auth(connector)}/role/{connector.identity}"


def entity(connector: ConnectorId) -> str:
    """Path of a connector's identity entity."""
    return f"identity/entity/name/{connector.identity}"


FOLDER = "connectors"
"""Served sets in the credentials mount, and state records in the state mount: `connectors/<pim>/<connector>`."""
FINGERPRINT_KEY = "keys/fingerprint"
"""In the state mount."""
SIGNING_KEY = "keys/signing"
"""In the state mount."""
ANCHORS = "audit"
"""Checkpoints of audit files, in the state mount."""
INCIDENTS = "incidents"
"""Records of incidents, in the state mount."""


def record(connector: ConnectorId) -> str:
    """A connector's served set in the credentials mount, and its state record in the state mount."""
    return f"{FOLDER}/{connector.pim}/{connector.name}"


def held(connector: ConnectorId, number: int) -> str:
    """A held credential set in the state mount."""
    return f"pending/{connector.pim}/{connector.name}/{number}"


READERS = "readers"
"""In the credentials mount: what running processes of connectors say they use."""


def readers(connector: ConnectorId) -> str:
    """Folder of a connector's readers in the credentials mount; entries of metadata alone, written by the connector."""
    return f"{READERS}/{connector.pim}/{connector.name}"


def transit_path(key: str, what: str) -> str:
    """The path of something Transit does with a key: `encrypt`, `decrypt`, or `keys` for the key itself."""
    mount, _, name = key.rpartition("/")
    return f"{mount}/{what}/{name}"


ISSUED = "fingerprints"
"""In the state mount: the index of every value that was ever issued; entries are made and never changed."""
ISSUED_COMPLETE = f"{ISSUED}/complete"
"""Says that what state records told when the index came to be stands in it."""


def issued(shape: str, shard: str, rest: str = "") -> str:
    """An entry of the index of issued values, or the folder where such entries lie."""
    return f"{ISSUED}/{shape}/{shard}" + (f"/{rest}" if rest else "")


def logins(pim: str) -> str:
    """What is remembered of logins at a PIM, in the state mount."""
    return f"pims/{pim}/login"


def anchor(file: str) -> str:
    """The last checkpoint of an audit file, in the state mount."""
    return f"{ANCHORS}/{file}"


def incident(name: str) -> str:
    """The record of an incident, in the state mount."""
    return f"{INCIDENTS}/{name}"
